/** Stores of Apache's brokers that are refused at start: half read, they would look whole. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { apacheMissing } from '../interop/apache/distribution.js';
import { ended } from '../support/broker-process.js';
import type { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { runBrokerOn, startBrokerOn } from './broker-on-directory.js';
import { HandoverClient } from './handover-client.js';

const cleanUps = new CleanUps();
const limitMs = 300_000;
const missing = apacheMissing();

afterEach(() => cleanUps.run());

const onProcess = (child: Child): void => void cleanUps.child(child);

/** Every file below a directory with its content, to say that nothing was changed. */
function contentOf(directory: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(directory, name)).isFile()).sort();
  return new Map(files.map((name) => [name, readFileSync(join(directory, name))]));
}

/** Our broker does not start on the directory, says why, and leaves it as it is. */
async function expectRefused(
  directory: string,
  place: string,
  what: string,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const before = contentOf(directory);
  const { child } = await runBrokerOn('OrbitMQ', { directory, config });
  const { status, output } = await ended(cleanUps.child(child), 60_000);
  expect(status).not.toBe(0);
  expect(output).toContain('STORE_FORMAT_UNSUPPORTED');
  expect(output).toContain(`${join(directory, 'store', place)} holds`);
  expect(output).toContain(what);
  const after = contentOf(directory);
  const changed = [...after].filter(([name, content]) => name !== 'broker.conf' && before.get(name)?.equals(content) !== true);
  expect(changed.map(([name]) => name)).toEqual([]);
  expect(after.size).toBe(before.size);
}

describe.skipIf(missing !== undefined)(`what Apache RocketMQ 5.5.0 keeps elsewhere${missing ?? ''}`, () => {
  test(
    'queues and tables in RocksDB',
    async () => {
      verifies('store-variants');
      const directory = await cleanUps.directory('rocksdb');
      const broker = await startBrokerOn('5.5.0', { directory, onProcess, config: { storeType: 'defaultRocksDB' } });
      await broker.stop('SIGTERM');
      await expectRefused(directory, 'consumequeue', 'a RocksDB database');
      rmSync(join(directory, 'store/consumequeue'), { recursive: true });
      await expectRefused(directory, 'config/topics', 'a RocksDB database');
    },
    limitMs,
  );

  // After a kill before the database wrote anything there is nothing to find, and Apache too reads the timer's queue from its beginning.
  test(
    'timed messages in RocksDB',
    async () => {
      const directory = await cleanUps.directory('rocks-timers');
      const broker = await startBrokerOn('5.5.0', { directory, onProcess, config: { timerRocksDBEnable: 'true' } });
      const client = await HandoverClient.connect(broker.address);
      cleanUps.add(() => client.stop());
      await client.createTopic('plain', 1, 6);
      await client.send({ topic: 'plain', body: 'soon', properties: { TIMER_DELAY_SEC: '2' } });
      await client.send({ topic: 'plain', body: 'later', properties: { TIMER_DELAY_SEC: '3600' } });
      await waitUntil('the timed message that is due soon', 60_000, async () => (await client.maxOffset('plain', 0)) === 1);
      await broker.stop('SIGTERM');
      await expectRefused(directory, 'rocksdbstore', 'timerRocksDBEnable');
    },
    limitMs,
  );

  test(
    'batch queues, extended queue entries, compacted topics; timed messages where the timer is off',
    async () => {
      const directory = await cleanUps.directory('variants');
      const config = { enableConsumeQueueExt: 'true', timerWheelEnable: 'true' };
      const broker = await startBrokerOn('5.5.0', { directory, onProcess, config });
      const client = await HandoverClient.connect(broker.address);
      cleanUps.add(() => client.stop());
      await client.createTopic('plain', 1, 6);
      await client.createTopic('batches', 1, 6, '+queue.type=BatchCQ');
      await client.createTopic('compacted', 1, 6, '+cleanup.policy=COMPACTION');
      await client.send({ topic: 'plain', body: 'plain' });
      await client.send({ topic: 'compacted', body: 'compacted', properties: { KEYS: 'k' } });
      await client.sendBatch('batches', 0, ['one', 'two'], 'batch');
      await client.send({ topic: 'plain', body: 'soon', properties: { TIMER_DELAY_SEC: '2' } });
      await client.send({ topic: 'plain', body: 'later', properties: { TIMER_DELAY_SEC: '3600' } });
      await waitUntil('the timed message that is due soon', 60_000, async () => (await client.maxOffset('plain', 0)) === 2);
      await waitUntil('the compacted log', 60_000, () => existsSync(join(directory, 'store/compaction/compactionLog')));
      await broker.stop('SIGTERM');

      const without = (...names: readonly string[]): void => {
        for (const name of names) rmSync(join(directory, 'store', name), { recursive: true, force: true });
      };
      await expectRefused(directory, 'batchconsumequeue', 'queue.type=BatchCQ');
      without('batchconsumequeue');
      await expectRefused(directory, 'consumequeue_ext', 'enableConsumeQueueExt');
      without('consumequeue_ext');
      await expectRefused(directory, 'compaction/compactionLog', 'cleanup.policy=COMPACTION');
      without('compaction/compactionLog');
      await expectRefused(directory, 'timerwheel', 'timed messages that are not delivered yet', { timerWheelEnable: 'false' });
    },
    limitMs,
  );

  test(
    'timed messages that were all delivered are no obstacle',
    async () => {
      const directory = await cleanUps.directory('timers');
      const broker = await startBrokerOn('5.5.0', { directory, onProcess });
      const client = await HandoverClient.connect(broker.address);
      cleanUps.add(() => client.stop());
      await client.createTopic('plain', 1, 6);
      await client.send({ topic: 'plain', body: 'soon', properties: { TIMER_DELAY_SEC: '2' } });
      await waitUntil('the timed message', 60_000, async () => (await client.maxOffset('plain', 0)) === 1);
      // The wheel and how far it came are on disk a second later.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await broker.stop('SIGTERM');
      const ours = await startBrokerOn('OrbitMQ', { directory, onProcess });
      const reader = await HandoverClient.connect(ours.address);
      cleanUps.add(() => reader.stop());
      expect((await reader.messages('plain', 0)).map((message) => message.body.toString())).toEqual(['soon']);
      await ours.stop('SIGTERM');
    },
    limitMs,
  );
});
