/**
 * The broker's configuration under RocketMQ's key names (page 23). Durations in milliseconds, sizes in bytes unless the
 * key's own meaning says otherwise. Defaults are RocketMQ 5.5's, but for `flushDiskType` (SYNC_FLUSH here) and the
 * addresses: without a configured one the broker listens on the loopback interface only (docs/compatibility.md).
 */
export interface BrokerConfig {
  readonly brokerClusterName: string;
  readonly brokerName: string;
  /** Always 0: a broker of this version is a master. */
  readonly brokerId: number;
  readonly brokerRole: 'ASYNC_MASTER';
  /** `host:port;host:port`; empty: no NameServer. */
  readonly namesrvAddr: string;
  /** 0 picks a free port. */
  readonly listenPort: number;
  /** RocketMQ 5: bindAddress. Default 127.0.0.1; `0.0.0.0` when brokerIP1 is configured and not a loopback address. */
  readonly bindAddress: string;
  /** Advertised to clients; must be an IP address, since clients decode it from message ids. Default: bindAddress. */
  readonly brokerIP1: string;
  readonly brokerIP2: string;
  readonly haListenPort: number;
  /** 6 read and write, 4 read, 2 write. */
  readonly brokerPermission: number;
  readonly registerNameServerPeriod: number;
  readonly registerBrokerTimeoutMills: number;
  /** A registration comes in parts of `splitRegistrationSize` topics. Without it only one that does not fit a request does. */
  readonly enableSplitRegistration: boolean;
  readonly splitRegistrationSize: number;
  /** Topics or groups in one page of an answer to who asks for pages (requests 21 and 201). */
  readonly splitMetadataSize: number;
  readonly serverChannelMaxIdleTimeSeconds: number;
  readonly channelExpiredTimeout: number;
  readonly regionId: string;
  readonly traceOn: boolean;

  /** PROM: figures of the broker at `GET /metrics`. The others of Apache's are not built: they are taken, with a warning. */
  readonly metricsExporterType: 'DISABLE' | 'OTLP_GRPC' | 'PROM' | 'LOG';
  /** 0 picks a free port. */
  readonly metricsPromExporterPort: number;
  /** Where the port listens. Empty: on the loopback interface only (Apache: on every one). */
  readonly metricsPromExporterHost: string;
  /** Labels of every series: `name:value,name:value`. */
  readonly metricsLabel: string;
  /** Series of one name; further ones are added up in one. */
  readonly metricsOtelCardinalityLimit: number;

  readonly defaultTopicQueueNums: number;
  readonly autoCreateTopicEnable: boolean;
  readonly autoCreateSubscriptionGroup: boolean;
  readonly clusterTopicEnable: boolean;
  readonly brokerTopicEnable: boolean;
  readonly traceTopicEnable: boolean;
  /** The topic that `traceTopicEnable` makes at the start. */
  readonly msgTraceTopicName: string;
  /** Topics of message type MIXED may be created. */
  readonly enableMixedMessageType: boolean;
  /** The pop retry topics of a topic go with it. */
  readonly clearRetryTopicWhenDeleteTopic: boolean;
  /** Keys that request 25 may not change, joined by `;`. */
  readonly configBlackList: string;

