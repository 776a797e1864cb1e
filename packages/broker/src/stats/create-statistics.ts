import type { Environment } from '@orbitmq/core/kernel';
import { BrokerStats } from './broker-stats.js';
import { StoreStats } from './store-stats.js';
import { TransactionCounters } from './transaction-counters.js';

/** What a broker counts: its traffic, how its transactions end, and what its store does. The first and last are to be started. */
export interface Statistics {
  readonly stats: BrokerStats;
  readonly transactions: TransactionCounters;
  readonly storeStats: StoreStats;
}

export function createStatistics(options: {
  readonly environment: Environment;
  readonly clusterName: string;
  readonly isSystemTopic: (topic: string) => boolean;
  /** See `BrokerStatsOptions.countsByType`. */
  readonly countsByType?: boolean | undefined;
}): Statistics {
  const { environment, clusterName, countsByType, isSystemTopic } = options;
  const { clock, timers } = environment;
  const stats = new BrokerStats({ clock, timers, clusterName, isSystemTopic, countsByType });
  return {
    stats,
    transactions: new TransactionCounters(),
    storeStats: new StoreStats({ clock, timers, totals: () => stats.totals }),
  };
}
