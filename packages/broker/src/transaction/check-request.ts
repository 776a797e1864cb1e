import {
  checkTransactionStateHeader,
  createRequest,
  encodeHost,
  encodeOffsetMessageId,
  encodeRecord,
  PropertyName,
  type RecordParts,
  type RemotingCommand,
  RequestCode,
  recordSizeBytes,
  SystemTopic,
} from '@orbitmq/protocol';
import type { MessageToStore } from '../store/message-store.js';
import { type HalfMessage, withoutTransactionBits } from './half-message.js';

/** Where the newest copy of a half is. */
export interface HalfPlace {
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly storeTimestamp: number;
}

/**
 * CHECK_TRANSACTION_STATE (39), one-way, to a producer of the group (page 07 §4). Its body is the half as its consumers would get
 * it, with the place of the copy that `renewed` became: the answer has to name that place.
 */
export function checkRequest(half: HalfMessage, renewed: MessageToStore, place: HalfPlace, brokerName: string): RemotingCommand {
  const uniqueKey = half.properties[PropertyName.UNIQ_KEY] ?? '';
  const extFields = checkTransactionStateHeader.encode({
    tranStateTableOffset: place.queueOffset,
    commitLogOffset: place.physicalOffset,
    msgId: uniqueKey,
    transactionId: half.properties[PropertyName.TRANSACTION_ID] ?? uniqueKey,
    offsetMsgId: encodeOffsetMessageId(renewed.storeHost, place.physicalOffset),
    topic: SystemTopic.TRANS_HALF,
    brokerName,
  });
  return createRequest(RequestCode.CHECK_TRANSACTION_STATE, { extFields, body: recordOf(half, renewed, place) }, true);
}

function recordOf(half: HalfMessage, renewed: MessageToStore, place: HalfPlace): Buffer {
  const parts: RecordParts = {
    topicBytes: Buffer.from(half.destination.topic),
    queueId: half.destination.queueId,
    flag: renewed.flag,
    sysFlag: withoutTransactionBits(renewed.sysFlag),
    bornTimestamp: renewed.bornTimestamp,
    bornHost: encodeHost(half.message.bornHost),
    storeHost: encodeHost(half.message.storeHost),
    reconsumeTimes: renewed.reconsumeTimes,
    preparedTransactionOffset: 0,
    body: renewed.body,
    properties: renewed.properties,
  };
  const record = Buffer.alloc(recordSizeBytes(parts));
  encodeRecord(record, 0, parts, place);
  return record;
}
