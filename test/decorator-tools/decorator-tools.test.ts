/**
 * The table of tools (docs: packages/decorators/README.md): one application, compiled by each tool in each mode it has, run
 * by Node against the built packages. Every cell must report the same wiring; they differ in one thing only, whether the
 * tool emits the types of constructor parameters.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform as swc } from '@swc/core';
import { transform as esbuild } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const fixtures = join(here, 'fixtures');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const processTimeoutMs = 60_000;

const wiring = {
  summary: [
    'OrderProducer: producer shop orders',
    'Billing: consumer billing onMessage(orders/placed || paid)',
    'Mails: consumer mails placed(orders/placed), refunded(refunds/*)',
    'Transactions: transaction of OrderProducer',
  ],
  isWired: true,
};
const withTypes = { ...wiring, problems: [] };
const withoutTypes = { ...wiring, problems: [expect.stringContaining('the constructor of Unlisted takes (parameter 1)')] };

let directories: string[] = [];

/** A project of its own that finds the packages of this workspace. */
async function project(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'orbitmq-tools-'));
  directories.push(directory);
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  await write(directory, { 'package.json': '{"type":"module"}', ...files });
  return directory;
}

async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(directory, name), content)));
}

async function execute(file: string, args: readonly string[], directory: string): Promise<unknown> {
  const { stdout } = await run(file, args, {
    cwd: directory,
    timeout: processTimeoutMs,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

let shop = '';
let report = '';
let plain = '';

beforeAll(async () => {
  [shop, report, plain] = (await Promise.all(
    ['shop.ts', 'report.ts', 'plain.ts'].map((name) => readFile(join(fixtures, name), 'utf8')),
  )) as [string, string, string];
});

afterAll(async () => {
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
  directories = [];
});

const compilerOptions = {
  target: 'es2022',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: ['node'],
};

async function tsc(options: Readonly<Record<string, unknown>>): Promise<unknown> {
  const tsconfig = JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files: ['shop.ts'] });
  const directory = await project({ 'shop.ts': shop, 'report.ts': report, 'tsconfig.json': tsconfig });
  await run(bin('tsc'), ['-p', 'tsconfig.json'], { cwd: directory, timeout: processTimeoutMs }).catch(
    (error: { stdout?: string }) => {
      throw new Error(`tsc: ${error.stdout ?? ''}`);
    },
  );
  return execute(process.execPath, ['shop.js'], directory);
}

test('tsc, legacy', async () => {
  verifies('decorator-tools');
  expect(await tsc({ experimentalDecorators: true })).toEqual(withoutTypes);
});

test('tsc, legacy with emitted types', async () => {
  expect(await tsc({ experimentalDecorators: true, emitDecoratorMetadata: true })).toEqual(withTypes);
});

test('tsc, standard', async () => {
  expect(await tsc({})).toEqual(withoutTypes);
});

async function runTransformed(transformed: (source: string) => Promise<string>): Promise<unknown> {
  const directory = await project({ 'shop.js': await transformed(shop), 'report.js': await transformed(report) });
  return execute(process.execPath, ['shop.js'], directory);
}

function esbuildWith(experimentalDecorators: boolean): (source: string) => Promise<string> {
  const tsconfigRaw = { compilerOptions: { experimentalDecorators, emitDecoratorMetadata: true } as object };
  return async (source) => (await esbuild(source, { loader: 'ts', format: 'esm', target: 'es2022', tsconfigRaw })).code;
}

test('esbuild, legacy: never emits types', async () => {
  expect(await runTransformed(esbuildWith(true))).toEqual(withoutTypes);
});

test('esbuild, standard', async () => {
  expect(await runTransformed(esbuildWith(false))).toEqual(withoutTypes);
});

async function tsx(experimentalDecorators: boolean): Promise<unknown> {
  const tsconfig = JSON.stringify({ compilerOptions: { ...compilerOptions, experimentalDecorators }, include: ['*.ts'] });
  const directory = await project({ 'shop.ts': shop, 'report.ts': report, 'tsconfig.json': tsconfig });
  return execute(bin('tsx'), ['shop.ts'], directory);
}

test('tsx, legacy', async () => {
  expect(await tsx(true)).toEqual(withoutTypes);
});

test('tsx, standard', async () => {
  expect(await tsx(false)).toEqual(withoutTypes);
});

type DecoratorTransform = Readonly<{
  legacyDecorator?: boolean;
  decoratorMetadata?: boolean;
  decoratorVersion?: '2022-03' | '2023-11';
}>;

function swcWith(transform: DecoratorTransform): (source: string) => Promise<string> {
  const jsc = { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform } as const;
  return async (source) => (await swc(source, { swcrc: false, jsc: jsc as object, module: { type: 'es6' } })).code;
}

test('swc, legacy', async () => {
  expect(await runTransformed(swcWith({ legacyDecorator: true }))).toEqual(withoutTypes);
});

test('swc, legacy with emitted types', async () => {
  expect(await runTransformed(swcWith({ legacyDecorator: true, decoratorMetadata: true }))).toEqual(withTypes);
});

test.each(['2022-03', '2023-11'] as const)('swc, standard %s', async (decoratorVersion) => {
  expect(await runTransformed(swcWith({ decoratorVersion }))).toEqual(withoutTypes);
});

const viteConfig = (emitDecoratorMetadata: boolean): string =>
  `export default {
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: ${emitDecoratorMetadata} } },
    build: { ssr: 'shop.ts', outDir: 'out', minify: false },
    test: { include: ['*.spec.ts'] },
    logLevel: 'error',
  };`;

test.each([
  [false, withoutTypes],
  [true, withTypes],
])('vite, legacy, emitted types: %s', async (emits, expected) => {
  const directory = await project({ 'shop.ts': shop, 'report.ts': report, 'vite.config.js': viteConfig(emits) });
  await run(bin('vite'), ['build'], { cwd: directory, timeout: processTimeoutMs });
  expect(await execute(process.execPath, ['out/shop.js'], directory)).toEqual(expected);
});

test('vitest, legacy', async () => {
  const spec = `import { expect, test } from 'vitest';
    test('runs', async () => {
      const lines: string[] = [];
      const write = process.stdout.write;
      process.stdout.write = ((text: string) => (lines.push(text), true)) as never;
      try { await (await import('./shop.js')).result; } finally { process.stdout.write = write; }
      const { writeFile } = await import('node:fs/promises');
      await writeFile('report.json', lines.join(''));
      expect(lines).toHaveLength(1);
    });`;
  const directory = await project({
    'shop.ts': shop,
    'report.ts': report,
    'shop.spec.ts': spec,
    'vite.config.js': viteConfig(true),
  });
  const env = { ...process.env, NODE_OPTIONS: '', VITEST: undefined };
  await run(bin('vitest'), ['run'], { cwd: directory, timeout: processTimeoutMs, env }).catch((error: { stdout?: string }) => {
    throw new Error(`vitest: ${error.stdout ?? ''}`);
  });
  expect(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'))).toEqual(withTypes);
});

test('plain calls under Node, types stripped by nothing but the erasure of types', async () => {
  const erased = async (source: string): Promise<string> =>
    (await esbuild(source, { loader: 'ts', format: 'esm', target: 'esnext' })).code;
  const directory = await project({ 'plain.js': await erased(plain), 'report.js': await erased(report) });
  expect(await execute(process.execPath, ['plain.js'], directory)).toEqual(withoutTypes);
});

/** Node 22.18 and later, and 24, strip types by themselves. */
const isStripping = Reflect.get(process.features, 'typescript') === 'strip';

test.skipIf(!isStripping)("plain calls under Node's own type stripping", async () => {
  const local = (source: string): string => source.replaceAll("'./report.js'", "'./report.ts'");
  const directory = await project({ 'plain.ts': local(plain), 'report.ts': report });
  expect(await execute(process.execPath, ['plain.ts'], directory)).toEqual(withoutTypes);
});

test('the deliberate mistakes do not compile with standard decorators either', async () => {
  const args = ['-p', join(here, 'tsconfig.standard.json')];
  const { stdout } = await run(bin('tsc'), args, { cwd: root, timeout: processTimeoutMs }).catch(
    (error: { stdout?: string }) => ({
      stdout: error.stdout ?? 'tsc failed',
    }),
  );
  expect(stdout).toBe('');
});
