import { expect, test } from 'vitest';
import { correctionOffsets } from './correction-offsets.js';

const table = (...offsets: readonly number[]) => new Map(offsets.map((offset, queueId) => [queueId, offset]));

test.each([
  ['the lowest of all groups', [table(5, 9), table(7, 2)], table(), [5, 2]],
  ['offsets before the oldest message do not count', [table(0, 9), table(7, 8)], table(), [7, 8]],
  ['a group behind all others', [table(5, 9)], table(4, 9), [9_223_372_036_854_775_807n, 9]],
  ['nobody', [], table(4), []],
])('%s', (_name, groups, compared, expected) => {
  const corrections = correctionOffsets({ groups, compared, minOffset: (queueId) => (queueId === 0 ? 1 : 0) });
  expect([...corrections.entries()].toSorted(([a], [b]) => a - b).map(([, offset]) => offset)).toEqual(expected);
});
