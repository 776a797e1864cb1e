import { expect, test } from 'vitest';
import { AssignedQueue } from './assigned-queue.js';
import { DeliveryCall } from './delivery-call.js';
import { DeliveryCalls } from './delivery-calls.js';
import { ProcessQueue } from './process-queue.js';

function setUp(count: number) {
  const calls = new DeliveryCalls();
  const queue = new AssignedQueue({
    queue: { topic: 'orders', brokerName: 'broker-a', queueId: 0 },
    processQueue: new ProcessQueue(0, { countMax: 1, sizeBytesMax: 1, spanMax: 1 }),
    lockedAtMs: 0,
    confirmedOffset: undefined,
    confirmedAtMs: 0,
  });
  const made = Array.from({ length: count }, (_, index) => new DeliveryCall('g', queue, [], index));
  for (const call of made) calls.add(call);
  const order = (): number[] => Array.from(calls, (call) => call.startedAtMs);
  return { calls, made, order };
}

test('oldest first, whichever is removed', () => {
  for (const removals of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [1, 2, 0],
  ]) {
    const { calls, made, order } = setUp(3);
    const left = [0, 1, 2];
    for (const index of removals) {
      expect(order()).toEqual(left);
      expect(calls.size).toBe(left.length);
      calls.remove(made[index] as DeliveryCall);
      left.splice(left.indexOf(index), 1);
    }
    expect(order()).toEqual([]);
    expect(calls.size).toBe(0);
    calls.add(made[1] as DeliveryCall);
    expect(order()).toEqual([1]);
  }
});

test('a removed call holds on to no other one', () => {
  const { calls, made } = setUp(3);
  const [, second] = made;
  calls.remove(second as DeliveryCall);
  expect(second).toMatchObject({ older: undefined, newer: undefined });
});

test('the call at hand may be removed while they are looked through', () => {
  const { calls, order } = setUp(4);
  const seen: number[] = [];
  for (const call of calls) {
    seen.push(call.startedAtMs);
    if (call.startedAtMs % 2 === 0) calls.remove(call);
  }
  expect(seen).toEqual([0, 1, 2, 3]);
  expect(order()).toEqual([1, 3]);
});
