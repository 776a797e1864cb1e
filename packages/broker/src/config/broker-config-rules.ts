/** Type and range of every key of `broker.conf` (page 23). */
import { type BoundConfig, bindConfig } from './bind-config.js';
import { type BrokerConfig, defaultBrokerConfig } from './broker-config.js';
import {
  addressList,
  anyText,
  boolean,
  type ConfigRule,
  type ConfigRules,
  count,
  integer,
  ipAddress,
  matching,
  oneOf,
  port,
  positive,
} from './config-rules.js';
import { brokerKeysWithoutEffect } from './keys-without-effect.js';

/** Cluster and broker names are names of topics as well. */
const name = matching(/^[A-Za-z0-9_%|-]{1,100}$/, 'letters, digits and _ - % |, at most 100');
const delayLevels = matching(/^\d{1,9}[smhd]( +\d{1,9}[smhd])*$/, 'durations such as "1s 5m 2h 1d", separated by blanks');
const hour = '([01]?[0-9]|2[0-3])';
const hoursOfDay = matching(new RegExp(`^${hour}(;${hour})*;?$`), 'hours from 0 to 23, several separated by ";"');
const topicName = matching(/^[A-Za-z0-9_%|-]{1,127}$/, 'letters, digits and _ - % |, at most 127');
const percent = integer(0, 100);
/** It is a property of every message, and a field of every answer to a send. */
const region = matching(/^[ -~]{0,255}$/, 'at most 255 printable ASCII characters');
/** By name or by number, as Apache's. */
const exporterTypes = ['DISABLE', 'OTLP_GRPC', 'PROM', 'LOG'] as const;
const exporterType: ConfigRule<(typeof exporterTypes)[number]> = {
  allowed: 'DISABLE, PROM, or their numbers 0 and 2',
  parse: (text) => {
    const name = text.toUpperCase();
    return name === '' ? 'DISABLE' : exporterTypes.find((type, number) => type === name || String(number) === name);
  },
};
const labels = matching(/^([^:,]+:[^,]+(,+|$))*$/, 'name:value, several separated by ","');
/** A record of the largest message has to fit with its frame into 16 MiB. */
const messageSize = integer(1, 16_000_000);

const rules: ConfigRules<BrokerConfig> = {
  brokerClusterName: name,
  brokerName: name,
  brokerId: integer(0, 0),
  brokerRole: oneOf('ASYNC_MASTER'),
  namesrvAddr: addressList,
  listenPort: port,
  bindAddress: ipAddress,
  brokerIP1: ipAddress,
  brokerIP2: ipAddress,
  haListenPort: port,
  brokerPermission: oneOfNumbers(6, 4, 2),
  registerNameServerPeriod: positive,
  registerBrokerTimeoutMills: positive,
  enableSplitRegistration: boolean,
  // A NameServer refuses a first part of one topic, which it takes for the announcement of a change.
  splitRegistrationSize: integer(2, 2_147_483_647),
  splitMetadataSize: positive,
  serverChannelMaxIdleTimeSeconds: positive,
  channelExpiredTimeout: positive,
  regionId: region,
  traceOn: boolean,
  metricsExporterType: exporterType,
  metricsPromExporterPort: port,
  metricsPromExporterHost: { allowed: 'an IP address, or nothing', parse: (text) => (text === '' ? '' : ipAddress.parse(text)) },
  metricsLabel: labels,
  metricsOtelCardinalityLimit: positive,
  defaultTopicQueueNums: integer(1, 65_536),
  autoCreateTopicEnable: boolean,
  autoCreateSubscriptionGroup: boolean,
  clusterTopicEnable: boolean,
  brokerTopicEnable: boolean,
  traceTopicEnable: boolean,
  msgTraceTopicName: topicName,
  enableMixedMessageType: boolean,
  clearRetryTopicWhenDeleteTopic: boolean,
  configBlackList: anyText,
  longPollingEnable: boolean,
  shortPollingTimeMills: positive,
  litePullMessageEnable: boolean,
  flushConsumerOffsetInterval: positive,
  notifyConsumerIdsChangedEnable: boolean,
  maxTransferBytesOnMessageInMemory: positive,
  maxTransferCountOnMessageInMemory: positive,
  maxTransferBytesOnMessageInDisk: positive,
  maxTransferCountOnMessageInDisk: positive,
  maxFilterMessageSize: positive,
  enablePropertyFilter: boolean,
  useServerSideResetOffset: boolean,
  filterSupportRetry: boolean,
  sendThreadPoolQueueCapacity: positive,
  // The last time that a date can name.
  startAcceptSendRequestTimeStamp: integer(0, 8_640_000_000_000_000),
  osPageCacheBusyTimeOutMills: positive,
  brokerFastFailureEnable: boolean,
  waitTimeMillsInSendQueue: positive,
  waitTimeMillsInPullQueue: positive,
  waitTimeMillsInLitePullQueue: positive,
  waitTimeMillsInHeartbeatQueue: positive,
  waitTimeMillsInTransactionQueue: positive,
  waitTimeMillsInAdminBrokerQueue: positive,
  priorityOnAllTopics: boolean,
  enableShutdownGracefully: boolean,
  shutdownWaitTimeSeconds: integer(0, 3600),
  replyThreadPoolQueueCapacity: positive,
  storeReplyMessageEnable: boolean,
  rejectTransactionMessage: boolean,
  transactionTimeOut: count,
  transactionCheckMax: count,
  transactionCheckInterval: positive,
  messageDelayLevel: delayLevels,
  flushDelayOffsetInterval: positive,
  timerWheelEnable: boolean,
  timerPrecisionMs: positive,
  // The wheel holds seven days at a precision of a second, and a year is what anybody means.
  timerMaxDelaySec: integer(0, 31_622_400),
  timerRollWindowSlot: integer(2, 604_740),
  timerFlushIntervalMs: positive,
  mappedFileSizeTimerLog: integer(1024, 2_147_483_647),
  timerCongestNumEachSlot: positive,
  recallMessageEnable: boolean,
  appendTopicForTimerDeleteKey: boolean,
  idempotencyWindowMs: integer(0, 604_800_000),
  idempotencyKeysMax: integer(1, 16_777_216),
  storePathRootDir: anyText,
  storePathCommitLog: anyText,
  mappedFileSizeCommitLog: integer(65_536, 2_147_483_647),
  mappedFileSizeConsumeQueue: integer(20, 2_147_483_647),
  maxMessageSize: messageSize,
  flushDiskType: oneOf('SYNC_FLUSH', 'ASYNC_FLUSH'),
  flushIntervalCommitLog: positive,
  flushCommitLogTimed: boolean,
  wakeFlushWhenPutMessage: boolean,
  flushCommitLogLeastPages: count,
  flushCommitLogThoroughInterval: positive,
  flushIntervalConsumeQueue: positive,
  flushConsumeQueueLeastPages: count,
  flushConsumeQueueThoroughInterval: positive,
  syncFlushTimeout: positive,
  checkCRCOnRecover: boolean,
  forceVerifyPropCRC: boolean,
  messageIndexEnable: boolean,
  maxHashSlotNum: integer(1, 100_000_000),
  maxIndexNum: integer(2, 100_000_000),
  maxMsgsNumBatch: integer(1, 10_000),
  defaultQueryMaxNum: integer(1, 10_000),
  deleteWhen: hoursOfDay,
  fileReservedTime: integer(0, 1_000_000),
  deleteCommitLogFilesInterval: count,
  deleteConsumeQueueFilesInterval: count,
  deleteFileBatchMax: positive,
  destroyMapedFileIntervalForcibly: count,
  redeleteHangedFileInterval: positive,
  cleanResourceInterval: positive,
  diskMaxUsedSpaceRatio: percent,
  diskSpaceCleanForciblyRatio: percent,
  diskSpaceWarningLevelRatio: percent,
  cleanFileForciblyEnable: boolean,
};

