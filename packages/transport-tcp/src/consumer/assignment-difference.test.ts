import { expect, test } from 'vitest';
import { assignmentDifference } from './assignment-difference.js';
import { queueKey } from './queue-key.js';

const queue = (queueId: number, brokerName = 'a') => ({ topic: 't', brokerName, queueId });
const queues = [queue(1, 'b'), queue(0, 'b'), queue(10), queue(9), queue(1), queue(0)];

test('queues are sorted by broker and number, members as strings, before they are shared out', () => {
  const difference = assignmentDifference({ queues, consumerIds: ['c2', 'c10', 'c1'], ownId: 'c10', heldKeys: [] });
  expect(difference?.added).toEqual([queue(9), queue(10)]);
});

test('what is held stays, what is due is added, the rest is dropped', () => {
  const heldKeys = [queueKey(queue(0)), queueKey(queue(1, 'b'))];
  const difference = assignmentDifference({ queues, consumerIds: ['c1', 'c2'], ownId: 'c1', heldKeys });
  expect(difference?.added.map(queueKey)).toEqual(['t@a@1', 't@a@9']);
  expect(difference?.droppedKeys).toEqual(['t@b@1']);
});

test('a member listed twice counts once', () => {
  const difference = assignmentDifference({ queues, consumerIds: ['c1', 'c1'], ownId: 'c1', heldKeys: [] });
  expect(difference?.added.length).toBe(6);
});

test('without queues or members nothing changes; a client that is not listed drops everything', () => {
  const heldKeys = [queueKey(queue(0))];
  for (const broken of [
    { queues: undefined, consumerIds: ['c1'] },
    { queues: [], consumerIds: ['c1'] },
    { queues, consumerIds: undefined },
    { queues, consumerIds: [] },
  ]) {
    expect(assignmentDifference({ ...broken, ownId: 'c1', heldKeys })).toBeUndefined();
  }
  expect(assignmentDifference({ queues, consumerIds: ['c2'], ownId: 'c1', heldKeys })).toEqual({
    added: [],
    droppedKeys: heldKeys,
  });
});
