import { expect, test } from 'vitest';
import { priorityQueue } from './priority-queue.js';

test.each([
  ['0', 4, 0],
  ['3', 4, 3],
  ['4', 4, 3],
  ['2147483647', 4, 3],
  ['2147483648', 4, undefined],
  ['-1', 4, undefined],
  ['-0', 4, 0],
  ['high', 4, undefined],
  ['1.0', 4, undefined],
  ['0', 1, 0],
  ['9', 1, 0],
  ['0', 0, undefined],
])('priority "%s" on %i queues', (text, queueNums, queueId) => {
  expect(priorityQueue(text, queueNums)).toBe(queueId);
});