/** The rule of a key; undefined for one that is unknown or has no effect. */
export function brokerConfigRule(key: string): ConfigRule<unknown> | undefined {
  return Object.hasOwn(rules, key) ? rules[key as keyof BrokerConfig] : undefined;
}

/** Spelled differently up to 4.5; Apache's later versions ignore the old names silently. */
export const renamedKeys: ReadonlyMap<string, string> = new Map([
  ['mapedFileSizeCommitLog', 'mappedFileSizeCommitLog'],
  ['mapedFileSizeConsumeQueue', 'mappedFileSizeConsumeQueue'],
]);

/**
 * The broker's configuration from the keys of a file, over `defaults`. Addresses that were not given follow from those that
 * were: see `BrokerConfig.bindAddress` and `brokerIP1`. `wildcardAddress` is advertised when the broker listens on every
 * interface and no address was given. Throws a `ConfigError`.
 */
export function bindBrokerConfig(
  properties: ReadonlyMap<string, string>,
  defaults: BrokerConfig = defaultBrokerConfig,
  wildcardAddress?: string,
): BoundConfig<BrokerConfig> {
  const bound = bindConfig(properties, rules, defaults, renamedKeys, brokerKeysWithoutEffect);
  return { ...bound, config: { ...bound.config, ...addressesOf(bound, wildcardAddress) } };
}

function addressesOf(
  { config, given }: BoundConfig<BrokerConfig>,
  wildcardAddress: string | undefined,
): Pick<BrokerConfig, 'bindAddress' | 'brokerIP1' | 'brokerIP2'> {
  let { bindAddress, brokerIP1 } = config;
  if (given.has('brokerIP1') && !given.has('bindAddress')) bindAddress = isLoopback(brokerIP1) ? brokerIP1 : '0.0.0.0';
  if (given.has('bindAddress') && !given.has('brokerIP1')) {
    brokerIP1 = isWildcard(bindAddress) ? (wildcardAddress ?? brokerIP1) : bindAddress;
  }
  return { bindAddress, brokerIP1, brokerIP2: given.has('brokerIP2') ? config.brokerIP2 : brokerIP1 };
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function oneOfNumbers(...values: readonly number[]): {
  readonly allowed: string;
  readonly parse: (text: string) => number | undefined;
} {
  return { allowed: values.join(', '), parse: (text) => values.find((value) => String(value) === text) };
}
