/** How transactions end, and how many have not (page 34 §3.2). */
import type { TransactionCounters } from '../stats/transaction-counters.js';
import { counter, gauge, histogram, type MetricFamily } from './metric-family.js';

export function transactionFamilies({ byTopic }: Pick<TransactionCounters, 'byTopic'>): readonly MetricFamily[] {
  const all = Array.from(byTopic, ([topic, counters]) => ({ labels: { topic }, counters }));
  const committed = all.filter(({ counters }) => counters.committed > 0);
  const rolledBack = all.filter(({ counters }) => counters.rolledBack > 0);
  return [
    counter(
      'commit_messages_total',
      committed.map(({ counters, labels }) => ({ labels, value: counters.committed })),
    ),
    counter(
      'rollback_messages_total',
      rolledBack.map(({ counters, labels }) => ({ labels, value: counters.rolledBack })),
    ),
    // In seconds, whatever the name says: as at Apache.
    histogram(
      'finish_message_latency_milliseconds',
      'Transaction finish latency',
      committed.map(({ counters, labels }) => ({ labels, histogram: counters.finishSeconds })),
    ),
    gauge(
      'half_messages',
      all.map(({ counters, labels }) => ({ labels, value: counters.open })),
    ),
  ];
}
