import { expect, test } from 'vitest';
import { reconsumeLimit } from './reconsume-limit.js';

test.each([
  [false, -1, 16],
  [true, -1, 2147483647],
  [false, 0, 0],
  [true, 0, 0],
  [false, 5, 5],
  [true, 5, 5],
])('orderly %s, maxReconsumeTimes %d: %d', (orderly, maxReconsumeTimes, limit) => {
  expect(reconsumeLimit({ orderly, maxReconsumeTimes })).toBe(limit);
});
