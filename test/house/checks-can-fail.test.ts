import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
let copy: Awaited<ReturnType<typeof temporaryDirectory>>;
let planted: { path: string; before: string | undefined }[] = [];

/** A copy of the sources, with the real tools: planting a violation must not touch the checkout. */
beforeAll(async () => {
  copy = await temporaryDirectory('house');
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const path of files.split('\n').filter((name) => name !== '')) {
    mkdirSync(dirname(join(copy.path, path)), { recursive: true });
    cpSync(join(root, path), join(copy.path, path), { force: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy.path, 'node_modules'));
  execFileSync('git', ['init', '-q'], { cwd: copy.path });
  execFileSync('git', ['add', '-A'], { cwd: copy.path });
});

afterAll(() => copy.remove());

afterEach(() => {
  for (const { path, before } of planted) {
    if (before === undefined) rmSync(path);
    else writeFileSync(path, before);
  }
  planted = [];
});

function plant(path: string, text: string): void {
  const full = join(copy.path, path);
  let before: string | undefined;
  try {
    before = readFileSync(full, 'utf8');
    appendFileSync(full, text);
  } catch {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  planted.push({ path: full, before });
}

function check(name: string): { readonly status: number | null; readonly output: string } {
  const result = spawnSync(process.execPath, [join(root, 'scripts/check/run.mjs'), '--root', copy.path, '--only', name], {
    encoding: 'utf8',
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

const violations: readonly (readonly [check: string, what: string, path: string, text: string, finding: string])[] = [
  ['format', 'a badly formatted line', 'packages/core/src/kernel/clock.ts', 'export   const   planted=1\n', 'clock.ts'],
  [
    'lint',
    'a floating promise',
    'packages/core/src/kernel/clock.ts',
    'async function planted(): Promise<void> {}\nexport function plantedCall(): void {\n  planted();\n}\n',
    'no-floating-promises',
  ],
  [
    'lint',
    'a misused promise',
    'packages/core/src/kernel/clock.ts',
    'export async function planted(): Promise<boolean> {\n  return true;\n}\nexport const plantedUse = planted() ? 1 : 2;\n',
    'no-misused-promises',
  ],
  [
    'build',
    'a type error in a package',
    'packages/core/src/kernel/clock.ts',
    "export const planted: number = 'text';\n",
    'clock.ts',
  ],
  [
    'build,api',
    'an export that no report of the public surface names',
    'packages/core/src/kernel/index.ts',
    "export type { Timers as Planted } from './timers.js';\n",
    '+ ',
  ],
  ['lint', 'an `any`', 'packages/core/src/kernel/clock.ts', 'export const planted: any = 1;\n', 'no-explicit-any'],
  ['lint', 'a default export', 'packages/core/src/kernel/clock.ts', 'export default 1;\n', 'no-default-export'],
  [
    'lint',
    'an empty catch',
    'packages/core/src/kernel/clock.ts',
    'export function planted(): void {\n  try {\n    throw new Error();\n  } catch {}\n}\n',
    'no-empty',
  ],
  [
    'lint',
    'an import cycle of types',
    'packages/core/src/kernel/clock.ts',
    "import type { Timers } from './timers.js';\nexport type Planted = Timers;\n",
    '',
  ],
  [
    'types',
    'a type error in a test',
    'packages/core/src/planted.test.ts',
    'export const planted: number = "text";\n',
    'planted.test.ts',
  ],
  ['types', 'an enum', 'packages/core/src/kernel/clock.ts', 'export enum Planted {\n  one,\n}\n', 'erasableSyntaxOnly'],
  [
    'boundaries',
    'core imports protocol',
    'packages/core/src/kernel/clock.ts',
    "import '@orbitmq/protocol';\n",
    'core may not import @orbitmq/protocol',
  ],
  [
    'boundaries',
    'the client imports the broker',
    'packages/transport-tcp/src/index.ts',
    "import '@orbitmq/broker';\n",
    'transport-tcp may not import @orbitmq/broker',
  ],
  [
    'boundaries',
    'a deep import',
    'packages/broker/src/index.ts',
    "import '@orbitmq/protocol/src/codes.js';\n",
    'imports the inside of a package',
  ],
  [
    'boundaries',
    'an import of the own barrel',
    'packages/broker/src/config/broker-config.ts',
    "import '../index.js';\n",
    'imports its own barrel',
  ],
  [
    'boundaries',
    'the store imports a processor',
    'packages/broker/src/store/message-store.ts',
    "import '../processors/planted.js';\n",
    'store may import only what stands left of it',
  ],
  [
    'boundaries',
    'a relative import of another package',
    'packages/broker/src/index.ts',
    "import '../../protocol/src/codes.js';\n",
    'leaves its package',
  ],
  ['seams', 'the wall clock', 'packages/broker/src/config/broker-config.ts', 'export const planted = Date.now();\n', 'Date.now'],
  ['seams', 'a date of now', 'packages/broker/src/config/broker-config.ts', 'export const planted = new Date();\n', 'new Date()'],
  ['seams', 'a timer', 'packages/remoting/src/byte-stream.ts', 'setTimeout(() => undefined, 1);\n', 'setTimeout'],
  ['seams', 'a timer handed on', 'packages/remoting/src/byte-stream.ts', 'export const planted = setInterval;\n', 'setInterval'],
  ['seams', 'chance', 'packages/core/src/transport/features.ts', 'export const planted = Math.random();\n', 'Math.random'],
  [
    'seams',
    'a UUID',
    'packages/core/src/transport/features.ts',
    "import { randomUUID } from 'node:crypto';\nexport const planted = randomUUID();\n",
    'randomUUID',
  ],
  ['seams', 'the environment', 'packages/core/src/transport/features.ts', 'export const planted = process.env;\n', 'process.env'],
  ['seams', 'files', 'packages/protocol/src/codes.ts', "import 'node:fs';\n", 'node:fs'],
  ['seams', 'sockets', 'packages/protocol/src/codes.ts', "import 'node:net';\n", 'node:net'],
  ['seams', 'TLS', 'packages/protocol/src/codes.ts', "import 'node:tls';\n", 'node:tls'],
  ['seams', 'the terminal', 'packages/protocol/src/codes.ts', 'console.log(1);\n', 'console'],
  [
    'unused',
    'a file nobody imports',
    'packages/core/src/planted.ts',
    'export const planted = 1;\n',
    'packages/core/src/planted.ts',
  ],
  ['unused', 'an export nobody uses', 'packages/core/src/kernel/system.ts', 'export const planted = 1;\n', 'planted'],
];

it.each(violations)('%s finds %s', { timeout: 240_000 }, (name, _what, path, text, finding) => {
  verifies('checks-can-fail');
  if (finding === '')
    plant('packages/core/src/kernel/timers.ts', "import type { Clock } from './clock.js';\nexport type PlantedToo = Clock;\n");
  plant(path, text);
  const { status, output } = check(name);
  expect(output).toContain(finding === '' ? 'no-cycle' : finding);
  expect(status).toBe(1);
});

it('the cheap checks pass when nothing is planted', () => {
  expect(check('format,boundaries,seams')).toMatchObject({ status: 0 });
});