  readonly longPollingEnable: boolean;
  readonly shortPollingTimeMills: number;
  /** False: the pulls of 5.x's lite pull consumers (361) are refused. */
  readonly litePullMessageEnable: boolean;
  readonly flushConsumerOffsetInterval: number;
  readonly notifyConsumerIdsChangedEnable: boolean;
  readonly maxTransferBytesOnMessageInMemory: number;
  readonly maxTransferCountOnMessageInMemory: number;
  readonly maxTransferBytesOnMessageInDisk: number;
  readonly maxTransferCountOnMessageInDisk: number;
  readonly maxFilterMessageSize: number;
  /** Consumers may filter by SQL92 expressions over properties. */
  readonly enablePropertyFilter: boolean;
  /** Resets of offsets by operators: at the next pull of each queue (5.2 and later), or told to the clients (4.9). */
  readonly useServerSideResetOffset: boolean;
  /** A group's expression also decides on what it gets again. */
  readonly filterSupportRetry: boolean;
  readonly sendThreadPoolQueueCapacity: number;
  /** Before this time, epoch ms, sends are refused; 0: none are. */
  readonly startAcceptSendRequestTimeStamp: number;
  /** A write to the log that takes longer stalls the broker: sends are refused until it ends (docs/compatibility.md, "Flow control"). */
  readonly osPageCacheBusyTimeOutMills: number;
  /** Requests that waited too long for their turn on their connection are refused; the next keys say how long, by kind. */
  readonly brokerFastFailureEnable: boolean;
  readonly waitTimeMillsInSendQueue: number;
  readonly waitTimeMillsInPullQueue: number;
  readonly waitTimeMillsInLitePullQueue: number;
  readonly waitTimeMillsInHeartbeatQueue: number;
  readonly waitTimeMillsInTransactionQueue: number;
  readonly waitTimeMillsInAdminBrokerQueue: number;
  /** Ours: the priority of a message names its queue on topics of every type, as at 5.5.0, not only on those of type PRIORITY. Default: false. */
  readonly priorityOnAllTopics: boolean;
  /** A stop first sends the clients of 5.3.2 and later elsewhere (GO_AWAY) and serves the others, for `shutdownWaitTimeSeconds`. */
  readonly enableShutdownGracefully: boolean;
  readonly shutdownWaitTimeSeconds: number;
  /** Replies of request/reply that are being handed on; beyond it they are refused. */
  readonly replyThreadPoolQueueCapacity: number;
  /** Replies are also stored, in the topic that they name. */
  readonly storeReplyMessageEnable: boolean;

  readonly rejectTransactionMessage: boolean;
  readonly transactionTimeOut: number;
  readonly transactionCheckMax: number;
  readonly transactionCheckInterval: number;

  readonly messageDelayLevel: string;
  readonly flushDelayOffsetInterval: number;

  /** Timed messages of 5.x (`TIMER_DELAY_SEC` and its like) are taken. False: they are refused. */
  readonly timerWheelEnable: boolean;
  /** Length of a tick: 1000, 500, 200 or 100; others count as the next one below. */
  readonly timerPrecisionMs: number;
  /** How far ahead, in seconds, a message may be timed. */
  readonly timerMaxDelaySec: number;
  /** A message further ahead, in ticks, is stored again on its way; at most two thirds of `fileReservedTime`, so that no log file expires under it. */
  readonly timerRollWindowSlot: number;
  readonly timerFlushIntervalMs: number;
  readonly mappedFileSizeTimerLog: number;
  /** Messages of one tick from which on further ones are refused by chance, from twice as many on always. */
  readonly timerCongestNumEachSlot: number;
  /** Timed messages can be taken back (RECALL_MESSAGE): answers to their sends name a handle. */
  readonly recallMessageEnable: boolean;
  /** A recall names the topic before the key, as 5.3.2 and 5.3.3 do. */
  readonly appendTopicForTimerDeleteKey: boolean;

  /**
   * Ours: how long a key of a send (`ORBITMQ_IDEMPOTENCY_KEY`) is remembered, from the first message with it on; 0: keys mean
   * nothing. A start without a usable snapshot of the keys reads the log of this time. Default: 600,000.
   */
  readonly idempotencyWindowMs: number;
  /** Ours: keys remembered at a time, at 52 bytes each; beyond, the oldest is forgotten. Default: 524,288. */
  readonly idempotencyKeysMax: number;

