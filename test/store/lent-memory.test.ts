/** Answers are slices of the store's memory, which is written over when they were given back, and not before. */
import { decodeRecords } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { openTestStore, put } from './store-fixture.js';

const queues = 4;
const blockBytes = 16_384;

function setUp(seed: number, tailBytesMax: number) {
  const environment = virtualEnvironment(seed);
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  disk.delayMs = ({ kind }) => (kind === 'read' ? Math.floor(environment.random.next() * 5) : 0);
  const config = { mappedFileSizeCommitLog: 8 * blockBytes, mappedFileSizeConsumeQueue: 4000 };
  const limits = {
    tailBytesMax,
    tailChunkBytes: blockBytes,
    queueEntriesBytesMax: 640,
    readBlockBytes: blockBytes,
    readCacheBytesMax: 2 * blockBytes,
    queueBlocksMax: 8,
    coldReadsMax: 3,
  };
  return { environment, time: environment.time, ...openTestStore(environment, disk, { config, limits }) };
}

type SetUp = ReturnType<typeof setUp>;

/** Puts `count` messages, some at a time; each is visible when it resolves. */
async function fill({ store, time }: SetUp, first: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += 10) {
    const puts = Array.from({ length: 10 }, (_, index) => {
      const number = first + done + index;
      return put(store, 'T', number % queues, String(number).padEnd(1000, '.'));
    });
    await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  }
}

/** Reads one queue from its beginning, holds each answer for a while and looks at it only then. */
async function consume({ environment, store }: SetUp, queueId: number, end: number, memories: Set<ArrayBufferLike>) {
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      environment.timers.setTimeout(resolve, ms);
    });
  let answers = 0;
  for (let offset = 0; offset < end; answers += 1) {
    const result = await store.getMessage({ topic: 'T', queueId, queueOffset: offset, maxCount: 8, matches: undefined });
    for (const slice of result.slices) memories.add(slice.buffer);
    await sleep(Math.floor(environment.random.next() * 40));
    for (const { body, queueOffset } of result.slices.flatMap((slice) => decodeRecords(slice))) {
      expect([queueOffset, body.subarray(0, 8).toString()]).toEqual([offset, String(offset * queues + queueId).padEnd(8, '.')]);
      offset += 1;
    }
    // One that never gives back costs the reuse only.
    if (environment.random.next() < 0.95) result.loan?.giveBack();
  }
  return answers;
}

test.each([1, 2, 3])('lagging consumers, seed %i: no answer changes while it is held, and memory is used again', async (seed) => {
  const testStore = setUp(seed, blockBytes);
  const { store, time } = testStore;
  await time.settle(store.start());
  await fill(testStore, 0, 400);
  const memories = new Set<ArrayBufferLike>();
  const consumers = Array.from({ length: 12 }, (_, index) => consume(testStore, index % queues, 100, memories));
  const answers = await time.settle(Promise.all(consumers));
  expect(answers.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(150);
  expect(memories.size).toBeLessThan(150);
  await time.settle(store.stop());
});

test.each([1, 2])('consumers at the tail, seed %i: what they hold is not written over by puts', async (seed) => {
  const testStore = setUp(seed, 3 * blockBytes);
  const { environment, store, time } = testStore;
  await time.settle(store.start());
  const held: { readonly slices: readonly Buffer[]; readonly copies: readonly Buffer[]; giveBack(): void }[] = [];
  const memories = new Set<ArrayBufferLike>();
  const next = Array.from({ length: queues }, () => 0);
  for (let round = 0; round < 100; round += 1) {
    await fill(testStore, round * 10, 10);
    for (const [queueId, queueOffset] of next.entries()) {
      const result = await store.getMessage({ topic: 'T', queueId, queueOffset, maxCount: 32, matches: undefined });
      next[queueId] = result.nextBeginOffset;
      for (const slice of result.slices) memories.add(slice.buffer);
      held.push({
        slices: result.slices,
        copies: result.slices.map((slice) => Buffer.from(slice)),
        giveBack: () => result.loan?.giveBack(),
      });
    }
    while (held.length > 40 + environment.random.next() * 40) {
      const [oldest] = held.splice(Math.floor(environment.random.next() * 10), 1);
      expect(oldest?.slices.every((slice, at) => slice.equals(oldest.copies[at] as Buffer))).toBe(true);
      oldest?.giveBack();
    }
  }
  // 1.2 MB of log went through a tail of three chunks of 16 KiB, and as many pieces again were held.
  expect(memories.size).toBeLessThan(50);
  await time.settle(store.stop());
});
