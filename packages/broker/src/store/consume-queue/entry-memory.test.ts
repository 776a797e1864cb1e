import { expect, test } from 'vitest';
import { ConsumeQueueTable } from './consume-queue-table.js';
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

test('tags codes keep their sign and delivery times their size', () => {
  const queue = table(1 << 20).findOrCreate('t', 0);
  for (const tagsCode of [-2_147_483_648, -1, 0, 2_147_483_647, 1_800_000_000_123]) queue.append(0, 100, tagsCode);
  const window = queue.window(0);
  if (window === undefined) throw new Error('the entries are in memory');
  expect([0, 1, 2, 3, 4].map((index) => readQueueEntry(window.bytes, window.at + index * 20, index).tagsCode)).toEqual([
    -2_147_483_648, -1, 0, 2_147_483_647, 1_800_000_000_123,
  ]);
});

test('a queue whose first messages expired begins with blank entries', () => {
  const queue = table(1 << 20).findOrCreate('t', 0);
  queue.beginAt(300_005);
  queue.append(77, 100, 0);
  expect([queue.minOffset, queue.maxOffset, queue.nextOffset, queue.writtenOffset]).toEqual([300_005, 300_006, 300_006, 300_000]);
  const blank = queue.window(300_000);
  expect(blank && readQueueEntry(blank.bytes, blank.at, 300_000)).toMatchObject({ physicalOffset: 0, sizeBytes: 0x7fffffff });
});
