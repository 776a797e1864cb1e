/** A store that `mqbroker --repair` bridged goes to Apache's brokers and back: all that the report does not call lost is read there. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { apacheMissing } from '../interop/apache/distribution.js';
import { ended } from '../support/broker-process.js';
import type { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { waitUntil } from '../support/wait-until.js';
import { type BrokerKind, runBrokerOn, startBrokerOn } from './broker-on-directory.js';
import { HandoverClient } from './handover-client.js';
import { type QueueView, viewQueues } from './queue-view.js';
import { readLog } from './store-files.js';

const cleanUps = new CleanUps();
const limitMs = 400_000;
const fileSizeBytes = 262_144;
const topic = 'repaired';
const group = 'repaired-consumers';
const queues = [0, 1].map((queueId) => ({ topic, queueId }));
const missing = apacheMissing();

afterEach(() => cleanUps.run());

const onProcess = (child: Child): void => void cleanUps.child(child);

/** Runs a broker on the directory for as long as the work takes. */
async function runFor<Result>(
  kind: BrokerKind,
  directory: string,
  signal: 'SIGTERM' | 'SIGKILL',
  work: (client: HandoverClient) => Promise<Result>,
): Promise<Result> {
  const broker = await startBrokerOn(kind, { directory, onProcess });
  const client = await HandoverClient.connect(broker.address);
  cleanUps.add(() => client.stop());
  const result = await work(client);
  await client.stop();
  await broker.stop(signal);
  return result;
}

/** Takes the next offset of each queue, and is in the queue when the call is over: Apache answers before it is. */
async function sendOn(client: HandoverClient, before: readonly QueueView[], body: string): Promise<readonly QueueView[]> {
  for (const { queueId, maxOffset } of before) {
    const stored = await client.send({ topic, queueId, body, properties: { KEYS: body } });
    expect(stored.queueOffset, `next offset of queue ${queueId}`).toBe(maxOffset);
  }
  return waitUntil('all is in the queues', 30_000, async () => {
    const views = await viewQueues(client, queues);
    return views.every((view, index) => view.messages.length === (before[index]?.messages.length ?? 0) + 1) && views;
  });
}

function edit(store: string, physicalOffset: number, change: (bytes: Buffer, at: number) => void): void {
  const start = Math.floor(physicalOffset / fileSizeBytes) * fileSizeBytes;
  const path = join(store, 'commitlog', String(start).padStart(20, '0'));
  const bytes = readFileSync(path);
  change(bytes, physicalOffset - start);
  writeFileSync(path, bytes);
}

/** In the second file a bit, in the third one a stretch of zeros, and the end of the fourth. */
function damage(store: string): void {
  const { records } = readLog(store);
  const inFile = (number: number) =>
    records.filter(({ physicalOffset }) => Math.floor(physicalOffset / fileSizeBytes) === number);
  const flipped = inFile(1)[10]?.physicalOffset ?? 0;
  edit(store, flipped + 200, (bytes, at) => void bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at));
  edit(store, 2 * fileSizeBytes + 60_000, (bytes, at) => void bytes.fill(0, at, at + 12_000));
  edit(store, 4 * fileSizeBytes - 9000, (bytes, at) => void bytes.fill(0x5a, at));
}

/** Queue offsets that a report calls lost, by queue. */
function lostOf(report: string): ReadonlyMap<number, readonly number[]> {
  const lost = new Map<number, number[]>();
  const line = new RegExp(`lost: topic ${topic}, queue (\\d+): (\\d+) messages, queue offsets (\\d+) to (\\d+)`, 'g');
  for (const [, queueId, count, first, last] of report.matchAll(line)) {
    const offsets = lost.get(Number(queueId)) ?? [];
    for (let offset = Number(first); offset <= Number(last); offset += 1) offsets.push(offset);
    lost.set(Number(queueId), offsets);
    expect(Number(last) - Number(first) + 1, 'a stretch of lost offsets').toBe(Number(count));
  }
  return lost;
}

function keptOf(views: readonly QueueView[], lost: ReadonlyMap<number, readonly number[]>): readonly QueueView[] {
  return views.map((view) => {
    const messages = view.messages.filter(({ queueOffset }) => lost.get(view.queueId)?.includes(queueOffset) !== true);
    return { ...view, messages };
  });
}

async function repairedStore(): Promise<{ readonly directory: string; readonly kept: readonly QueueView[] }> {
  const directory = await cleanUps.directory('repaired');
  const store = join(directory, 'store');
  const before = await runFor('OrbitMQ', directory, 'SIGTERM', async (client) => {
    await client.createTopic(topic, queues.length, 6);
    await client.createGroup({ groupName: group, consumeEnable: true, consumeFromMinEnable: true, retryQueueNums: 1 });
    for (let index = 0; index < 300; index += 1) {
      const body = `${index};`.padEnd(1000 + ((index * 977) % 6000), '.');
      await client.send({ topic, queueId: index % queues.length, body, properties: { KEYS: `key-${index}`, TAGS: 'tag' } });
    }
    await client.commitOffset(group, topic, 0, 100);
    return viewQueues(client, queues);
  });
  damage(store);
  const { child } = await runBrokerOn('OrbitMQ', { directory, args: ['--repair'] });
  const { status, output } = await ended(cleanUps.child(child), 60_000);
  expect(status, output).toBe(1);
  expect(output.match(/^damaged: /gm)?.length, output).toBeGreaterThanOrEqual(3);
  const lost = lostOf(output);
  const lostCount = [...lost.values()].reduce((sum, offsets) => sum + offsets.length, 0);
  expect(lostCount, output).toBeGreaterThan(3);
  expect(lostCount, output).toBeLessThan(40);
  return { directory, kept: keptOf(before, lost) };
}

describe.skipIf(missing !== undefined)(`a repaired store${missing ?? ''}`, () => {
  test(
    'is read whole by both of Apache’s brokers, after a stop in order and after a crash; sends go on, there and here',
    async () => {
      const { directory, kept } = await repairedStore();
      for (const [kind, isCrashed] of [
        ['4.9.7', true],
        ['5.5.0', false],
      ] as const) {
        const copy = await cleanUps.directory(`repaired-${kind}`);
        cpSync(join(directory, 'store'), join(copy, 'store'), { recursive: true });
        // As a broker leaves it that was killed: recovery goes through the log from the checkpoint on.
        if (isCrashed) writeFileSync(join(copy, 'store/abort'), '1');
        const atApache = await runFor(kind, copy, isCrashed ? 'SIGTERM' : 'SIGKILL', async (client) => {
          expect(await viewQueues(client, queues), `what ${kind} shows`).toEqual(kept);
          expect(await client.committedOffset(group, topic, 0)).toBe(100);
          return sendOn(client, kept, `at ${kind}`);
        });
        await runFor('OrbitMQ', copy, 'SIGTERM', async (client) => {
          expect(await viewQueues(client, queues), `what is shown after ${kind}`).toEqual(atApache);
          expect(await client.committedOffset(group, topic, 0)).toBe(100);
          await sendOn(client, atApache, 'here again');
        });
      }
    },
    limitMs,
  );
});
