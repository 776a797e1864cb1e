/** Readers of many queues on a store that keeps entries of one or two: what one has loaded goes when the next one loads. */
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { messagesOf, openTestStore, put } from './store-fixture.js';

const queueCount = 12;
const perQueue = 45;
/** Of a file of a queue. A block of entries ends with its file, so each file is a block. */
const fileEntries = 10;
const isWanted = (tagsCode: number): boolean => tagsCode % 3 === 0;
/** The fixture takes the length of the properties for the tag: it differs from message to message. */
const keyOf = (index: number): Buffer => Buffer.from(`KEYS\u0001${'k'.repeat(1 + (index % 5))}\u0002`);
const bodyOf = (queueId: number, index: number): string => `${queueId}/${index} `.padEnd(60 + ((queueId * 7 + index) % 40), 'x');

function setUp(seed: number, queueBlocksMax: number) {
  const environment = virtualEnvironment(seed);
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  let entryReads = 0;
  disk.delayMs = ({ kind, path }) => {
    if (kind !== 'read') return 0;
    if (path.includes('/consumequeue/')) entryReads += 1;
    return Math.floor(environment.random.next() * 8);
  };
  const config = { mappedFileSizeCommitLog: 16_384, mappedFileSizeConsumeQueue: fileEntries * 20 };
  const limits = {
    queueBlocksMax,
    queueEntriesBytesMax: 640,
    tailBytesMax: 4096,
    tailChunkBytes: 1024,
    readBlockBytes: 2048,
    readCacheBytesMax: 4096,
  };
  const opened = openTestStore(environment, disk, { config, limits });
  return { environment, time: environment.time, ...opened, entryReads: () => entryReads };
}

type SetUp = ReturnType<typeof setUp>;

/** One more message in every queue; when it resolves, their entries are on file and need not be in memory. */
async function fill({ store, time }: SetUp, index: number): Promise<void> {
  const puts = Array.from({ length: queueCount }, (_, queueId) =>
    put(store, 'T', queueId, bodyOf(queueId, index), { properties: keyOf(index) }),
  );
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  await time.advance(1000);
}

/** Reads a queue to its end, which moves while it does: what it got, in that order. */
async function consume({ environment, store }: SetUp, queueId: number, matches?: typeof isWanted): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (let queueOffset = 0; queueOffset < perQueue; ) {
    const maxCount = 1 + Math.floor(environment.random.next() * 15);
    const answer = await store.getMessage({ topic: 'T', queueId, queueOffset, maxCount, matches });
    const messages = messagesOf(answer);
    expect(messages.every((message) => message.queueId === queueId && message.queueOffset >= queueOffset)).toBe(true);
    bodies.push(...messages.map(({ body }) => body.toString()));
    answer.loan?.giveBack();
    if (answer.nextBeginOffset === queueOffset) {
      expect(answer.status).toBe('OFFSET_OVERFLOW_ONE');
      await new Promise<void>((resolve) => void environment.timers.setTimeout(resolve, 20));
    }
    queueOffset = answer.nextBeginOffset;
  }
  return bodies;
}

/** Tags of a queue from offsets all over it, in no order of its own. */
async function lookUp({ environment, store }: SetUp, queueId: number): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    const from = Math.floor(environment.random.next() * 30);
    const entries = await store.queueEntries('T', queueId, from, 12);
    expect(entries.map(({ queueOffset, tagsCode }) => [queueOffset, tagsCode])).toEqual(
      Array.from({ length: Math.min(12, store.maxOffset('T', queueId) - from) }, (_, index) => [
        from + index,
        keyOf(from + index).length,
      ]).slice(0, entries.length),
    );
    expect(entries.length).toBeGreaterThan(0);
  }
}

test.each([
  [1, 1],
  [2, 2],
])('with room for %i of them, seed %i, each reader gets its queue, whole and in order', async (queueBlocksMax, seed) => {
  const testStore = setUp(seed, queueBlocksMax);
  const { store, time } = testStore;
  await time.settle(store.start());
  for (let index = 0; index < 34; index += 1) await fill(testStore, index);
  const queueIds = Array.from({ length: queueCount }, (_, queueId) => queueId);
  const whole = Promise.all(queueIds.map((queueId) => consume(testStore, queueId)));
  const filtered = Promise.all(queueIds.map((queueId) => consume(testStore, queueId, isWanted)));
  const lookUps = Promise.all(queueIds.map((queueId) => lookUp(testStore, queueId)));
  // The last file of each queue grows under the readers.
  for (let index = 34; index < perQueue; index += 1) await fill(testStore, index);
  await time.settle(lookUps);
  const indexes = Array.from({ length: perQueue }, (_, index) => index);
  expect(await time.settle(whole)).toEqual(queueIds.map((queueId) => indexes.map((index) => bodyOf(queueId, index))));
  const wanted = indexes.filter((index) => isWanted(keyOf(index).length));
  expect(await time.settle(filtered)).toEqual(queueIds.map((queueId) => wanted.map((index) => bodyOf(queueId, index))));
  // Most blocks were dropped before they were read to their end: they came from the files again and again.
  expect(testStore.entryReads()).toBeGreaterThan(2 * queueCount * (perQueue / fileEntries));
  expect(testStore.failures).toEqual([]);
  await time.settle(store.stop());
});
