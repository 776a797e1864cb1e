import { expect, test } from 'vitest';
import { outgoing } from '../test-support/fake-cluster.js';
import { choosesQueue, chosenQueueIndex, hasOrder, nextQueueIndex } from './queue-choice.js';

const queue = (brokerName: string, queueId: number) => ({ topic: 't', brokerName, queueId });
const queues = [queue('a', 0), queue('a', 1), queue('b', 0), queue('b', 1)];

test('turns go round; a repeated send passes the broker that failed', () => {
  expect([0, 1, 2, 3, 4].map((count) => nextQueueIndex(queues, count, undefined, undefined))).toEqual([0, 1, 2, 3, 0]);
  expect(nextQueueIndex(queues, 0, 'a', undefined)).toBe(2);
  expect(nextQueueIndex(queues, 3, 'b', undefined)).toBe(0);
  expect(nextQueueIndex(queues.slice(0, 2), 1, 'a', undefined)).toBe(1);
});

test('brokers that failed a moment ago are passed while there is another one', () => {
  const avoid = (...names: string[]) => ({
    isEmpty: names.length === 0,
    isAvoided: (brokerName: string) => names.includes(brokerName),
  });
  const next = (failedBroker: string | undefined, ...names: string[]): number =>
    nextQueueIndex([...queues, queue('c', 0)], 0, failedBroker, avoid(...names));
  expect([next(undefined), next(undefined, 'a'), next(undefined, 'a', 'b')]).toEqual([0, 2, 4]);
  expect([next('a', 'b'), next('b', 'a')]).toEqual([4, 4]);
  // Nobody is free of failures: rather one that failed others than the one that failed this send.
  expect([next(undefined, 'a', 'b', 'c'), next('a', 'a', 'b', 'c')]).toEqual([0, 2]);
  expect(nextQueueIndex(queues.slice(0, 2), 1, 'a', avoid('a'))).toBe(1);
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

test('an idempotency key names its queue, so that a repeat finds the broker; an order goes before it', () => {
  const message = outgoing({ idempotencyKey: 'customer-1' });
  expect([choosesQueue(message), hasOrder(message), chosenQueueIndex(message, 4)]).toEqual([true, false, 2]);
  expect(chosenQueueIndex(outgoing({ idempotencyKey: 'customer-1', shardingKey: 'customer-2' }), 4)).toBe(1);
  expect(chosenQueueIndex(outgoing({ idempotencyKey: 'customer-1', selectQueue: () => 3 }), 4)).toBe(3);
  expect(hasOrder(outgoing({ idempotencyKey: 'a', shardingKey: 'b' }))).toBe(true);
});

/** String.hashCode by definition, in exact arithmetic. */
function javaIndex(key: string, count: number): number {
  let hash = 0n;
  for (let at = 0; at < key.length; at++) hash = BigInt.asIntN(32, hash * 31n + BigInt(key.charCodeAt(at)));
  const rest = Number(hash % BigInt(count));
  return Math.abs(rest);
}
