/**
 * Keys of Apache's that change nothing here (page 23). A file made for an Apache broker is taken as it is: silent is what
 * asks for what happens anyway, and what tunes parts that do not exist here; a warning names what asks for something else,
 * since its author counts on it.
 */
export interface KeyWithoutEffect {
  readonly reason: string;
  /** Values, in lower case, that ask for what happens anyway. */
  readonly silentValues: readonly string[] | 'all';
}

const inOneLoop = 'it tunes threads, locks or buffers of the Java process, which do not exist here';
const noPool = 'answered messages are always in the files of the log, never only in memory of the process';
const besideTheLog = 'checksums of the whole log are kept beside it, in orbitmq/checksums of the store';
const neverDropped = 'a timed message is tried until it is delivered, and what is none stops no others';
const eachAlone = 'a decision of a transaction is written with the message that it is about, alone';
const notHere = 'this version has no such feature';

const tuningKeys = [
  'sendMessageThreadPoolNums',
  'putMessageFutureThreadPoolNums',
  'pullMessageThreadPoolNums',
  'litePullMessageThreadPoolNums',
  'ackMessageThreadPoolNums',
  'processReplyMessageThreadPoolNums',
  'queryMessageThreadPoolNums',
  'adminBrokerThreadPoolNums',
  'clientManageThreadPoolNums',
  'consumerManageThreadPoolNums',
  'heartbeatThreadPoolNums',
  'endTransactionThreadPoolNums',
  'pullThreadPoolQueueCapacity',
  'litePullThreadPoolQueueCapacity',
  'ackThreadPoolQueueCapacity',
  'queryThreadPoolQueueCapacity',
  'adminBrokerThreadPoolQueueCapacity',
  'clientManagerThreadPoolQueueCapacity',
  'consumerManagerThreadPoolQueueCapacity',
  'heartbeatThreadPoolQueueCapacity',
  'endTransactionPoolQueueCapacity',
  'waitTimeMillsInAckQueue',
  'serverWorkerThreads',
  'serverCallbackExecutorThreads',
  'serverSelectorThreads',
  'serverOnewaySemaphoreValue',
  'serverAsyncSemaphoreValue',
  'serverSocketSndBufSize',
  'serverSocketRcvBufSize',
  'serverPooledByteBufAllocatorEnable',
  'useEpollNativeSelector',
  'clientWorkerThreads',
  'useReentrantLockWhenPutMessage',
  'topicQueueLockNum',
  'warmMapedFileEnable',
  'flushLeastPagesWhenWarmMapedFile',
  'transferMsgByHeap',
  'putMessageTimeout',
  'maxRecoveryCommitlogFiles',
  'recoverConcurrently',
  'asyncSendEnable',
  'metricGrpcExporterTimeOutInMills',
  'metricGrpcExporterIntervalInMills',
  'metricLoggingExporterIntervalInMills',
  'rocketmqHome',
  'dataReadAheadEnable',
  'accessMessageInMemoryHotRatio',
  'cgColdReadThreshold',
  'globalColdReadThreshold',
  'timerGetMessageThreadNum',
  'timerPutMessageThreadNum',
  'timerMetricSmallThreshold',
  'timerProgressLogIntervalMs',
  'timerWheelSnapshotIntervalMs',
  'transactionMetricFlushInterval',
  'scheduleAsyncDeliverMaxPendingLimit',
  'scheduleAsyncDeliverMaxResendNum2Blocked',
  'delayOffsetUpdateVersionStep',
] as const;

