import { ProtocolError } from '@orbitmq/core/kernel';
import { sharedNames } from '../header/name-cache.js';
import { decodeHost } from './host.js';
import { readInt64 } from './int64.js';
import type { MessageExt } from './message-ext.js';
import { RecordAt, spansOfRecord } from './record-layout.js';

function invalid(at: number, reason: string): never {
  throw new ProtocolError('RECORD_INVALID', `the record at byte ${at} is invalid: ${reason}`, { details: { at, reason } });
}

/**
 * Reads the V1 or V2 record at `at` (default 0); `storeSizeBytes` says where the next begins. Throws a `ProtocolError`
 * `RECORD_INVALID`. The body's CRC is not looked at, as in Java's consumers: `verifyRecord` does that.
 */
export function decodeRecord(buffer: Buffer, at = 0): MessageExt {
  const spans = spansOfRecord(buffer, at, buffer.length);
  if (typeof spans === 'string') return invalid(at, spans);
  const { storeTimestampAt, storeHostEnd } = spans;
  const message: MessageExt = {
    storeSizeBytes: spans.sizeBytes,
    bodyCrc: buffer.readInt32BE(at + RecordAt.BODY_CRC),
    topic: sharedNames.text(buffer, spans.topicStart, spans.topicEnd),
    queueId: buffer.readInt32BE(at + RecordAt.QUEUE_ID),
    flag: buffer.readInt32BE(at + RecordAt.FLAG),
    queueOffset: readInt64(buffer, at + RecordAt.QUEUE_OFFSET),
    physicalOffset: readInt64(buffer, at + RecordAt.PHYSICAL_OFFSET),
    sysFlag: buffer.readInt32BE(at + RecordAt.SYS_FLAG),
    bornTimestamp: readInt64(buffer, at + RecordAt.BORN_TIMESTAMP),
    bornHost: decodeHost(buffer.subarray(at + RecordAt.BORN_HOST, storeTimestampAt)),
    storeTimestamp: readInt64(buffer, storeTimestampAt),
    storeHost: decodeHost(buffer.subarray(storeTimestampAt + 8, storeHostEnd)),
    reconsumeTimes: buffer.readInt32BE(storeHostEnd),
    preparedTransactionOffset: readInt64(buffer, storeHostEnd + 4),
    body: buffer.subarray(spans.bodyStart, spans.bodyEnd),
    propertiesBytes: buffer.subarray(spans.propertiesStart, at + spans.sizeBytes),
  };
  if (!hasSafeNumbers(message)) invalid(at, 'a 64-bit number is beyond 2^53');
  return message;
}

function hasSafeNumbers(message: MessageExt): boolean {
  return (
    Number.isSafeInteger(message.queueOffset) &&
    Number.isSafeInteger(message.physicalOffset) &&
    Number.isSafeInteger(message.bornTimestamp) &&
    Number.isSafeInteger(message.storeTimestamp) &&
    Number.isSafeInteger(message.preparedTransactionOffset)
  );
}

/** Reads a body of records, for example a pull answer's. Throws a `ProtocolError` `RECORD_INVALID` when any is invalid. */
export function decodeRecords(buffer: Buffer): MessageExt[] {
  const messages: MessageExt[] = [];
  let at = 0;
  while (at < buffer.length) {
    const message = decodeRecord(buffer, at);
    messages.push(message);
    at += message.storeSizeBytes;
  }
  return messages;
}
