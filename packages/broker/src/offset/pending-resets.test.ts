import { expect, test } from 'vitest';
import { PendingResets } from './pending-resets.js';
import { PullOffsets } from './pull-offsets.js';

test('a reset is told once', () => {
  const resets = new PendingResets();
  resets.set('g', 'T', 0, 5);
  resets.set('g', 'T', 0, 6);
  resets.set('g', 'T', 1, 7);
  expect([resets.count, resets.has('g', 'T', 0), resets.has('h', 'T', 0)]).toEqual([2, true, false]);
  expect([resets.take('g', 'T', 0), resets.take('g', 'T', 0), resets.take('g', 'T', 1)]).toEqual([6, undefined, 7]);
  expect([resets.count, resets.table.topics.size]).toEqual([0, 0]);
});

test('what is deleted is not waited for, and its room is free again', () => {
  const resets = new PendingResets();
  for (const [group, topic] of [['g', 'T'] as const, ['h', 'T'] as const, ['g', 'U'] as const]) resets.set(group, topic, 0, 1);
  expect([resets.hasRoom(99_997), resets.hasRoom(99_998)]).toEqual([true, false]);
  resets.removeTopic('T');
  expect([resets.count, resets.take('h', 'T', 0)]).toEqual([1, undefined]);
  resets.removeGroup('g');
  expect([resets.count, resets.take('g', 'U', 0)]).toEqual([0, undefined]);
});

test('places of pulls are kept up to a bound, and those known go on', () => {
  const pulls = new PullOffsets(2);
  for (const queueId of [0, 1, 2]) pulls.note('g', 'T', queueId, 10);
  pulls.note('g', 'T', 0, 11);
  expect([0, 1, 2].map((queueId) => pulls.get('g', 'T', queueId))).toEqual([11, 10, -1]);
  pulls.removeGroup('g');
  pulls.note('g', 'U', 2, 3);
  expect([pulls.get('g', 'T', 0), pulls.get('g', 'U', 2)]).toEqual([-1, 3]);
  pulls.removeTopic('U');
  expect(pulls.get('g', 'U', 2)).toBe(-1);
});
