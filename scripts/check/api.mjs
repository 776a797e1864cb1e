/**
 * The public surface of the packages that users import, as text in `packages/<name>/etc/<entry>.api.md`: a change of it shows in
 * review, and one that nobody wrote down fails the check. `npm run api` writes the reports anew. Reads the build's declarations;
 * API Extractor brings a TypeScript of its own that understands those of ours.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const packages = ['core', 'decorators', 'orbitmq', 'testing', 'transport-embedded', 'transport-tcp'];
/** Lines of a difference that are shown. */
const shownMax = 10;

/** Findings; with `isUpdate` the reports are written instead. */
export function checkApi(root, { isUpdate = false } = {}) {
  const temporary = mkdtempSync(join(tmpdir(), 'orbitmq-api-'));
  const problems = [];
  for (const entry of entriesOf(root)) {
    const { report, failures } = reportOf(root, entry, temporary);
    const path = join(entry.folder, 'etc', `${entry.name}.api.md`);
    problems.push(...failures.map((failure) => `${entry.title}: ${failure}`));
    if (isUpdate) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, report);
    } else if (report !== read(path)) {
      problems.push(
        `${entry.title}: the public surface changed; if that is meant, npm run api\n${difference(read(path), report)}`,
      );
    }
  }
  rmSync(temporary, { recursive: true, force: true });
  return problems;
}

function* entriesOf(root) {
  for (const packageName of packages) {
    const folder = join(root, 'packages', packageName);
    const { name: scope, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const [subpath, { types }] of Object.entries(exports)) {
      const name = subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-');
      yield { folder, name, title: join(scope, subpath), types: join(folder, types) };
    }
  }
}

function reportOf(root, { folder, name, types }, temporary) {
  const failures = [];
  const silent = { default: { logLevel: 'none' } };
  const compilerOptions = {
    target: 'es2022',
    // `dom` only because API Extractor cannot follow the globals that @types/node declares on its own.
    lib: ['es2023', 'es2024.string', 'dom'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    skipLibCheck: true,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      apiReport: { enabled: true, reportFolder: temporary, reportTempFolder: temporary, reportFileName: `${name}.api.md` },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: { overrideTsconfig: { compilerOptions, files: [types] } },
      messages: { extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      if (message.category === 'Compiler') failures.push(message.text);
    },
  });
  const path = join(temporary, `${name}.api.md`);
  const report = readFileSync(path, 'utf8');
  rmSync(path);
  return { report, failures };
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function difference(before, after) {
  const [old, current] = [before.split('\n'), after.split('\n')];
  const removed = old.filter((line) => !current.includes(line)).map((line) => `- ${line}`);
  const added = current.filter((line) => !old.includes(line)).map((line) => `+ ${line}`);
  return [...removed, ...added].slice(0, shownMax).join('\n');
}
