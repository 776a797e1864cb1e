/** The answer to a scrape (Java: BrokerMetricsManager with those of store, timer and remoting; page 34 §3.2). */
import { Turns } from '../metadata/turns.js';
import type { TransactionCounters } from '../stats/transaction-counters.js';
import { type BrokerSources, brokerFamilies } from './broker-families.js';
import { type ConnectionSources, connectionFamilies } from './connection-families.js';
import { type LagOptions, lagFamilies } from './lag-families.js';
import type { Labels, MetricFamily } from './metric-family.js';
import { prometheusText } from './prometheus-text.js';
import type { RpcMeter } from './rpc-meter.js';
import { type StorageSources, storageFamilies } from './storage-families.js';
import { type TimerSources, timerFamilies } from './timer-families.js';
import { type TrafficSource, trafficFamilies } from './traffic-families.js';
import { transactionFamilies } from './transaction-families.js';

export type BrokerMetricsOptions = BrokerSources & ConnectionSources & LagOptions & StorageSources & TimerSources & Counted;

interface Counted {
  readonly stats: TrafficSource;
  readonly transactions: Pick<TransactionCounters, 'byTopic'>;
  readonly rpc: Pick<RpcMeter, 'families'>;
  /** Of every series. */
  readonly labels: Labels;
  /** In one family. */
  readonly samplesMax: number;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
}

export async function brokerMetrics(options: BrokerMetricsOptions): Promise<string> {
  const turns = new Turns(options.pause);
  const families: MetricFamily[] = [
    ...brokerFamilies(options),
    ...(await trafficFamilies(options.stats, options.isSystemTopic, turns)),
    ...transactionFamilies(options.transactions),
    ...(await connectionFamilies(options, turns)),
    ...(await timerFamilies(options)),
    ...options.rpc.families(),
    ...(await storageFamilies(options)),
    ...(await lagFamilies(options, turns)),
  ];
  return prometheusText(families, options);
}
