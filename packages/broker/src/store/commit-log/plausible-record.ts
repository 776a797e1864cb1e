/**
 * Whether the head of a record can be believed before its bytes are read. How large a record may be is no matter of today's
 * `maxMessageSize`: one that was stored under a larger one is as much a message as any other. What keeps a damaged size from
 * costing memory is that the rest of the head has to agree with it.
 */
import { bornHostBytes, messageMagicV1, messageMagicV2, RecordAt, readInt64, storeHostBytes } from '@orbitmq/protocol';

/** Up to the length of the body, with two IPv6 hosts. */
export const recordHeadBytes = 112;
/** Reconsume times, offset of the prepared transaction, length of the body. */
const behindHostsBytes = 16;
/** Two lengths, a topic and properties: each of the two texts has 32767 bytes at most. */
const behindBodyBytesMax = 65_538;

/** Whether a record of `sizeBytes` can stand at `physicalOffset`, as far as the first `recordHeadBytes` tell, which are at `at`. */
export function isPlausibleRecord(bytes: Buffer, at: number, sizeBytes: number, physicalOffset: number): boolean {
  const magic = bytes.readInt32BE(at + RecordAt.MAGIC);
  if (magic !== messageMagicV1 && magic !== messageMagicV2) return false;
  if (bytes.readInt32BE(at) !== sizeBytes || readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET) !== physicalOffset) return false;
  const sysFlag = bytes.readInt32BE(at + RecordAt.SYS_FLAG);
  const bodyAt = RecordAt.BORN_HOST + bornHostBytes(sysFlag) + 8 + storeHostBytes(sysFlag) + behindHostsBytes;
  const bodyBytes = bytes.readInt32BE(at + bodyAt - 4);
  const behindBodyBytes = sizeBytes - bodyAt - bodyBytes;
  return bodyBytes >= 0 && behindBodyBytes >= 3 && behindBodyBytes <= behindBodyBytesMax;
}
