import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
let copy: Awaited<ReturnType<typeof temporaryDirectory>>;
let planted: { path: string; before: string | undefined }[] = [];
const limitMs = 240_000;

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

function unplant(): void {
  // The last first: a file may have grown several times.
  for (const { path, before } of planted.splice(0).reverse()) {
    if (before === undefined) rmSync(path);
    else writeFileSync(path, before);
  }
}

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

function check(names: string): { readonly status: number | null; readonly output: string } {
  const result = spawnSync(process.execPath, [join(root, 'scripts/check/run.mjs'), '--root', copy.path, '--only', names], {
    encoding: 'utf8',
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

interface Violation {
  readonly what: string;
  /** What is written at the end of a file; the file may be new. */
  readonly plant: Readonly<Record<string, string>>;
  /** Stands together in one finding. */
  readonly finding: readonly string[];
}

const kernel = 'packages/core/src/kernel';
const config = 'packages/broker/src/config/broker-config.ts';
const features = 'packages/core/src/transport/features.ts';
const codes = 'packages/protocol/src/codes.ts';
const bytes = 'packages/remoting/src/byte-stream.ts';

/** By the checks that have to find them, all of a row in one run: each in a file or a name of its own. */
const violations: Readonly<Record<string, readonly Violation[]>> = {
  format: [
    {
      what: 'a badly formatted line',
      plant: { [`${kernel}/clock.ts`]: 'export   const   planted=1\n' },
      finding: ['clock.ts', 'format'],
    },
  ],
  lint: [
    {
      what: 'a floating promise',
      plant: {
        [`${kernel}/planted-floating.ts`]:
          'async function planted(): Promise<void> {}\nexport function plantedCall(): void {\n  planted();\n}\n',
      },
      finding: ['no-floating-promises', 'planted-floating.ts'],
    },
    {
      what: 'a misused promise',
      plant: {
        [`${kernel}/planted-misused.ts`]:
          'export async function planted(): Promise<boolean> {\n  return true;\n}\nexport const plantedUse = planted() ? 1 : 2;\n',
      },
      finding: ['no-misused-promises', 'planted-misused.ts'],
    },
    {
      what: 'an `any`',
      plant: { [`${kernel}/planted-any.ts`]: 'export const planted: any = 1;\n' },
      finding: ['no-explicit-any', 'planted-any.ts'],
    },
    {
      what: 'a default export',
      plant: { [`${kernel}/planted-default.ts`]: 'export default 1;\n' },
      finding: ['no-default-export', 'planted-default.ts'],
    },
    {
      what: 'an empty catch',
      plant: {
        [`${kernel}/planted-catch.ts`]: 'export function planted(): void {\n  try {\n    throw new Error();\n  } catch {}\n}\n',
      },
      finding: ['no-empty', 'planted-catch.ts'],
    },
    {
      what: 'an import cycle of types',
      plant: {
        [`${kernel}/clock.ts`]: "import type { Timers } from './timers.js';\nexport type Planted = Timers;\n",
        [`${kernel}/timers.ts`]: "import type { Clock } from './clock.js';\nexport type PlantedToo = Clock;\n",
      },
      finding: ['no-cycle', `${kernel}/clock.ts`],
    },
  ],
  build: [
    {
      what: 'a type error in a package',
      plant: { [`${kernel}/clock.ts`]: "export const planted: number = 'text';\n" },
      finding: ['clock.ts', 'TS2322'],
    },
  ],
  'build,api': [
    {
      what: 'an export that no report of the public surface names',
      plant: { [`${kernel}/index.ts`]: "export type { Timers as Planted } from './timers.js';\n" },
      finding: ['+ ', 'Planted'],
    },
  ],
  types: [
    {
      what: 'a type error in a test',
      plant: { 'packages/core/src/planted.test.ts': 'export const planted: number = "text";\n' },
      finding: ['planted.test.ts', 'TS2322'],
    },
    {
      what: 'an enum',
      plant: { [`${kernel}/clock.ts`]: 'export enum Planted {\n  one,\n}\n' },
      finding: ['clock.ts', 'erasableSyntaxOnly'],
    },
  ],
  boundaries: [
    {
      what: 'core imports protocol',
      plant: { [`${kernel}/clock.ts`]: "import '@orbitmq/protocol';\n" },
      finding: ['clock.ts', 'core may not import @orbitmq/protocol'],
    },
    {
      what: 'the client imports the broker',
      plant: { 'packages/transport-tcp/src/index.ts': "import '@orbitmq/broker';\n" },
      finding: ['transport-tcp/src/index.ts', 'transport-tcp may not import @orbitmq/broker'],
    },
    {
      what: 'a deep import',
      plant: { 'packages/broker/src/index.ts': "import '@orbitmq/protocol/src/codes.js';\n" },
      finding: ['broker/src/index.ts', 'imports the inside of a package'],
    },
    {
      what: 'an import of the own barrel',
      plant: { [config]: "import '../index.js';\n" },
      finding: [config, 'imports its own barrel'],
    },
    {
      what: 'the store imports a processor',
      plant: { 'packages/broker/src/store/message-store.ts': "import '../processors/planted.js';\n" },
      finding: ['message-store.ts', 'store may import only what stands left of it'],
    },
    {
      what: 'a relative import of another package',
      plant: { 'packages/broker/src/index.ts': "import '../../protocol/src/codes.js';\n" },
      finding: ['broker/src/index.ts', 'leaves its package'],
    },
  ],
  seams: [
    { what: 'the wall clock', plant: { [config]: 'export const plantedClock = Date.now();\n' }, finding: [config, 'Date.now'] },
    { what: 'a date of now', plant: { [config]: 'export const plantedDate = new Date();\n' }, finding: [config, 'new Date()'] },
    { what: 'a timer', plant: { [bytes]: 'setTimeout(() => undefined, 1);\n' }, finding: [bytes, 'setTimeout'] },
    { what: 'a timer handed on', plant: { [bytes]: 'export const planted = setInterval;\n' }, finding: [bytes, 'setInterval'] },
    {
      what: 'chance',
      plant: { [features]: 'export const plantedChance = Math.random();\n' },
      finding: [features, 'Math.random'],
    },
    {
      what: 'a UUID',
      plant: { [features]: "import { randomUUID } from 'node:crypto';\nexport const plantedId = randomUUID();\n" },
      finding: [features, 'randomUUID'],
    },
    {
      what: 'the environment',
      plant: { [features]: 'export const plantedEnvironment = process.env;\n' },
      finding: [features, 'process.env'],
    },
    { what: 'files', plant: { [codes]: "import 'node:fs';\n" }, finding: [codes, 'node:fs'] },
    { what: 'sockets', plant: { [codes]: "import 'node:net';\n" }, finding: [codes, 'node:net'] },
    { what: 'TLS', plant: { [codes]: "import 'node:tls';\n" }, finding: [codes, 'node:tls'] },
    { what: 'the terminal', plant: { [codes]: 'console.log(1);\n' }, finding: [codes, 'console'] },
  ],
  unused: [
    {
      what: 'a file nobody imports',
      plant: { 'packages/core/src/planted.ts': 'export const planted = 1;\n' },
      finding: ['packages/core/src/planted.ts'],
    },
    {
      what: 'an export nobody uses',
      plant: { [`${kernel}/system.ts`]: 'export const planted = 1;\n' },
      finding: ['planted', `${kernel}/system.ts`],
    },
  ],
};

/** Checks whose findings have several lines, with an empty one between them. */
const wordy = new Set(['format', 'lint', 'build,api']);

describe.each(Object.entries(violations))('%s finds', (names, rows) => {
  let status: number | null;
  let findings: readonly string[];

  beforeAll(() => {
    for (const [path, text] of rows.flatMap((row) => Object.entries(row.plant))) plant(path, text);
    const checked = check(names);
    status = checked.status;
    findings = checked.output.split(wordy.has(names) ? /\n\s*\n/ : '\n');
  }, limitMs);

  afterAll(unplant);

  for (const { what, finding } of rows) {
    it(what, () => {
      verifies('checks-can-fail');
      const found = findings.filter((text) => finding.every((part) => text.includes(part)));
      expect(found, findings.join('\n\n')).not.toEqual([]);
      expect(status).toBe(1);
    });
  }
});

it('the cheap checks pass when nothing is planted', { timeout: limitMs }, () => {
  expect(check('format,boundaries,seams')).toMatchObject({ status: 0 });
});
