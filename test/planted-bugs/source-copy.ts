/**
 * A copy of the repository whose tests run the copy's own sources: `node_modules` is made of links, those of the workspace's
 * packages relative, so that they lead into the copy.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import type { Mutation } from './mutation.js';

const scope = '@orbitmq';

export class SourceCopy {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Copies the working tree: what git tracks or would add. */
  static async of(repository: string): Promise<SourceCopy> {
    const root = realpathSync(await mkdtemp(join(tmpdir(), 'orbitmq-planted-')));
    const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (listed.status !== 0) throw new Error(`git cannot list the files of ${repository}: ${listed.stderr}`);
    for (const path of listed.stdout.split('\0')) {
      if (path === '' || !existsSync(join(repository, path))) continue;
      await mkdir(dirname(join(root, path)), { recursive: true });
      await cp(join(repository, path), join(root, path));
    }
    await linkModules(join(repository, 'node_modules'), join(root, 'node_modules'));
    return new SourceCopy(root);
  }

  /** Whether the text that the bug changes is in its file, once. */
  async takes({ file, from }: Pick<Mutation, 'file' | 'from'>): Promise<boolean> {
    return (await readFile(join(this.root, file), 'utf8')).split(from).length === 2;
  }

  /** Runs `work` while the bug, which it takes, is in the copy. */
  async with<Result>({ file, from, to }: Pick<Mutation, 'file' | 'from' | 'to'>, work: () => Result): Promise<Result> {
    const path = join(this.root, file);
    const original = await readFile(path, 'utf8');
    await writeFile(
      path,
      original.replace(from, () => to),
    );
    try {
      return work();
    } finally {
      await writeFile(path, original);
    }
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Links to what is installed; entries with a dot are tools' own state, except for the commands. */
async function linkModules(installed: string, target: string): Promise<void> {
  await mkdir(join(target, scope), { recursive: true });
  for (const name of await readdir(installed)) {
    if (name === scope || (name.startsWith('.') && name !== '.bin')) continue;
    await symlink(join(installed, name), join(target, name));
  }
  for (const name of await readdir(join(installed, scope))) {
    const link = join(target, scope, name);
    await symlink(await readlink(join(installed, scope, name)), link);
    if (!realpathSync(link).startsWith(dirname(target) + sep)) throw new Error(`${scope}/${name} does not lead into the copy`);
  }
}