/** `key`: the values that ask for what is done anyway. */
const features: Readonly<Record<string, readonly string[]>> = {
  enableCalcFilterBitMap: ['false'],
  enableConsumeQueueExt: ['false'],
  rejectPullConsumerEnable: ['false'],
  slaveReadEnable: ['false'],
  disableConsumeIfConsumerReadSlowly: ['false'],
  storeType: ['', 'default'],
  readOnlyCommitLogStorePaths: [''],
  duplicationEnable: ['false'],
  enableDLegerCommitLog: ['false'],
  enableControllerMode: ['false'],
  enableSlaveActingMaster: ['false'],
  enableRemoteEscape: ['false'],
  totalReplicas: ['1'],
  inSyncReplicas: ['1'],
  minInSyncReplicas: ['1'],
  enableAutoInSyncReplicas: ['false'],
  haMasterAddress: [''],
  fetchNamesrvAddrByAddressServer: ['false'],
  fetchNameSrvAddrByDnsLookup: ['false'],
  forceRegister: ['true'],
  compressedRegister: ['false'],
  enableSingleTopicRegister: ['false'],
  enableSplitMetadata: ['true'],
  validateSystemTopicWhenUpdateTopic: ['true'],
  useTLS: ['false'],
  filterServerNums: ['0'],
  enableNetWorkFlowControl: ['false'],
  coldDataFlowControlEnable: ['false'],
  coldDataScanEnable: ['false'],
  coldCtrStrategyEnable: ['false'],
  metricsInDelta: ['false'],
  metricsGrpcExporterTarget: [''],
  metricsGrpcExporterHeader: [''],
  enableRemotingMetrics: ['true'],
  enableMessageStoreMetrics: ['true'],
  enablePopMetrics: ['true'],
  enableConnectionMetrics: ['true'],
  enableTransactionMetrics: ['true'],
  enableStatsMetrics: ['true'],
  enableRequestMetrics: ['true'],
  enableLagAndDlqMetrics: ['true'],
  aclEnable: ['false'],
  authenticationEnabled: ['false'],
  authorizationEnabled: ['false'],
  enableScheduleAsyncDeliver: ['false'],
  enableScheduleMessageStats: ['true'],
  lockInStrictMode: ['false'],
  enableLmq: ['false'],
  enableMultiDispatch: ['false'],
  timerInterceptDelayLevel: ['false'],
  timerStopEnqueue: ['false'],
  timerStopDequeue: ['false'],
  timerWheelSnapshotFlush: ['false'],
  timerRocksDBEnable: ['false'],
};

/** Spelled so in many guides; no version of Apache's ever read them. */
const neverRead = 'no version of RocketMQ reads it';

function withReason(
  keys: readonly string[],
  reason: string,
  silentValues: KeyWithoutEffect['silentValues'],
): readonly (readonly [string, KeyWithoutEffect])[] {
  return keys.map((key) => [key, { reason, silentValues }] as const);
}

export const brokerKeysWithoutEffect: ReadonlyMap<string, KeyWithoutEffect> = new Map([
  ...withReason(tuningKeys, inOneLoop, 'all'),
  ...Object.entries(features).map(([key, silentValues]) => [key, { reason: notHere, silentValues }] as const),
  ...withReason(
    [
      'transientStorePoolEnable',
      'transientStorePoolSize',
      'fastFailIfNoBufferInStorePool',
      'commitIntervalCommitLog',
      'commitCommitLogLeastPages',
      'commitCommitLogThoroughInterval',
      'wakeCommitWhenPutMessage',
    ],
    noPool,
    ['false'],
  ),
  ...withReason(['timerEnableRetryUntilSuccess', 'timerSkipUnknownError'], neverDropped, 'all'),
  ...withReason(['transactionOpMsgMaxSize', 'transactionOpBatchInterval'], eachAlone, 'all'),
  ...withReason(['enabledAppendPropCRC'], besideTheLog, ['false']),
  ...withReason(
    [
      'storePathConsumeQueue',
      'storePathIndex',
      'storeCheckpoint',
      'abortFile',
      'checkTransactionMessageEnable',
      'sendThreadPoolNums',
      'pullThreadPoolNums',
    ],
    neverRead,
    [],
  ),
]);

export const namesrvKeysWithoutEffect: ReadonlyMap<string, KeyWithoutEffect> = new Map([
  ...withReason(
    [
      'rocketmqHome',
      'serverWorkerThreads',
      'serverCallbackExecutorThreads',
      'serverSelectorThreads',
      'serverOnewaySemaphoreValue',
      'serverAsyncSemaphoreValue',
      'serverSocketSndBufSize',
      'serverSocketRcvBufSize',
      'serverPooledByteBufAllocatorEnable',
      'useEpollNativeSelector',
      'clientRequestThreadPoolNums',
      'defaultThreadPoolNums',
      'clientRequestThreadPoolQueueCapacity',
      'defaultThreadPoolQueueCapacity',
      'unRegisterBrokerQueueCapacity',
      'productEnvName',
    ],
    inOneLoop,
    'all',
  ),
  ...withReason(['clusterTest', 'enableControllerInNamesrv'], notHere, ['false']),
]);