  readonly storePathRootDir: string;
  readonly storePathCommitLog: string;
  readonly mappedFileSizeCommitLog: number;
  readonly mappedFileSizeConsumeQueue: number;
  readonly maxMessageSize: number;
  readonly flushDiskType: 'SYNC_FLUSH' | 'ASYNC_FLUSH';
  /** ASYNC_FLUSH: how often the log is flushed. */
  readonly flushIntervalCommitLog: number;
  /** False, together with `wakeFlushWhenPutMessage`: a put does not wait for the interval. */
  readonly flushCommitLogTimed: boolean;
  readonly wakeFlushWhenPutMessage: boolean;
  /** Fewer dirty pages of 4 KiB wait for the thorough interval. Default 0 (Apache: 4): nothing waits longer than one interval. */
  readonly flushCommitLogLeastPages: number;
  readonly flushCommitLogThoroughInterval: number;
  readonly flushIntervalConsumeQueue: number;
  readonly flushConsumeQueueLeastPages: number;
  readonly flushConsumeQueueThoroughInterval: number;
  readonly syncFlushTimeout: number;
  readonly checkCRCOnRecover: boolean;
  /** Recovery also verifies the CRC that RocketMQ 5.2 and later append as a property under `enabledAppendPropCRC`. */
  readonly forceVerifyPropCRC: boolean;

  /** Whether messages can be found by key. */
  readonly messageIndexEnable: boolean;
  /** Hash slots of an index file. Another value makes the index anew. */
  readonly maxHashSlotNum: number;
  /** Keys in an index file. Another value makes the index anew. */
  readonly maxIndexNum: number;
  /** Messages in the answer to a query by key. */
  readonly maxMsgsNumBatch: number;
  /** The same for a query by unique key, whatever it asks for. */
  readonly defaultQueryMaxNum: number;

  /** Hours of the day, local time, at which old log files are deleted: `04`, `04;16`. */
  readonly deleteWhen: string;
  /** Age, in hours since its last write, at which a log file is old. */
  readonly fileReservedTime: number;
  /** Pauses between two deletions of a round, and deletions in one round. */
  readonly deleteCommitLogFilesInterval: number;
  readonly deleteConsumeQueueFilesInterval: number;
  readonly deleteFileBatchMax: number;
  /** Java: how long a file waits for its readers. Here a file is removed at once, and closed after its last read. */
  readonly destroyMapedFileIntervalForcibly: number;
  /** A file that the system would not remove is tried again after this long. */
  readonly redeleteHangedFileInterval: number;
  /** Between two rounds of the deletion. */
  readonly cleanResourceInterval: number;
  /** Percent of the partition in use. Above: old files go at any hour. Java clamps it to 10..95, and so do we. */
  readonly diskMaxUsedSpaceRatio: number;
  /** Above: the oldest files go though they are not old (30..85). */
  readonly diskSpaceCleanForciblyRatio: number;
  /** Above: sends are refused, until it is at `diskSpaceCleanForciblyRatio` again (35..90). */
  readonly diskSpaceWarningLevelRatio: number;
  readonly cleanFileForciblyEnable: boolean;
}

