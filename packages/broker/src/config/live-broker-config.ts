/**
 * The configuration of a running broker, and the only place where it changes (Java: the fields of BrokerConfig and
 * MessageStoreConfig, which anybody may set). Invariant: `view` is one object for the life of the broker; parts that read it
 * at each use see a change at once, and only keys of which all readers do so are ever changed in it.
 */
import type { BrokerConfig } from './broker-config.js';

/** Keys that take effect in a running broker; all others when it starts next (Java: most, but what is read once at the start does not say so). */
export const runtimeKeys: ReadonlySet<keyof BrokerConfig> = new Set([
  'brokerPermission',
  'registerBrokerTimeoutMills',
  'enableSplitRegistration',
  'splitRegistrationSize',
  'autoCreateTopicEnable',
  'autoCreateSubscriptionGroup',
  'enableMixedMessageType',
  'clearRetryTopicWhenDeleteTopic',
  'splitMetadataSize',
  'shortPollingTimeMills',
  'litePullMessageEnable',
  'notifyConsumerIdsChangedEnable',
  'maxTransferBytesOnMessageInMemory',
  'maxTransferCountOnMessageInMemory',
  'maxTransferBytesOnMessageInDisk',
  'maxTransferCountOnMessageInDisk',
  'maxFilterMessageSize',
  'enablePropertyFilter',
  'useServerSideResetOffset',
  'filterSupportRetry',
  'storeReplyMessageEnable',
  'startAcceptSendRequestTimeStamp',
  'priorityOnAllTopics',
  'osPageCacheBusyTimeOutMills',
  'brokerFastFailureEnable',
  'waitTimeMillsInSendQueue',
  'waitTimeMillsInPullQueue',
  'waitTimeMillsInLitePullQueue',
  'waitTimeMillsInHeartbeatQueue',
  'waitTimeMillsInTransactionQueue',
  'waitTimeMillsInAdminBrokerQueue',
  'rejectTransactionMessage',
  'transactionTimeOut',
  'transactionCheckMax',
  'timerMaxDelaySec',
  'timerRollWindowSlot',
  'timerCongestNumEachSlot',
  'recallMessageEnable',
  'appendTopicForTimerDeleteKey',
  'maxMsgsNumBatch',
  'defaultQueryMaxNum',
  'flushDiskType',
  'flushCommitLogLeastPages',
  'deleteWhen',
  'fileReservedTime',
  'deleteCommitLogFilesInterval',
  'deleteFileBatchMax',
  'redeleteHangedFileInterval',
  'cleanFileForciblyEnable',
]);

export class LiveBrokerConfig {
  readonly #view: BrokerConfig;
  #configured: BrokerConfig;

  constructor(config: BrokerConfig) {
    this.#view = { ...config };
    this.#configured = config;
  }

  /** What the broker works with. */
  get view(): BrokerConfig {
    return this.#view;
  }

  /** What was configured last: the view, and what the next start is going to take. */
  get configured(): BrokerConfig {
    return this.#configured;
  }

  /** Takes checked values; those of runtime keys take effect in this turn. */
  configure(values: Partial<BrokerConfig>): void {
    this.#configured = { ...this.#configured, ...values };
    const live = Object.entries(values).filter(([key]) => runtimeKeys.has(key as keyof BrokerConfig));
    Object.assign(this.#view, Object.fromEntries(live));
  }
}
