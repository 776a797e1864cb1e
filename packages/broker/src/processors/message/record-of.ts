import { encodeHost, encodeRecord, type MessageExt, type RecordParts, recordSizeBytes } from '@orbitmq/protocol';

/** The record of a message as it is in the log, for answers that carry one message. */
export function recordOf(message: MessageExt): Buffer {
  const parts: RecordParts = {
    topicBytes: Buffer.from(message.topic),
    queueId: message.queueId,
    flag: message.flag,
    sysFlag: message.sysFlag,
    bornTimestamp: message.bornTimestamp,
    bornHost: encodeHost(message.bornHost),
    storeHost: encodeHost(message.storeHost),
    reconsumeTimes: message.reconsumeTimes,
    preparedTransactionOffset: message.preparedTransactionOffset,
    body: message.body,
    properties: message.propertiesBytes,
  };
  const record = Buffer.alloc(recordSizeBytes(parts));
  encodeRecord(record, 0, parts, message);
  return record;
}
