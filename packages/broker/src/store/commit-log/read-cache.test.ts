import { expect, test } from 'vitest';
import type { LogSpan } from './log-span.js';
import { ReadCache } from './read-cache.js';

const blockBytes = 100;

/** A log of `logBytes` bytes; `reads` says which blocks were read. */
function cacheOf(logBytes: number, blocksMax: number) {
  const reads: number[] = [];
  const log = { logBytes, failing: -1 };
  const read = async (physicalOffset: number, sizeBytes: number, memory: Buffer): Promise<LogSpan> => {
    reads.push(physicalOffset / blockBytes);
    if (physicalOffset / blockBytes === log.failing) throw new Error('EIO');
    const size = Math.max(0, Math.min(sizeBytes, log.logBytes - physicalOffset));
    return { physicalStart: physicalOffset, bytes: memory.subarray(0, size).fill(physicalOffset / blockBytes) };
  };
  return { cache: new ReadCache({ readBlockBytes: blockBytes, readCacheBytesMax: blockBytes * blocksMax }, read), reads, log };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('several at one place share a read', async () => {
  const { cache, reads } = cacheOf(1000, 4);
  const [one, other] = await Promise.all([cache.load(150), cache.load(199)]);
  expect(one).toBe(other);
  expect(cache.find(100)).toBe(one);
  expect(reads).toEqual([1]);
});

test('holds so many blocks, and drops those not used for longest', async () => {
  const { cache, reads } = cacheOf(1000, 3);
  for (const block of [0, 1, 2]) await cache.load(block * blockBytes);
  expect(cache.find(50)).toBeDefined();
  await cache.load(300);
  expect(cache.blockCount).toBe(3);
  expect([0, 1, 2, 3].map((block) => cache.find(block * blockBytes) !== undefined)).toEqual([true, false, true, true]);
  for (let block = 4; block < 10; block += 1) await cache.load(block * blockBytes);
  expect(cache.blockCount).toBe(3);
  // The one looked into last was among those that went.
  expect(cache.find(350)).toBeUndefined();
  expect(reads).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a block that was cut by the end of the log is read again when the log is longer', async () => {
  const { cache, log } = cacheOf(150, 4);
  await cache.load(100);
  expect(cache.find(149)).toBeDefined();
  expect(cache.find(150)).toBeUndefined();
  log.logBytes = 1000;
  expect((await cache.load(150)).bytes).toHaveLength(100);
  expect(cache.find(150)?.bytes).toHaveLength(100);
});

test('who comes to a block that was read ahead has the next one read, once, and no further', async () => {
  const { cache, reads } = cacheOf(1000, 4);
  await cache.load(0);
  cache.loadAhead(100);
  await settled();
  expect(reads).toEqual([0, 1]);
  cache.find(50);
  await settled();
  expect(reads).toEqual([0, 1]);
  cache.find(150);
  cache.find(50);
  cache.find(160);
  await settled();
  expect(reads).toEqual([0, 1, 2]);
});

test('a read ahead that fails is forgotten; who needs the block meets the error', async () => {
  const { cache, log, reads } = cacheOf(1000, 4);
  log.failing = 1;
  cache.loadAhead(100);
  await settled();
  await expect(cache.load(150)).rejects.toThrow('EIO');
  log.failing = -1;
  await cache.load(150);
  await settled();
  expect(reads).toEqual([1, 1, 1]);
});

test('so many are read at once, beyond that only what somebody waits for', async () => {
  const { cache, reads } = cacheOf(10_000, 4);
  for (let index = 0; index < 40; index += 1) cache.loadAhead(index * blockBytes);
  expect(reads).toHaveLength(16);
  const [needed] = await Promise.all([cache.load(5000), settled()]);
  expect([needed.physicalStart, reads.length]).toEqual([5000, 17]);
  cache.loadAhead(6000);
  expect(reads).toHaveLength(18);
});

test('who loads a block has it until it is given back, however many others come meanwhile', async () => {
  const { cache } = cacheOf(10_000, 2);
  const waiting = [
    cache.load(50),
    cache.load(60),
    ...Array.from({ length: 20 }, (_, index) => cache.load(index * blockBytes + 100)),
  ];
  const [one, other, ...rest] = await Promise.all(waiting);
  expect([one, cache.find(50)]).toEqual([other, undefined]);
  for (const block of rest) block.giveBack();
  for (let index = 30; index < 60; index += 1) (await cache.load(index * blockBytes)).giveBack();
  expect(one?.bytes.every((byte) => byte === 0)).toBe(true);
  one?.giveBack();
  for (let index = 60; index < 90; index += 1) (await cache.load(index * blockBytes)).giveBack();
  expect(one?.bytes.every((byte) => byte === 0)).toBe(true);
  other?.giveBack();
});

test('blocks that nobody has share a few pieces of memory', async () => {
  const { cache } = cacheOf(100_000, 2);
  const memories = new Set<ArrayBufferLike>();
  for (let index = 0; index < 500; index += 1) {
    const block = await cache.load(index * blockBytes);
    memories.add(block.bytes.buffer);
    block.giveBack();
  }
  expect(memories.size).toBeLessThanOrEqual(3);
});
