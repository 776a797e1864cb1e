/** What OrbitMQ noted beside a store (`orbitmq/`) when another broker has changed the store since. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { apacheMissing } from '../interop/apache/distribution.js';
import { ended } from '../support/broker-process.js';
import type { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { waitUntil } from '../support/wait-until.js';
import { type BrokerKind, runBrokerOn, startBrokerOn } from './broker-on-directory.js';
import { HandoverClient } from './handover-client.js';
import { expectContinued, type QueueView, viewQueues } from './queue-view.js';
import { readLog } from './store-files.js';

const cleanUps = new CleanUps();
const limitMs = 400_000;
const fileSizeBytes = 262_144;
const missing = apacheMissing();
const queues = ['again', 'expired', 'kept'].map((topic) => ({ topic, queueId: 0 }));

afterEach(() => cleanUps.run());

const onProcess = (child: Child): void => void cleanUps.child(child);

/** Runs a broker for a while and returns what it shows in the end. */
async function runFor(
  kind: BrokerKind,
  directory: string,
  signal: 'SIGTERM' | 'SIGKILL',
  work: (client: HandoverClient) => Promise<void>,
): Promise<readonly QueueView[]> {
  const broker = await startBrokerOn(kind, { directory, onProcess });
  const client = await HandoverClient.connect(broker.address);
  cleanUps.add(() => client.stop());
  await work(client);
  const views = await viewQueues(client, queues);
  await client.stop();
  await broker.stop(signal);
  return views;
}

async function sendTo(client: HandoverClient, topic: string, ...bodies: readonly string[]): Promise<readonly number[]> {
  const offsets: number[] = [];
  for (const body of bodies) offsets.push((await client.send({ topic, body })).queueOffset);
  await waitUntil('all is in the queue', 30_000, async () => (await client.maxOffset(topic, 0)) > (offsets.at(-1) ?? 0));
  return offsets;
}

const large = Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(20_000, 'x'));

describe.skipIf(missing !== undefined)(`with Apache 5.5.0${missing ?? ''}`, () => {
  test(
    'expired files, a topic made anew, a kill: recovery goes by the store; a log that was cut is refused',
    async () => {
      const directory = await cleanUps.directory('outdated');
      const store = join(directory, 'store');
      await runFor('OrbitMQ', directory, 'SIGTERM', async (client) => {
        for (const { topic } of queues) await client.createTopic(topic, 1, 6);
        await sendTo(client, 'expired', 'a', 'b', 'c');
        await sendTo(client, 'kept', ...large);
        await sendTo(client, 'again', 'old-0', 'old-1', 'old-2', 'old-3');
      });
      expect(existsSync(join(store, 'orbitmq/queue-ends.json'))).toBe(true);

      // As retention does it.
      rmSync(join(store, 'commitlog', '0'.repeat(20)));
      const atApache = await runFor('5.5.0', directory, 'SIGKILL', async (client) => {
        await client.deleteTopic('again');
        await client.createTopic('again', 1, 6);
        expect(await sendTo(client, 'again', 'new-0', 'new-1')).toEqual([0, 1]);
        expect(await sendTo(client, 'expired', 'd')).toEqual([3]);
      });

      const atOurs = await runFor('OrbitMQ', directory, 'SIGTERM', async (client) => {
        expectContinued(atApache, await viewQueues(client, queues));
        expect(await sendTo(client, 'again', 'new-2')).toEqual([2]);
        expect(await sendTo(client, 'expired', 'e')).toEqual([4]);
        expect(await sendTo(client, 'kept', 'last')).toEqual([large.length]);
      });
      expect(atOurs[0]?.messages.map((message) => message.body)).toEqual(['new-0', 'new-1', 'new-2']);

      // One bit of what is on the device changes: Apache takes it for a torn record and cuts it, with what is behind it.
      const last = readLog(store).records.at(-1);
      if (last === undefined) throw new Error('the log is empty');
      const start = Math.floor(last.physicalOffset / fileSizeBytes) * fileSizeBytes;
      const path = join(store, 'commitlog', String(start).padStart(20, '0'));
      const log = readFileSync(path);
      const at = log.indexOf('last', last.physicalOffset - start);
      log.writeUInt8(log.readUInt8(at) ^ 1, at);
      writeFileSync(path, log);
      await runFor('5.5.0', directory, 'SIGTERM', async (client) => {
        expect(await client.maxOffset('kept', 0)).toBe(large.length);
      });

      const { child } = await runBrokerOn('OrbitMQ', { directory });
      const { status, output } = await ended(cleanUps.child(child), 60_000);
      expect(status).not.toBe(0);
      expect(output).toContain('STORE_CORRUPT');
      expect(output).toContain(path);
      expect(readFileSync(path).equals(log)).toBe(true);
    },
    limitMs,
  );
});
