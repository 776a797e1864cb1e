export { type BrokerMemberGroup, decodeBrokerMemberGroup, encodeBrokerMemberGroup } from './bodies/broker-member-group.js';
export {
  type BrokerStatsData,
  type BrokerStatsItem,
  decodeBrokerStatsData,
  encodeBrokerStatsData,
} from './bodies/broker-stats-data.js';
export { type CheckClientConfig, decodeCheckClientConfig, encodeCheckClientConfig } from './bodies/check-client-config.js';
export {
  type ClientConnection,
  type ConsumerConnection,
  encodeConsumerConnection,
  encodeProducerConnection,
  type ProducerInfo,
  producerTableSteps,
  producerText,
  subscriptionFastjson,
} from './bodies/client-connections.js';
export { type ClusterInfo, decodeClusterInfo, encodeClusterInfo } from './bodies/cluster-info.js';
export {
  type ConsumeDirectlyResult,
  type DirectConsumeResult,
  encodeConsumeDirectlyResult,
} from './bodies/consume-directly-result.js';
export { type ConsumeQueueAnswer, type ConsumeQueueData, encodeConsumeQueueAnswer } from './bodies/consume-queue-data.js';
export {
  type ConsumeStats,
  type ConsumeStatsList,
  consumeStatsListSteps,
  consumeStatsSteps,
  type QueueProgress,
  queueProgressText,
} from './bodies/consume-stats.js';
export { consumeTimeSpanSteps, type QueueTimeSpan, timeSpanText } from './bodies/consume-time-span.js';
export { decodeConsumerIdList, encodeConsumerIdList } from './bodies/consumer-id-list.js';
export {
  type ConsumerRunningInfo,
  type ConsumeStatus,
  encodeConsumerRunningInfo,
  type ProcessQueueInfo,
} from './bodies/consumer-running-info.js';
export { decodeClientStatus, encodeClientStatus, encodeConsumerStatus } from './bodies/consumer-status-body.js';
export type {
  ConsumeFromWhere,
  ConsumerData,
  ConsumeType,
  HeartbeatData,
  MessageModel,
  SubscriptionData,
} from './bodies/heartbeat.js';
export { decodeHeartbeat, encodeHeartbeat, heartbeatSteps } from './bodies/heartbeat-codec.js';
export { decodeKvTable, encodeKvTable } from './bodies/kv-table.js';
export {
  decodeLockBatch,
  decodeLockBatchResult,
  encodeLockBatch,
  encodeLockBatchResult,
  lockBatchSteps,
} from './bodies/lock-batch.js';
export { type LockBatchBody, type MessageQueue, parseMessageQueueKey } from './bodies/message-queue.js';
export { isJsonObject, type JsonObject, type JsonValue, parseFastjson, parseFastjsonSteps } from './bodies/parse-fastjson.js';
export {
  decodeRegisterBrokerBody,
  encodeRegisterBrokerBody,
  registerBrokerBodySteps,
  writeRegisterBrokerBodySteps,
} from './bodies/register-broker-body.js';
export {
  decodeResetOffsetBody,
  encodeResetOffsetBody,
  encodeResetOffsetList,
  type QueueOffsets,
} from './bodies/reset-offset-body.js';
export { type BrokerData, Permission, type QueueData, type TopicRouteData } from './bodies/route.js';
export { decodeRoute, encodeRoute } from './bodies/route-codec.js';
export { entriesPerTurn, inOneTurn, joinedSteps, Pace, type Steps } from './bodies/steps.js';
export { type DataVersion, isSameDataVersion, type RegisterBrokerBody, type TopicConfig } from './bodies/topic-config.js';
export { decodeDataVersion, decodeTopicConfig, encodeDataVersion, encodeTopicConfig } from './bodies/topic-config-codec.js';
export {
  decodeTopicConfigList,
  decodeTopicConfigTable,
  encodeTopicConfigList,
  encodeTopicConfigTable,
  topicConfigListSteps,
  topicConfigText,
} from './bodies/topic-config-table.js';
export { decodeTopicList, encodeTopicList, type TopicList } from './bodies/topic-list.js';
export type { TopicQueueMapping } from './bodies/topic-queue-mapping.js';
export { type TopicOffset, topicStatsSteps, topicStatsText } from './bodies/topic-stats.js';
export {
  type FastjsonKey,
  type FastjsonObject,
  type FastjsonValue,
  fastjsonBody,
  writeFastjson,
} from './bodies/write-fastjson.js';
export { RequestCode, ResponseCode } from './codes.js';
export { createFrameDecoder } from './frame/create-frame-decoder.js';
export { createFrameWriter } from './frame/create-frame-writer.js';
export { type FrameDecoder, frameMaxLengthBytesDefault } from './frame/frame-decoder.js';
export type { FrameSource, FrameWriter, Loan } from './frame/frame-writer.js';
export { releaseReceivedBytes } from './frame/received-command.js';
export {
  type CommandFields,
  createRequest,
  createResponse,
  type ExtFields,
  flagOneway,
  flagResponse,
  isOneway,
  isResponse,
  type RemotingCommand,
  SerializeType,
} from './frame/remoting-command.js';
export {
  bool,
  defineHeader,
  type FieldCodec,
  type HeaderCodec,
  type HeaderOf,
  int32,
  int64,
  optionalBool,
  optionalInt32,
  optionalInt64,
  optionalText,
  rounded64,
  text,
} from './header/header-codec.js';
export { type LanguageName, languageName, languageOrdinal, languageOther } from './language-code.js';
export { type BatchEntry, type BatchMessage, decodeBatch, encodeBatch } from './message/batch.js';
export { compressZlib, decompressBody } from './message/compression.js';
export { decodeRecord, decodeRecords } from './message/decode-record.js';
export { encodeRecord, type RecordParts, type RecordPlace, recordSizeBytes } from './message/encode-record.js';
export { decodeHost, encodeHost } from './message/host.js';
export { readInt64, writeInt64 } from './message/int64.js';
export { javaStringHashCode, tagsCode } from './message/java-hash.js';
export { maskedCrc32 } from './message/masked-crc32.js';
export { blankMagic, type MessageExt, messageMagicV1, messageMagicV2 } from './message/message-ext.js';
export { createMessageIdGenerator, type MessageIdGenerator, type MessageIdOptions } from './message/message-id-generator.js';
export { checkGroupName, checkTopicName } from './message/name-rules.js';
export { decodeOffsetMessageId, encodeOffsetMessageId } from './message/offset-message-id.js';
export { decodeProperties, encodeProperties, findProperty } from './message/properties.js';
export { nameValueSeparator, PropertyName, propertySeparator } from './message/property-names.js';
export { decodeRecallHandle, encodeRecallHandle, type RecallHandle } from './message/recall-handle.js';
export {
  bornHostBytes,
  RecordAt,
  type RecordSpans,
  recordBytesToStoreTimestampMax,
  spansOfRecord,
  storeHostBytes,
  storeTimestampOf,
} from './message/record-layout.js';
export { RecordView, viewRecord } from './message/record-view.js';
export { buildSubscription } from './message/subscription.js';
export { SysFlag, transactionType } from './message/sys-flag.js';
export {
  clientInnerProducerGroup,
  deadLetterTopic,
  deadLetterTopicPrefix,
  retryTopic,
  retryTopicPrefix,
  SystemTopic,
  transactionGroup,
} from './message/system-topics.js';
export { type RecordCheck, verifyRecord } from './message/verify-record.js';
export {
  type BrokerHeartbeatHeader,
  brokerHeartbeatHeader,
  brokerMemberGroupHeader,
  type NotifyMinBrokerIdChangeHeader,
  notifyMinBrokerIdChangeHeader,
} from './requests/broker-member.js';
export {
  addWritePermissionResponseHeader,
  brokerPermissionHeader,
  wipeWritePermissionResponseHeader,
} from './requests/broker-permission.js';
export { type CheckTransactionStateHeader, checkTransactionStateHeader } from './requests/check-transaction-state.js';
export {
  type ConsumeMessageDirectlyHeader,
  type ConsumerRunningInfoHeader,
  consumeMessageDirectlyHeader,
  consumerRunningInfoHeader,
} from './requests/client-relay.js';
export {
  type BrokerConsumeStatsHeader,
  brokerConsumeStatsHeader,
  type ConsumeStatsHeader,
  consumeStatsHeader,
  type GroupHeader,
  type GroupTopicHeader,
  groupHeader,
  groupTopicHeader,
  type ProducerGroupHeader,
  producerGroupHeader,
  type QueryConsumeQueueHeader,
  queryConsumeQueueHeader,
  type ResumeCheckHalfMessageHeader,
  resumeCheckHalfMessageHeader,
  type TopicHeader,
  topicHeader,
} from './requests/consumer-administration.js';
export { type ConsumerGroupHeader, consumerGroupHeader } from './requests/consumer-group.js';
export { type ConsumerSendMessageBackHeader, consumerSendMessageBackHeader } from './requests/consumer-send-message-back.js';
export { type CreateTopicHeader, createTopicHeader } from './requests/create-topic.js';
export { decodePullMessage } from './requests/decode-pull-message.js';
export { decodePullMessageResponse, type PullMessageResult } from './requests/decode-pull-message-response.js';
export { decodeSendMessage, type ReceivedSendMessageHeader } from './requests/decode-send-message.js';
export { decodeSendMessageResponse, type SendMessageResult } from './requests/decode-send-message-response.js';
export { type DeleteTopicHeader, deleteTopicHeader } from './requests/delete-topic.js';
export { type EndTransactionHeader, endTransactionHeader } from './requests/end-transaction.js';
export { type GetBrokerConfigResponseHeader, getBrokerConfigResponseHeader } from './requests/get-broker-config.js';
export { type GetRouteInfoHeader, getRouteInfoHeader } from './requests/get-route-info.js';
export { type GetTopicConfigHeader, getTopicConfigHeader } from './requests/get-topic-config.js';
export {
  type DeleteGroupHeader,
  deleteGroupHeader,
  type GetGroupConfigHeader,
  type GroupForbiddenHeader,
  getGroupConfigHeader,
  groupForbiddenHeader,
} from './requests/group-administration.js';
export {
  getKvConfigResponseHeader,
  type KvConfigKeyHeader,
  kvConfigKeyHeader,
  kvNamespaceHeader,
  orderTopicConfigNamespace,
  type PutKvConfigHeader,
  putKvConfigHeader,
} from './requests/kv-config.js';
export {
  type GetAllGroupConfigHeader,
  type GetAllGroupConfigResponseHeader,
  type GetAllTopicConfigHeader,
  type GetAllTopicConfigResponseHeader,
  getAllGroupConfigHeader,
  getAllGroupConfigResponseHeader,
  getAllTopicConfigHeader,
  getAllTopicConfigResponseHeader,
} from './requests/metadata-page.js';
export { deleteTopicInNamesrvHeader, registerTopicHeader, topicsByClusterHeader } from './requests/name-server-topics.js';
export {
  type CloneGroupOffsetHeader,
  type ConsumerStatusHeader,
  type CorrectionOffsetHeader,
  cloneGroupOffsetHeader,
  consumerStatusHeader,
  correctionOffsetHeader,
  type ResetClientOffsetHeader,
  type ResetOffsetHeader,
  resetClientOffsetHeader,
  resetOffsetHeader,
} from './requests/offset-administration.js';
export {
  type PullMessageHeader,
  type PullMessageResponseHeader,
  PullSysFlag,
  pullMessageHeader,
  pullMessageResponseHeader,
} from './requests/pull-message.js';
export { type PushReplyMessageHeader, pushReplyMessageHeader } from './requests/push-reply-message.js';
export {
  type QueryConsumerOffsetHeader,
  type QueryConsumerOffsetResponseHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
} from './requests/query-consumer-offset.js';
export {
  type QueryMessageHeader,
  type QueryMessageResponseHeader,
  queryMessageHeader,
  queryMessageResponseHeader,
} from './requests/query-message.js';
export {
  earliestStoreTimeResponseHeader,
  type QueueOffsetHeader,
  type QueueOffsetResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
} from './requests/queue-offset.js';
export {
  type RecallMessageHeader,
  type RecallMessageResponseHeader,
  recallMessageHeader,
  recallMessageResponseHeader,
} from './requests/recall-message.js';
export {
  type RegisterBrokerHeader,
  type RegisterBrokerResponseHeader,
  registerBrokerHeader,
  registerBrokerResponseHeader,
} from './requests/register-broker.js';
export {
  decodePartMark,
  encodePartMark,
  type RegistrationPartMark,
  registrationPartField,
} from './requests/registration-part-mark.js';
export {
  type SearchOffsetHeader,
  type SearchOffsetResponseHeader,
  searchOffsetHeader,
  searchOffsetResponseHeader,
} from './requests/search-offset.js';
export {
  type SendMessageHeader,
  type SendMessageResponseHeader,
  sendMessageHeader,
  sendMessageResponseHeader,
  sendMessageV2Header,
} from './requests/send-message.js';
export {
  queryDataVersionResponseHeader,
  type UnregisterBrokerHeader,
  unregisterBrokerHeader,
} from './requests/unregister-broker.js';
export { type UnregisterClientHeader, unregisterClientHeader } from './requests/unregister-client.js';
export { type UpdateConsumerOffsetHeader, updateConsumerOffsetHeader } from './requests/update-consumer-offset.js';
export { type ViewBrokerStatsHeader, viewBrokerStatsHeader } from './requests/view-broker-stats.js';
export { type ViewMessageHeader, viewMessageHeader } from './requests/view-message.js';
export { type PullMessageResponseFields, writePullMessageResponse } from './requests/write-pull-message-response.js';
export {
  createSendMessageTemplate,
  type SendMessageRequestFields,
  type SendMessageTemplate,
  type SendMessageTemplateFields,
  writeSendMessageRequest,
} from './requests/write-send-message-request.js';
export { type SendMessageResponseFields, writeSendMessageResponse } from './requests/write-send-message-response.js';
export { type ZoneHeader, zoneHeader } from './requests/zone.js';
export {
  ownVersion,
  ownVersionName,
  versionMaxReconsumeTimes,
  versionRegisterBrokerBody,
  versionStandardJsonRoute,
  versionV5,
} from './version.js';
