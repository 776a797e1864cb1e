import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ConsumeQueueTable } from './consume-queue-table.js';
import type { EntryBlock } from './entry-block.js';
import { EntryMemory } from './entry-memory.js';
import { readQueueEntry } from './queue-entry.js';

function table(entriesBytesMax: number): ConsumeQueueTable {
  return new ConsumeQueueTable({ directory: '/q', fileSizeBytes: 6_000_000, entriesBytesMax });
}

test('an idle queue costs little, a busy one gets larger blocks', () => {
  const queues = table(1 << 30);
  for (let index = 0; index < 1000; index += 1) queues.findOrCreate(`t${index}`, 0).append(index, 100, 0);
  expect(queues.memory.sizeBytes).toBeLessThan(1000 * 1000);
  const busy = queues.findOrCreate('busy', 0);
  for (let index = 0; index < 100_000; index += 1) busy.append(index * 100, 100, index);
  expect(queues.memory.sizeBytes).toBeLessThan(1000 * 1000 + 100_000 * 20 * 1.1);
  const window = busy.window(77_777);
  expect(window && readQueueEntry(window.bytes, window.at, 77_777)).toEqual({
    queueOffset: 77_777,
    physicalOffset: 7_777_700,
    sizeBytes: 100,
    tagsCode: 77_777,
  });
});

test('beyond the budget only entries that are on file are dropped, oldest first', () => {
  const queues = table(2000);
  const queue = queues.findOrCreate('t', 0);
  for (let index = 0; index < 300; index += 1) queue.append(index, 100, 0);
  expect([queues.memory.isOverfull, queue.window(0)?.count]).toEqual([true, 32]);
  queue.writtenOffset = 100;
  queues.memory.trim();
  expect([queue.window(95), queue.window(96)?.count]).toEqual([undefined, 128]);
  queue.writtenOffset = 300;
  queues.memory.trim();
  expect([queues.memory.isOverfull, queue.window(299)]).toEqual([false, undefined]);
  queue.append(300, 100, 0);
  expect(queue.window(300)?.count).toBe(1);
});

test('of many queues those with the oldest blocks have to go to their files, until half of the budget is free', () => {
  const queues = table(100 * 640);
  const all = Array.from({ length: 100 }, (_, index) => queues.findOrCreate('t', index));
  for (const queue of all) queue.append(queue.queueId, 100, 0);
  expect(queues.memory.ownersInTheWay().size).toBe(0);
  queues.findOrCreate('one', 0).append(1000, 100, 0);
  expect([...queues.memory.ownersInTheWay()]).toEqual(all.slice(0, 51));
  for (const queue of all.slice(0, 51)) queue.writtenOffset = 1;
  queues.memory.trim();
  // Dropped as far as needed; what is on file goes when its memory is wanted.
  expect([queues.memory.isOverfull, all[0]?.window(0), all[1]?.window(0)?.count]).toEqual([false, undefined, 1]);
});

test('what was dropped is held by nobody, however long the list of blocks was', async () => {
  const memory = new EntryMemory(200_000);
  const owner = { dropBlock: () => true };
  const dropped: WeakRef<object>[] = [];
  let previous: EntryBlock | undefined;
  for (let index = 0; index < 1500; index += 1) {
    previous = memory.allocate(owner, index * 2048, previous);
    previous.count = 2048;
    dropped.push(new WeakRef(previous));
  }
  // A weak reference is strong in the turn in which it was made.
  await new Promise((resolve) => setImmediate(resolve));
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  expect(dropped.filter((block) => block.deref() !== undefined).length).toBeLessThan(20);
});

test('tags codes keep their sign and delivery times their size', () => {
  const queue = table(1 << 20).findOrCreate('t', 0);
  for (const tagsCode of [-2_147_483_648, -1, 0, 2_147_483_647, 1_800_000_000_123]) queue.append(0, 100, tagsCode);
  const window = queue.window(0);
  if (window === undefined) throw new Error('the entries are in memory');
  expect([0, 1, 2, 3, 4].map((index) => readQueueEntry(window.bytes, window.at + index * 20, index).tagsCode)).toEqual([
    -2_147_483_648, -1, 0, 2_147_483_647, 1_800_000_000_123,
  ]);
});

test('a queue whose first messages are gone begins where it is told, and takes no memory for those before', () => {
  const queues = table(1 << 20);
  const queue = queues.findOrCreate('t', 0);
  queue.beginAt(300_005);
  queue.append(77, 100, 0);
  expect([queue.minOffset, queue.maxOffset, queue.nextOffset, queue.writtenOffset]).toEqual([300_005, 300_006, 300_006, 300_005]);
  expect([queue.window(300_004), queue.window(300_005)?.count]).toEqual([undefined, 1]);
  expect(queues.memory.sizeBytes).toBeLessThan(4096);
});

test('a deleted queue goes on at its next offset, and is forgotten when the log is past it', () => {
  const queues = table(4096);
  const queue = queues.findOrCreate('t', 0);
  for (let index = 0; index < 100; index += 1) queue.append(index, 100, 0);
  // Two more were put and are not visible yet.
  queue.nextOffset += 2;
  expect(queue.deleteAll(5000)).toEqual([]);
  expect([queue.minOffset, queue.maxOffset, queue.nextOffset, queue.writtenOffset]).toEqual([102, 102, 102, 102]);
  expect([queue.isForgotten(4999), queue.isForgotten(5000)]).toEqual([false, true]);
  for (let index = 0; index < 100; index += 1) queue.append(index, 100, 0);
  expect(queue.window(102)?.count).toBeGreaterThan(0);
  expect(queue.isForgotten(5000)).toBe(false);
  queue.writtenOffset = queue.maxOffset;
  queues.memory.trim();
  expect(queues.memory.isOverfull).toBe(false);
});