export const defaultBrokerConfig: BrokerConfig = {
  brokerClusterName: 'DefaultCluster',
  brokerName: 'DEFAULT_BROKER',
  brokerId: 0,
  brokerRole: 'ASYNC_MASTER',
  namesrvAddr: '',
  listenPort: 10911,
  bindAddress: '127.0.0.1',
  brokerIP1: '127.0.0.1',
  brokerIP2: '127.0.0.1',
  haListenPort: 0,
  brokerPermission: 6,
  registerNameServerPeriod: 30_000,
  registerBrokerTimeoutMills: 24_000,
  enableSplitRegistration: false,
  splitRegistrationSize: 800,
  splitMetadataSize: 2000,
  serverChannelMaxIdleTimeSeconds: 120,
  channelExpiredTimeout: 120_000,
  regionId: 'DefaultRegion',
  traceOn: true,
  metricsExporterType: 'DISABLE',
  metricsPromExporterPort: 5557,
  metricsPromExporterHost: '',
  metricsLabel: '',
  metricsOtelCardinalityLimit: 50_000,
  defaultTopicQueueNums: 8,
  autoCreateTopicEnable: true,
  autoCreateSubscriptionGroup: true,
  clusterTopicEnable: true,
  brokerTopicEnable: true,
  traceTopicEnable: false,
  msgTraceTopicName: 'RMQ_SYS_TRACE_TOPIC',
  enableMixedMessageType: false,
  clearRetryTopicWhenDeleteTopic: true,
  configBlackList: 'configBlackList;brokerConfigPath',
  longPollingEnable: true,
  shortPollingTimeMills: 1000,
  litePullMessageEnable: true,
  enablePropertyFilter: false,
  useServerSideResetOffset: true,
  filterSupportRetry: false,
  flushConsumerOffsetInterval: 5000,
  notifyConsumerIdsChangedEnable: true,
  maxTransferBytesOnMessageInMemory: 262_144,
  maxTransferCountOnMessageInMemory: 32,
  maxTransferBytesOnMessageInDisk: 65_536,
  maxTransferCountOnMessageInDisk: 8,
  maxFilterMessageSize: 16_000,
  sendThreadPoolQueueCapacity: 10_000,
  startAcceptSendRequestTimeStamp: 0,
  osPageCacheBusyTimeOutMills: 1000,
  brokerFastFailureEnable: true,
  waitTimeMillsInSendQueue: 200,
  waitTimeMillsInPullQueue: 5000,
  waitTimeMillsInLitePullQueue: 5000,
  waitTimeMillsInHeartbeatQueue: 31_000,
  waitTimeMillsInTransactionQueue: 3000,
  waitTimeMillsInAdminBrokerQueue: 5000,
  priorityOnAllTopics: false,
  enableShutdownGracefully: false,
  shutdownWaitTimeSeconds: 30,
  replyThreadPoolQueueCapacity: 10_000,
  storeReplyMessageEnable: true,
  rejectTransactionMessage: false,
  transactionTimeOut: 6000,
  transactionCheckMax: 15,
  transactionCheckInterval: 30_000,
  messageDelayLevel: '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h',
  flushDelayOffsetInterval: 10_000,
  timerWheelEnable: true,
  timerPrecisionMs: 1000,
  timerMaxDelaySec: 259_200,
  timerRollWindowSlot: 172_800,
  timerFlushIntervalMs: 1000,
  mappedFileSizeTimerLog: 104_857_600,
  timerCongestNumEachSlot: 2_147_483_647,
  recallMessageEnable: false,
  appendTopicForTimerDeleteKey: false,
  idempotencyWindowMs: 600_000,
  idempotencyKeysMax: 524_288,
  storePathRootDir: '',
  storePathCommitLog: '',
  mappedFileSizeCommitLog: 1_073_741_824,
  mappedFileSizeConsumeQueue: 6_000_000,
  maxMessageSize: 4_194_304,
  flushDiskType: 'SYNC_FLUSH',
  flushIntervalCommitLog: 500,
  flushCommitLogTimed: true,
  wakeFlushWhenPutMessage: false,
  flushCommitLogLeastPages: 0,
  flushCommitLogThoroughInterval: 10_000,
  flushIntervalConsumeQueue: 1000,
  flushConsumeQueueLeastPages: 2,
  flushConsumeQueueThoroughInterval: 60_000,
  syncFlushTimeout: 5000,
  checkCRCOnRecover: true,
  forceVerifyPropCRC: false,
  messageIndexEnable: true,
  maxHashSlotNum: 5_000_000,
  maxIndexNum: 20_000_000,
  maxMsgsNumBatch: 64,
  defaultQueryMaxNum: 32,
  deleteWhen: '04',
  fileReservedTime: 72,
  deleteCommitLogFilesInterval: 100,
  deleteConsumeQueueFilesInterval: 100,
  deleteFileBatchMax: 10,
  destroyMapedFileIntervalForcibly: 120_000,
  redeleteHangedFileInterval: 120_000,
  cleanResourceInterval: 10_000,
  diskMaxUsedSpaceRatio: 75,
  diskSpaceCleanForciblyRatio: 85,
  diskSpaceWarningLevelRatio: 90,
  cleanFileForciblyEnable: true,
};
