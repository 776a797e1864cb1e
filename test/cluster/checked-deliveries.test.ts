/** The judge of the cluster test finds what it is there to find. */
import { expect, test } from 'vitest';
import type { InteropDelivery } from '../interop/interop-client.js';
import { lost, orderViolations, repeatedCount } from './checked-deliveries.js';

function delivery(body: string, queueOffset: number, place: Partial<InteropDelivery> = {}): InteropDelivery {
  const queue = { topic: 'T', brokerName: 'a', queueId: 0, queueOffset };
  return { body, ...queue, tag: undefined, keys: '', reconsumeTimes: 0, msgId: '', at: 0, ...place };
}

test('what was acknowledged and nobody got is lost', () => {
  expect(lost(['k:0', 'k:1', 'k:2'], [delivery('k:2', 2), delivery('k:0', 0)])).toEqual(['k:1']);
});

test('a place seen twice is a repetition, a message stored twice is not', () => {
  const deliveries = [delivery('k:0', 0), delivery('k:0', 0), delivery('k:0', 1), delivery('k:0', 0, { brokerName: 'b' })];
  expect(repeatedCount(deliveries)).toBe(1);
});

test('order is that of each queue at first sight', () => {
  const repeatedLater = [delivery('k:0', 0), delivery('k:1', 1), delivery('k:0', 0), delivery('k:2', 2)];
  expect(orderViolations(repeatedLater)).toEqual([]);
  const betweenQueues = [delivery('k:5', 5), delivery('k:0', 0, { queueId: 1 }), delivery('k:1', 1, { brokerName: 'b' })];
  expect(orderViolations(betweenQueues)).toEqual([]);
  expect(orderViolations([delivery('k:1', 1), delivery('j:0', 0)])).toEqual(['T@a@0: 0 after 1']);
  expect(orderViolations([delivery('k:1', 0), delivery('k:0', 1)])).toEqual(['T@a@0 k: 0 after 1']);
});
