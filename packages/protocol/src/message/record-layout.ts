import { hostBytesV4, hostBytesV6 } from './host.js';
import { readInt64 } from './int64.js';
import { messageMagicV1, messageMagicV2 } from './message-ext.js';
import { SysFlag } from './sys-flag.js';

/** Offsets of a record's fields up to the first host (page 08 §1). */
export const RecordAt = {
  TOTAL_SIZE: 0,
  MAGIC: 4,
  BODY_CRC: 8,
  QUEUE_ID: 12,
  FLAG: 16,
  QUEUE_OFFSET: 20,
  PHYSICAL_OFFSET: 28,
  SYS_FLAG: 36,
  BORN_TIMESTAMP: 40,
  BORN_HOST: 48,
} as const;

/** Bytes of a V1 record with IPv4 hosts without body, topic and properties. */
export const recordBytesMin = 91;
/** Longest topic of a V1 record: its length is one signed byte. */
export const recordTopicBytesMax = 127;
/** Longest property string: its length is a signed 16-bit number. */
export const recordPropertiesBytesMax = 32767;

/** Bytes of a record up to the end of its store time, with an IPv6 host. */
export const recordBytesToStoreTimestampMax = RecordAt.BORN_HOST + hostBytesV6 + 8;

export function bornHostBytes(sysFlag: number): number {
  return (sysFlag & SysFlag.BORN_HOST_V6) === 0 ? hostBytesV4 : hostBytesV6;
}

export function storeHostBytes(sysFlag: number): number {
  return (sysFlag & SysFlag.STORE_HOST_V6) === 0 ? hostBytesV4 : hostBytesV6;
}

/** Of a record that begins with `head`, which has at least `recordBytesToStoreTimestampMax` bytes. */
export function storeTimestampOf(head: Buffer): number {
  return readInt64(head, RecordAt.BORN_HOST + bornHostBytes(head.readInt32BE(RecordAt.SYS_FLAG)));
}

/** Where the variable parts of a record are. */
export interface RecordSpans {
  readonly sizeBytes: number;
  readonly storeTimestampAt: number;
  readonly storeHostEnd: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly topicStart: number;
  readonly topicEnd: number;
  readonly propertiesStart: number;
}

/**
 * Finds the parts of the V1 or V2 record at `at`, or says in a few words why it is none. `limit` is where the readable
 * bytes end. Positions are absolute.
 */
export function spansOfRecord(buffer: Buffer, at: number, limit: number): RecordSpans | string {
  if (limit - at < recordBytesMin) return 'it is cut off';
  const sizeBytes = buffer.readInt32BE(at);
  const magic = buffer.readInt32BE(at + RecordAt.MAGIC);
  if (magic !== messageMagicV1 && magic !== messageMagicV2) return 'its magic word is unknown';
  const end = at + sizeBytes;
  if (sizeBytes < recordBytesMin || end > limit) return 'its size does not fit';
  const sysFlag = buffer.readInt32BE(at + RecordAt.SYS_FLAG);
  const storeTimestampAt = at + RecordAt.BORN_HOST + bornHostBytes(sysFlag);
  const storeHostEnd = storeTimestampAt + 8 + storeHostBytes(sysFlag);
  const bodyStart = storeHostEnd + 16;
  const topicLengthBytes = magic === messageMagicV1 ? 1 : 2;
  // Behind the body: topic length, properties length.
  const tailBytes = topicLengthBytes + 2;
  if (bodyStart + tailBytes > end) return 'its size does not fit its hosts';
  const bodyLength = buffer.readInt32BE(bodyStart - 4);
  if (bodyLength < 0 || bodyLength > end - bodyStart - tailBytes) return 'its body does not fit';
  const bodyEnd = bodyStart + bodyLength;
  const topicLength = topicLengthBytes === 1 ? buffer.readInt8(bodyEnd) : buffer.readInt16BE(bodyEnd);
  const topicStart = bodyEnd + topicLengthBytes;
  const topicEnd = topicStart + topicLength;
  if (topicLength < 0 || topicEnd > end - 2) return 'its topic does not fit';
  const propertiesStart = topicEnd + 2;
  const propertiesLength = buffer.readInt16BE(topicEnd);
  if (propertiesLength < 0 || propertiesStart + propertiesLength !== end) return 'its parts do not make up its size';
  return { sizeBytes, storeTimestampAt, storeHostEnd, bodyStart, bodyEnd, topicStart, topicEnd, propertiesStart };
}
