/** Which processor answers which code, for what the broker tells of itself (page 32 §3). */
import { RequestCode } from '@orbitmq/protocol';
import type { RequestProcessor } from '@orbitmq/remoting';
import type { BrokerStats } from '../stats/broker-stats.js';
import { RuntimeInfoProcessor, type RuntimeInfoProcessorOptions } from './admin/broker/runtime-info-processor.js';
import { ViewStatsProcessor } from './admin/broker/view-stats.js';

export interface StatisticsProcessorsOptions extends RuntimeInfoProcessorOptions {
  readonly stats: BrokerStats;
}

export function createStatisticsProcessors(
  options: StatisticsProcessorsOptions,
): readonly { readonly codes: readonly number[]; readonly processor: RequestProcessor }[] {
  return [
    { codes: [RequestCode.GET_BROKER_RUNTIME_INFO], processor: new RuntimeInfoProcessor(options) },
    { codes: [RequestCode.VIEW_BROKER_STATS_DATA], processor: new ViewStatsProcessor(options.stats) },
  ];
}
