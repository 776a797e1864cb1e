import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const names = readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'package.json')));

interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly license: string;
  readonly private?: boolean;
  readonly files: readonly string[];
}

function tool(name: string, args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const result = spawnSync(join(root, 'node_modules/.bin', name), [...args], { cwd: root, encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

describe.each(names)('package %s', (name) => {
  const directory = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;

  it('says what it is', () => {
    expect(manifest.description).not.toBe('');
    expect(manifest.license).toBe('Apache-2.0');
    expect(readFileSync(join(directory, 'README.md'), 'utf8').length).toBeGreaterThan(100);
  });

  it('packs nothing but its build, and resolves for its users', { timeout: 120_000 }, async () => {
    const target = await temporaryDirectory('pack');
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', target.path], {
        cwd: directory,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as {
      filename: string;
      files: { path: string }[];
    }[];
    const strays = packed?.files
      .map(({ path }) => path)
      .filter((path) => !/^(dist\/.*\.(js|d\.ts)(\.map)?|bin\/\w+\.js|package\.json|README\.md|LICENSE)$/.test(path));
    expect(strays).toEqual([]);
    expect(packed?.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(readFileSync(join(directory, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
    const tarball = join(target.path, packed?.filename ?? '');
    expect(tool('publint', ['run', tarball, '--strict'])).toMatchObject({ status: 0 });
    expect(tool('attw', [tarball, '--profile', 'esm-only', '--no-color'])).toMatchObject({ status: 0 });
    await target.remove();
  });
});
