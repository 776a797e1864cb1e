import { invariant } from '@orbitmq/core/kernel';
import { hostBytesV4 } from './host.js';
import { writeInt64 } from './int64.js';
import { maskedCrc32 } from './masked-crc32.js';
import { messageMagicV1 } from './message-ext.js';
import {
  bornHostBytes,
  RecordAt,
  recordBytesMin,
  recordPropertiesBytesMax,
  recordTopicBytesMax,
  storeHostBytes,
} from './record-layout.js';

/** What a record is made of. */
export interface RecordParts {
  /** At most 127 bytes. */
  readonly topicBytes: Buffer;
  readonly queueId: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  /** 8 or 20 bytes, as `sysFlag` says. */
  readonly bornHost: Buffer;
  /** 8 or 20 bytes, as `sysFlag` says. */
  readonly storeHost: Buffer;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly body: Buffer;
  /** The property string, at most 32767 bytes. */
  readonly properties: Buffer;
}

/** Where and when a record is stored. `queueOffset` is written as given: 0 for prepared and rolled-back ones (page 08 §1). */
export interface RecordPlace {
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly storeTimestamp: number;
}

export function recordSizeBytes(parts: RecordParts): number {
  return (
    recordBytesMin +
    parts.bornHost.length +
    parts.storeHost.length -
    2 * hostBytesV4 +
    parts.topicBytes.length +
    parts.body.length +
    parts.properties.length
  );
}

function checkParts(parts: RecordParts): void {
  invariant(parts.bornHost.length === bornHostBytes(parts.sysFlag), 'the born host has the size that sysFlag says');
  invariant(parts.storeHost.length === storeHostBytes(parts.sysFlag), 'the store host has the size that sysFlag says');
  invariant(parts.topicBytes.length <= recordTopicBytesMax, 'a topic has at most 127 bytes');
  invariant(parts.properties.length <= recordPropertiesBytesMax, 'properties have at most 32767 bytes');
}

/**
 * Writes a V1 record at `at` (Java: MessageExtEncoder; page 08) and returns its size. The caller has made room for
 * `recordSizeBytes`. V2 is never written: 4.9 brokers cut their log at it.
 */
export function encodeRecord(target: Buffer, at: number, parts: RecordParts, place: RecordPlace): number {
  checkParts(parts);
  const sizeBytes = recordSizeBytes(parts);
  invariant(at + sizeBytes <= target.length, 'there is room for the record');
  target.writeInt32BE(sizeBytes, at);
  target.writeInt32BE(messageMagicV1, at + RecordAt.MAGIC);
  target.writeInt32BE(maskedCrc32(parts.body), at + RecordAt.BODY_CRC);
  target.writeInt32BE(parts.queueId, at + RecordAt.QUEUE_ID);
  target.writeInt32BE(parts.flag, at + RecordAt.FLAG);
  writeInt64(target, place.queueOffset, at + RecordAt.QUEUE_OFFSET);
  writeInt64(target, place.physicalOffset, at + RecordAt.PHYSICAL_OFFSET);
  target.writeInt32BE(parts.sysFlag, at + RecordAt.SYS_FLAG);
  writeInt64(target, parts.bornTimestamp, at + RecordAt.BORN_TIMESTAMP);
  target.set(parts.bornHost, at + RecordAt.BORN_HOST);
  let next = at + RecordAt.BORN_HOST + parts.bornHost.length;
  writeInt64(target, place.storeTimestamp, next);
  target.set(parts.storeHost, next + 8);
  next += 8 + parts.storeHost.length;
  target.writeInt32BE(parts.reconsumeTimes, next);
  writeInt64(target, parts.preparedTransactionOffset, next + 4);
  target.writeInt32BE(parts.body.length, next + 12);
  target.set(parts.body, next + 16);
  next += 16 + parts.body.length;
  target[next] = parts.topicBytes.length;
  target.set(parts.topicBytes, next + 1);
  next += 1 + parts.topicBytes.length;
  target.writeInt16BE(parts.properties.length, next);
  target.set(parts.properties, next + 2);
  invariant(next + 2 + parts.properties.length === at + sizeBytes, 'a record has the size that was computed');
  return sizeBytes;
}
