import { InvariantError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProcessQueue } from './process-queue.js';
import type { ReceivedMessage } from './received-message.js';
import { plainMessage } from './test-support/plain-message.js';

const limits = { countMax: 10, sizeBytesMax: 100_000, spanMax: 50 };
const messages = (...offsets: number[]): ReceivedMessage[] => offsets.map((offset) => plainMessage(offset));
const offsetsOf = (taken: readonly ReceivedMessage[]): number[] => taken.map((message) => message.queueOffset);

test('messages come out in order, and the offset follows the lowest that is not finished', () => {
  const queue = new ProcessQueue(5, limits);
  expect(queue.consumedOffset).toBe(5);
  queue.put(messages(5, 6, 9), 12);
  expect([queue.consumedOffset, queue.nextOffset, queue.deliverableCount]).toEqual([5, 12, 3]);
  const [first, second, third] = queue.take(10) as [ReceivedMessage, ReceivedMessage, ReceivedMessage];
  queue.finish(second);
  expect(queue.consumedOffset).toBe(5);
  queue.finish(first);
  expect(queue.consumedOffset).toBe(9);
  queue.finish(third);
  expect([queue.consumedOffset, queue.unfinishedCount, queue.sizeBytes]).toEqual([12, 0, 0]);
});

test('a pull without messages moves the offset of an empty queue only', () => {
  const queue = new ProcessQueue(5, limits);
  queue.put([], 8);
  expect(queue.consumedOffset).toBe(8);
  queue.put(messages(8), 9);
  queue.put([], 20);
  expect([queue.consumedOffset, queue.nextOffset]).toEqual([8, 20]);
});

test('an offset that goes back is not believed', () => {
  const queue = new ProcessQueue(5, limits);
  queue.put(messages(5, 6), 7);
  queue.put(messages(5, 6), 3);
  expect([queue.nextOffset, queue.deliverableCount]).toEqual([7, 2]);
});

test('what was pulled into the middle of an inner batch is not delivered again', () => {
  const queue = new ProcessQueue(7, limits);
  queue.put(messages(5, 6, 7, 8), 9);
  expect(offsetsOf(queue.take(10))).toEqual([7, 8]);
});

test.each([
  ['count', { countMax: 2, sizeBytesMax: 1e9, spanMax: Number.POSITIVE_INFINITY }],
  ['size', { countMax: 1000, sizeBytesMax: 250, spanMax: Number.POSITIVE_INFINITY }],
  ['span', { countMax: 1000, sizeBytesMax: 1e9, spanMax: 1 }],
])('at the limit of the %s there is room, above it there is none until something is finished', async (_name, limit) => {
  const queue = new ProcessQueue(0, limit);
  queue.put(messages(0, 1), 2);
  expect(queue.room()).toBeUndefined();
  queue.put(messages(2), 3);
  const room = queue.room();
  expect(room).toBeInstanceOf(Promise);
  const [first] = queue.take(1) as [ReceivedMessage];
  queue.finish(first);
  await room;
  expect(queue.isFull).toBe(false);
});

test('finishing in the middle makes no room in the span', () => {
  const queue = new ProcessQueue(0, { ...limits, spanMax: 1 });
  queue.put(messages(0, 1, 2), 3);
  const [, second] = queue.take(3) as [ReceivedMessage, ReceivedMessage];
  queue.finish(second);
  expect(queue.isFull).toBe(true);
});

test('messages to try again come first, in order, by themselves', () => {
  const queue = new ProcessQueue(0, limits);
  queue.put(messages(0, 1, 2, 3), 4);
  const [a, b] = queue.take(2) as [ReceivedMessage, ReceivedMessage];
  queue.tryAgain(b);
  queue.tryAgain(a);
  expect([queue.deliverableCount, queue.againCount]).toEqual([4, 2]);
  expect(offsetsOf(queue.take(10))).toEqual([0, 1]);
  expect(offsetsOf(queue.take(10))).toEqual([2, 3]);
});

test('rewinding hands out everything from there again', () => {
  const queue = new ProcessQueue(0, limits);
  queue.put(messages(0, 1, 2, 3), 4);
  const [first, second] = queue.take(3) as [ReceivedMessage, ReceivedMessage];
  queue.finish(first);
  queue.rewindTo(second);
  expect(offsetsOf(queue.take(2))).toEqual([1, 2]);
});

test('after a drop nothing goes in or out, the offset stays, and the puller wakes', async () => {
  const queue = new ProcessQueue(0, { ...limits, countMax: 1 });
  queue.put(messages(0, 1), 2);
  const taken = queue.take(1);
  const room = queue.room();
  queue.drop();
  await room;
  queue.put(messages(2), 3);
  for (const message of taken) {
    queue.finish(message);
    queue.tryAgain(message);
    queue.rewindTo(message);
  }
  expect([queue.consumedOffset, queue.deliverableCount, queue.unfinishedCount]).toEqual([0, 0, 0]);
});

test('finishing twice, or what was not handed out, is a defect', () => {
  const queue = new ProcessQueue(0, limits);
  queue.put(messages(0, 1), 2);
  const [first] = queue.take(1) as [ReceivedMessage];
  queue.finish(first);
  expect(() => queue.finish(first)).toThrow(InvariantError);
  const notTaken = messages(7)[0] as ReceivedMessage;
  expect(() => queue.finish(notTaken)).toThrow(InvariantError);
});

test('like a plain model: any order of pulls, deliveries, tries and finishes', () => {
  const step = fc.record({ kind: fc.constantFrom('put', 'take', 'finish', 'again'), size: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const queue = new ProcessQueue(0, { countMax: 1e6, sizeBytesMax: 1e9, spanMax: 1e9 });
      const unfinished = new Set<number>();
      const held: ReceivedMessage[] = [];
      let next = 0;
      let lowest = 0;
      for (const { kind, size } of steps) {
        if (kind === 'put') {
          // Every third offset is filtered out at the broker.
          const offsets = Array.from({ length: size }, (_, index) => next + index).filter((offset) => offset % 3 !== 0);
          queue.put(messages(...offsets), next + size);
          for (const offset of offsets) unfinished.add(offset);
          next += size;
        } else if (kind === 'take') {
          held.push(...queue.take(size));
        } else {
          const message = held.splice(size % Math.max(1, held.length), 1)[0];
          if (message === undefined) continue;
          if (kind === 'again') queue.tryAgain(message);
          else {
            queue.finish(message);
            unfinished.delete(message.queueOffset);
          }
        }
        const expected = unfinished.size === 0 ? next : Math.min(...unfinished);
        expect(queue.consumedOffset).toBe(expected);
        expect(expected).toBeGreaterThanOrEqual(lowest);
        lowest = expected;
        expect(queue.unfinishedCount).toBe(unfinished.size);
        expect(queue.deliverableCount).toBe(unfinished.size - held.length);
      }
    }),
  );
});
