import { expect, it } from 'vitest';
import { TransactionCounters } from './transaction-counters.js';

it('counts by topic what is open, committed and rolled back, and how long commits took', () => {
  const counters = new TransactionCounters();
  for (let count = 0; count < 3; count += 1) counters.opened('T');
  counters.closed('T');
  counters.committed('T', 5999);
  counters.closed('T');
  counters.rolledBack('T');
  const topic = counters.byTopic.get('T');
  expect(topic).toMatchObject({ open: 1, committed: 1, rolledBack: 1 });
  expect(topic?.finishSeconds).toMatchObject({ sum: 5, counts: Float64Array.of(1, 0, 0, 0, 0, 0, 0) });
  counters.topicDeleted('T');
  expect(counters.byTopic.size).toBe(0);
});

it('never counts less than none open, nor time backwards', () => {
  const counters = new TransactionCounters();
  counters.closed('T');
  counters.committed('T', -5);
  expect(counters.byTopic.get('T')).toMatchObject({ open: 0, finishSeconds: { sum: 0 } });
});

it('keeps no more topics than its limit', () => {
  const counters = new TransactionCounters(2);
  for (const topic of ['A', 'B', 'C', 'A']) counters.opened(topic);
  expect([...counters.byTopic].map(([topic, { open }]) => [topic, open])).toEqual([
    ['A', 2],
    ['B', 1],
  ]);
});
