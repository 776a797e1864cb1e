import { expect, test } from 'vitest';
import { type Delivery, History } from '../../simulation/history.js';
import { latenessOf, latenessText } from './lateness.js';
import { recallViolations } from './timed-shop.js';

function historyOf(...deliveries: readonly (readonly [id: string, broker: string, startedAtMs: number])[]): History {
  const history = new History();
  for (const [id, broker, startedAtMs] of deliveries) {
    const delivery: Delivery = {
      group: 'alarm',
      process: 'worker-1',
      id,
      messageId: id,
      topic: 'reminders',
      queue: `reminders@${broker}@0`,
      queueOffset: 0,
      attempt: 0,
      startedAtMs,
      endedAtMs: undefined,
      pausedAtMs: undefined,
      outcome: undefined,
    };
    history.deliveries.push(delivery);
    history.sent.set(id, {
      parcel: { id, flow: 'reminder', text: '', plan: { failures: 0, execute: 'commit', check: 'commit' } },
      topic: 'reminders',
      tag: undefined,
      keys: [],
      properties: {},
      shardingKey: undefined,
      delayMs: 1000,
      startedAtMs: 0,
      endedAtMs: 10,
      outcome: 'acked',
      error: undefined,
      place: undefined,
      messageId: id,
    });
  }
  return history;
}

test('a message that was taken back and comes from the broker that said so is told; the copy of another broker is not', () => {
  const history = historyOf(['a', 'broker-a', 1], ['b', 'broker-b', 1], ['c', 'broker-a', 1]);
  const takenBack = ['a', 'b'].map((id) => ({ id, brokerName: 'broker-a' }));
  expect(recallViolations(history, takenBack)).toEqual(['recall a was taken back, and came to alarm from reminders@broker-a@0']);
});

test('lateness counts from the moment that was asked for, and says what disturbances add', () => {
  const history = historyOf(['a', 'broker-a', 1110], ['b', 'broker-a', 1510], ['c', 'broker-a', 28_010], ['d', 'broker-a', 1]);
  const kill = { atMs: 3000, what: 'a kill', settleMs: 1000, isBrokerEnd: true, isKill: true };
  const lateness = latenessOf('for moments', history, [kill], (id) => id !== 'd');
  expect(lateness).toEqual({ what: 'for moments', count: 2, p50Ms: 100, p99Ms: 100, maxMs: 500, worstMs: 27_000 });
  expect(latenessText(lateness)).toBe(
    'late for moments: p50 100, p99 100, at most 500 ms of 2 in quiet times; 27000 ms among disturbances',
  );
});
