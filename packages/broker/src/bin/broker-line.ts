import type { BrokerConfig } from '../config/broker-config.js';
import { isLoopback } from '../config/broker-config-rules.js';

/** How long an answered message of ASYNC_FLUSH waits for its flush at most. */
function asyncWindowMs(config: BrokerConfig): number {
  const { flushCommitLogLeastPages, flushCommitLogThoroughInterval, flushIntervalCommitLog } = config;
  return flushIntervalCommitLog + (flushCommitLogLeastPages === 0 ? 0 : flushCommitLogThoroughInterval);
}

/** The line a started broker prints: Apache's, then the durability in force and who can reach it. */
export function brokerReadyLine(config: BrokerConfig, address: string): string {
  const nameServer = config.namesrvAddr === '' ? '' : ` and name server is ${config.namesrvAddr}`;
  const durability =
    config.flushDiskType === 'SYNC_FLUSH'
      ? 'disk (SYNC_FLUSH): an answered send survives a power cut'
      : `page-cache (ASYNC_FLUSH): a power cut may lose sends of the last ${asyncWindowMs(config)} ms`;
  const reach = isLoopback(config.bindAddress) ? '. Only this machine can connect: set brokerIP1 to be reached from others' : '';
  return `The broker[${config.brokerName}, ${address}] boot success. serializeType=JSON${nameServer}. Durability: ${durability}${reach}`;
}
