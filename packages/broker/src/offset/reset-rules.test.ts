import { expect, test } from 'vitest';
import { clientResetOffset, isOffsetInRange, isToTheEnd, storedResetOffset } from './reset-rules.js';

test.each([
  ['back', 3, 7, false, 3],
  ['back, forced', 3, 7, true, 3],
  ['nowhere', 7, 7, false, 7],
  ['forward: stays', 9, 7, false, 7],
  ['forward, forced', 9, 7, true, 9],
])('a reset of 4.9 %s', (_name, wanted, committed, isForced, expected) => {
  expect(clientResetOffset(wanted, committed, isForced)).toBe(expected);
});

test.each([
  [4, false],
  [5, true],
  [10, true],
  [11, true],
  [12, false],
])('an explicit offset %i of a queue from 5 to 10', (offset, expected) => {
  expect(isOffsetInRange(offset, 5, 10)).toBe(expected);
});

test('one behind the end is taken for the end', () => {
  expect([storedResetOffset(11, 10), storedResetOffset(10, 10), storedResetOffset(5, 10)]).toEqual([10, 10, 5]);
});

test('negative times are the end', () => {
  expect([isToTheEnd(-1), isToTheEnd(0), isToTheEnd(1)]).toEqual([true, false, false]);
});
