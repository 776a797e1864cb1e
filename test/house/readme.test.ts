/** What the front pages show works: every block compiles, the applications in them run, the commands exist. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const pages = ['README.md', 'packages/orbitmq/README.md'];
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

interface Block {
  readonly page: string;
  readonly name: string;
  readonly text: string;
}

const blocks: readonly Block[] = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match, index) => ({
    page,
    name: `${page.replaceAll(/\W/g, '-')}-${index}.ts`,
    text: match[1] ?? '',
  }));
});

const children: ChildProcess[] = [];
let project: Awaited<ReturnType<typeof temporaryDirectory>>;

/** A user's project: legacy decorators, and our packages from their sources. */
beforeAll(async () => {
  project = await temporaryDirectory('readme');
  symlinkSync(join(root, 'node_modules'), join(project.path, 'node_modules'));
  const compilerOptions = { noEmit: true, composite: false, incremental: false, declaration: false, declarationMap: false };
  const more = {
    customConditions: ['@orbitmq/source'],
    experimentalDecorators: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const tsconfig = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { ...compilerOptions, ...more, typeRoots: [join(root, 'node_modules/@types')] },
    include: ['*.ts'],
  };
  writeFileSync(join(project.path, 'tsconfig.json'), JSON.stringify(tsconfig));
  writeFileSync(join(project.path, 'package.json'), '{ "type": "module" }');
  for (const { name, text } of blocks) writeFileSync(join(project.path, name), text);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => project.remove());

it('every block of code compiles', () => {
  expect(blocks.length).toBeGreaterThan(2);
  const compiled = spawnSync(bin('tsc'), ['-p', project.path], { cwd: project.path, encoding: 'utf8' });
  expect(compiled.stdout + compiled.stderr).toBe('');
});

it.each(blocks.filter(({ page }) => page === 'README.md'))(
  'the application in $name runs, and ends in order',
  { timeout: 120_000 },
  async (block) => {
    const said = block.text.includes('timing') ? [/billed o-1/, /sent \w+ to orders/, /handled in \d+ ms/] : [];
    const expected = [...said, /is running/];
    const script = join(project.path, block.name);
    // The first one says nothing by itself.
    writeFileSync(script, `${block.text}\nconsole.log('is running');\n`);
    const args = ['--import', 'tsx', '--conditions=@orbitmq/source', script];
    const env = { ...process.env, MQ_URL: 'embedded:', TSX_TSCONFIG_PATH: join(project.path, 'tsconfig.json') };
    const child = spawn(process.execPath, args, { cwd: project.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let output = '';
    let isTold = false;
    const listen = (chunk: Buffer): void => {
      output += String(chunk);
      if (isTold || !expected.every((line) => line.test(output))) return;
      isTold = true;
      child.kill('SIGTERM');
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const status = await new Promise((resolve) => {
      child.on('exit', (code, signal) => resolve(code ?? signal));
    });
    expect(status, output).toBe(0);
    expect(isTold, output).toBe(true);
  },
);

it('every command of the front page is one of this checkout', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const run = [...text.matchAll(/^npm (?:run )?(\w+)/gm)].map((match) => match[1] ?? '');
  expect(run).toEqual(['start', 'test']);
  for (const name of [...run, 'build']) expect(scripts[name], name).toBeDefined();
  const bins = [...text.matchAll(/^npx (\w+)/gm)].map((match) => match[1] ?? '');
  expect(bins).toEqual(['mqnamesrv', 'mqbroker']);
  for (const name of bins) expect(spawnSync(bin(name), ['-p'], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: /=/ });
});
