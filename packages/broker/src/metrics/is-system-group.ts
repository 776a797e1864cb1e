import { isBrokerGroup } from '../offset/client-offsets.js';

/** Groups with a meaning of their own (Java: MixAll.isSysConsumerGroup and its predefined groups). */
const predefined: ReadonlySet<string> = new Set([
  'DEFAULT_CONSUMER',
  'TOOLS_CONSUMER',
  'SCHEDULE_CONSUMER',
  'FILTERSRV_CONSUMER',
  '__MONITOR_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
]);

export function isSystemGroup(group: string): boolean {
  return predefined.has(group) || isBrokerGroup(group);
}
