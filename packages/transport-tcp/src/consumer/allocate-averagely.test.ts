import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocateAveragely } from './allocate-averagely.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const names = (count: number): string[] => range(count).map((index) => `c${String(index).padStart(3, '0')}`);

test.each([
  {
    queues: 8,
    consumers: 3,
    shares: [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ],
  },
  {
    queues: 10,
    consumers: 4,
    shares: [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
      [8, 9],
    ],
  },
  { queues: 2, consumers: 3, shares: [[0], [1], []] },
  { queues: 4, consumers: 1, shares: [[0, 1, 2, 3]] },
  { queues: 4, consumers: 4, shares: [[0], [1], [2], [3]] },
  { queues: 0, consumers: 2, shares: [[], []] },
])('$queues queues, $consumers consumers', ({ queues, consumers, shares }) => {
  const ids = names(consumers);
  expect(ids.map((id) => allocateAveragely(range(queues), ids, id))).toEqual(shares);
});

test('who is not a member gets nothing', () => {
  expect(allocateAveragely([1, 2, 3], ['a', 'b'], 'c')).toEqual([]);
});

test('the shares of all members are a partition, and differ by one at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 25 }), (queueCount, consumerCount) => {
      const ids = names(consumerCount);
      const shares = ids.map((id) => allocateAveragely(range(queueCount), ids, id));
      expect(shares.flat()).toEqual(range(queueCount));
      const sizes = shares.map((share) => share.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
