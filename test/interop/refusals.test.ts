import { RequestCode } from '@orbitmq/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { startApacheServer } from './apache/apache-server.js';
import { apacheMissing } from './apache/distribution.js';
import type { MqServer } from './mq-server.js';
import { startOrbitServer } from './orbit-server.js';
import { preparePriority, priorityRows } from './refusals/priority-rows.js';
import { RawBroker } from './refusals/raw-broker.js';
import { type Make, prepare, type RefusalRow, refusalRows, topic } from './refusals/refusal-rows.js';
import { wireRows } from './refusals/wire-rows.js';

const limitMs = 240_000;
const rows: readonly RefusalRow[] = [...priorityRows, ...wireRows, ...refusalRows];
const makes: readonly Make[] = ['4.9.7', '5.5.0', 'ours'];
const missing = apacheMissing();
const cleanUps = new CleanUps();

const goAway = 1500;
const farewell = { enableShutdownGracefully: 'true', shutdownWaitTimeSeconds: '5' };

function start(make: Make, directory: string): Promise<MqServer> {
  if (make === 'ours') return startOrbitServer(`${directory}/ours`, farewell);
  return startApacheServer(make, `${directory}/${make}`, farewell);
}

/** What a broker that was told to stop answers, by the version of who asks. */
async function askWhileStopping(server: MqServer): Promise<Readonly<Record<string, number | string>>> {
  const broker = await RawBroker.connect(server.brokerAddr);
  const ask = (version: number, code: number = RequestCode.GET_MAX_OFFSET) =>
    broker.codeOf({ code, version, extFields: { topic, queueId: '0' } });
  try {
    await ask(513);
    server.brokerProcess.process.kill('SIGTERM');
    await waitUntil('it sends newer clients away', limitMs, async () => (await ask(513)) !== 0);
    return { '5.5.0': await ask(513), '5.3.1': await ask(475), '4.9.7': await ask(407), 'unknown code': await ask(513, 9999) };
  } finally {
    await broker.stop();
  }
}

function expectedOf({ expected }: RefusalRow, make: Make): number | string | undefined {
  return typeof expected === 'object' ? expected[make] : expected;
}

describe.skipIf(missing !== undefined)('the same requests at both versions of Apache and at ours', () => {
  const servers = new Map<Make, MqServer>();
  const verdicts = new Map<Make, Map<string, number | string>>();

  async function askAll(make: Make, server: MqServer): Promise<void> {
    const broker = await RawBroker.connect(server.brokerAddr);
    const answers = new Map<string, number | string>();
    verdicts.set(make, answers);
    try {
      await prepare(broker);
      await preparePriority(broker);
      for (const row of rows) answers.set(row.name, await row.verdict(broker));
    } finally {
      await broker.stop();
    }
  }

  beforeAll(async () => {
    const directory = await cleanUps.directory('refusals');
    await Promise.all(
      makes.map(async (make) => {
        const server = await start(make, directory);
        servers.set(make, server);
        cleanUps.add(() => server.stop());
        await askAll(make, server);
      }),
    );
  }, limitMs);

  afterAll(() => cleanUps.run(), limitMs);

  test.each(makes)('%s answers as the table says', (make) => {
    verifies('refusals', 'priority');
    const answered = Object.fromEntries(verdicts.get(make) ?? []);
    expect(answered).toEqual(Object.fromEntries(rows.map((row) => [row.name, expectedOf(row, make)])));
  });

  // Last: it ends them.
  test.sequential.each(['5.5.0', 'ours'] as const)(
    '%s, told to stop, sends newer clients away and serves the others',
    async (make) => {
      verifies('refusals');
      const server = servers.get(make) as MqServer;
      expect(await askWhileStopping(server)).toEqual({ '5.5.0': goAway, '5.3.1': 0, '4.9.7': 0, 'unknown code': goAway });
    },
  );
});
