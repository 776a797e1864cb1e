/** The quickstart as a user runs it, on every broker it is promised for, unchanged. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { startApacheServer } from '../interop/apache/apache-server.js';
import { type ApacheVersion, apacheMissing, apacheVersions } from '../interop/apache/distribution.js';
import type { MqServer } from '../interop/mq-server.js';
import { startOrbitServer } from '../interop/orbit-server.js';
import { Child } from '../support/child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';

const main = join(dirname(fileURLToPath(import.meta.url)), '../../examples/quickstart/dist/main.js');
const limitMs = 240_000;

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}, limitMs);

async function directory(): Promise<string> {
  const created = await temporaryDirectory('quickstart');
  cleanUps.push(() => created.remove());
  return created.path;
}

/** Exit status and output of one run in a directory. */
async function runIn(cwd: string, url?: string): Promise<{ readonly status: number | string; readonly output: string }> {
  const child = new Child(process.execPath, [main], { cwd, env: { ...process.env, NODE_OPTIONS: '', MQ_URL: url ?? '' } });
  cleanUps.push(async () => child.exit ?? child.kill('SIGKILL'));
  return { status: await child.exited, output: child.output };
}

function expectTour({ status, output }: { readonly status: number | string; readonly output: string }): void {
  expect(output).toMatch(/^Done in /m);
  expect(status).toBe(0);
  expect(output.match(/^ {2}✓ /gm)).toHaveLength(10);
  expect(output).toContain('moved to %DLQ%shop-shipping');
  expect(output).toContain('the three invoices came, each once; no other handler was called');
}

test(
  'on the durable broker in the process, twice in the same directory',
  async () => {
    verifies('quickstart', 'restart');
    const cwd = await directory();
    const first = await runIn(cwd);
    expectTour(first);
    expect(first.output).toContain('embedded:./data is ready, durability: disk');
    expectTour(await runIn(cwd));
  },
  limitMs,
);

test(
  'in memory there is no second start',
  async () => {
    const { status, output } = await runIn(await directory(), 'embedded:');
    expect(output).toContain('no second start');
    expect(status).toBe(0);
  },
  limitMs,
);

test(
  'a step that does not happen ends it with status 1 and its name',
  async () => {
    const { status, output } = await runIn(await directory(), 'rocketmq://127.0.0.1:1');
    expect(status).toBe(1);
    expect(output).toContain('Failed: First start');
    expect(output).toContain('CONNECT_FAILED');
  },
  limitMs,
);

async function expectTourOn(server: MqServer): Promise<void> {
  cleanUps.push(() => server.stop());
  const cwd = await directory();
  expectTour(await runIn(cwd, `rocketmq://${server.namesrvAddr}`));
}

test(
  'on our stand-alone broker, and again on the used one',
  async () => {
    verifies('quickstart');
    const server = await startOrbitServer(await directory());
    await expectTourOn(server);
    expectTour(await runIn(await directory(), `rocketmq://${server.namesrvAddr}`));
  },
  limitMs,
);

const missing = apacheMissing();

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'on Apache RocketMQ' : `on Apache RocketMQ (skipped: ${missing})`,
  () => {
    test.each<ApacheVersion>(apacheVersions)(
      '%s',
      async (version) => {
        verifies('quickstart', 'apache-brokers');
        await expectTourOn(await startApacheServer(version, await directory()));
      },
      limitMs,
    );
  },
);
