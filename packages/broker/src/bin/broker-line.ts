import type { BrokerConfig } from '../config/broker-config.js';
import { isLoopback } from '../config/broker-config-rules.js';

/** The line a started broker prints: Apache's, then the durability in force and who can reach it. */
export function brokerReadyLine(config: BrokerConfig, address: string): string {
  const nameServer = config.namesrvAddr === '' ? '' : ` and name server is ${config.namesrvAddr}`;
  const durability =
    config.flushDiskType === 'SYNC_FLUSH'
      ? 'disk (SYNC_FLUSH): an answered send survives a power cut'
      : `page-cache (ASYNC_FLUSH): a power cut may lose sends of the last ${config.flushIntervalCommitLog} ms`;
  const reach = isLoopback(config.bindAddress) ? '. Only this machine can connect: set brokerIP1 to be reached from others' : '';
  return `The broker[${config.brokerName}, ${address}] boot success. serializeType=JSON${nameServer}. Durability: ${durability}${reach}`;
}
