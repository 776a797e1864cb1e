import { expect, test } from 'vitest';
import { outgoing } from '../test-support/fake-cluster.js';
import { choosesQueue, chosenQueueIndex, nextQueueIndex } from './queue-choice.js';

const queue = (brokerName: string, queueId: number) => ({ topic: 't', brokerName, queueId });
const queues = [queue('a', 0), queue('a', 1), queue('b', 0), queue('b', 1)];

test('turns go round; a repeated send passes the broker that failed', () => {
  expect([0, 1, 2, 3, 4].map((count) => nextQueueIndex(queues, count, undefined))).toEqual([0, 1, 2, 3, 0]);
  expect(nextQueueIndex(queues, 0, 'a')).toBe(2);
  expect(nextQueueIndex(queues, 3, 'b')).toBe(0);
  expect(nextQueueIndex(queues.slice(0, 2), 1, 'a')).toBe(1);
});

test.each([
  ['customer-1', 4, 2],
  ['customer-2', 4, 1],
  ['polygenelubricants', 4, 0],
  ['ä', 8, 4],
])('the sharding key %s of %i queues goes where Java sends it: the remainder of its hashCode', (shardingKey, count, index) => {
  const message = outgoing({ shardingKey });
  expect(choosesQueue(message)).toBe(true);
  expect(chosenQueueIndex(message, count)).toBe(javaIndex(shardingKey, count));
  expect(chosenQueueIndex(message, count)).toBe(index);
});

test('a selector goes before the key, and has to name a queue', () => {
  const message = outgoing({ shardingKey: 'x', selectQueue: (count) => count - 1 });
  expect(chosenQueueIndex(message, 3)).toBe(2);
  for (const index of [-1, 3, 0.5, Number.NaN]) {
    expect(() => chosenQueueIndex(outgoing({ selectQueue: () => index }), 3)).toThrow(/expected an index from 0 to 2/);
  }
  expect(choosesQueue(outgoing())).toBe(false);
});

/** String.hashCode by definition, in exact arithmetic. */
function javaIndex(key: string, count: number): number {
  let hash = 0n;
  for (let at = 0; at < key.length; at++) hash = BigInt.asIntN(32, hash * 31n + BigInt(key.charCodeAt(at)));
  const rest = Number(hash % BigInt(count));
  return Math.abs(rest);
}
