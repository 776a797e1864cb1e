/**
 * Whether the build is up to date, found out in a few milliseconds instead of by starting the compiler. The stamp names every
 * file that a build reads, and the compiler's own note of what it built, with size and time; anything else than exactly these
 * means that the compiler has to look for itself. It can only cost a needless look, never hide what the compiler would see.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where projects live, and what of the root a build depends on. */
const workspaces = ['packages', 'examples'];
const rootFiles = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json'];

export function buildStamp(root) {
  const path = join(root, 'node_modules/.orbitmq-build');
  return {
    isCurrent: () => read(path) === `${fingerprint(root, inputs)}\n${fingerprint(root, outputs)}`,
    /** Changes with each build. */
    text: () => read(path) ?? '',
    /** Runs the build. What changes meanwhile is not what was built, so the inputs are taken before. */
    around(build) {
      const before = fingerprint(root, inputs);
      build();
      writeFileSync(path, `${before}\n${fingerprint(root, outputs)}`);
    },
  };
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function* inputs(root) {
  for (const name of rootFiles) yield join(root, name);
  for (const project of projects(root)) {
    yield join(project, 'package.json');
    yield join(project, 'tsconfig.json');
    yield* filesBelow(join(project, 'src'));
  }
}

function* outputs(root) {
  for (const project of projects(root)) yield join(project, 'dist/.tsbuildinfo');
}

function* projects(root) {
  for (const workspace of workspaces) {
    for (const entry of entriesOf(join(root, workspace))) if (entry.isDirectory()) yield join(root, workspace, entry.name);
  }
}

function* filesBelow(directory) {
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

function entriesOf(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function fingerprint(root, list) {
  const hash = createHash('sha256');
  for (const path of list(root)) {
    const stat = statSync(path, { throwIfNoEntry: false });
    hash.update(`${path.slice(root.length)}\0${stat?.size}\0${stat?.mtimeMs}\n`);
  }
  return hash.digest('hex');
}
