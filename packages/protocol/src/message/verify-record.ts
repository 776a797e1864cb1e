import { maskedCrc32 } from './masked-crc32.js';
import { blankMagic, messageMagicV1, messageMagicV2 } from './message-ext.js';
import { RecordAt, recordBytesMin, spansOfRecord } from './record-layout.js';

/** What stands at a position of the commit log. */
export type RecordCheck =
  /** A whole record whose lengths agree and whose body has its CRC. */
  | { readonly status: 'valid'; readonly sizeBytes: number }
  /** The rest of the file is unused: `sizeBytes` to its end. */
  | { readonly status: 'blank'; readonly sizeBytes: number }
  /** A size of zero: space never written. */
  | { readonly status: 'end' }
  /** It may be a record, but `neededBytes` from here are more than the buffer has. */
  | { readonly status: 'cut'; readonly neededBytes: number }
  /** It is not a record, or a damaged one. */
  | { readonly status: 'invalid'; readonly reason: string };

/** Size and magic word. */
const prefixBytes = 8;

/**
 * Checks the record at `at` as a broker's recovery does (Java: CommitLog.checkMessageAndReturnSize): lengths, magic word, CRC
 * of the body. That the stored physical offset is the position is for the caller to compare. Never throws.
 */
export function verifyRecord(buffer: Buffer, at: number): RecordCheck {
  const available = buffer.length - at;
  if (available < 4) return { status: 'cut', neededBytes: prefixBytes };
  const sizeBytes = buffer.readInt32BE(at);
  if (sizeBytes === 0) return { status: 'end' };
  if (available < prefixBytes) return { status: 'cut', neededBytes: prefixBytes };
  const magic = buffer.readInt32BE(at + RecordAt.MAGIC);
  if (magic === blankMagic) {
    return sizeBytes >= prefixBytes ? { status: 'blank', sizeBytes } : { status: 'invalid', reason: 'its size does not fit' };
  }
  if (magic !== messageMagicV1 && magic !== messageMagicV2) return { status: 'invalid', reason: 'its magic word is unknown' };
  if (sizeBytes < recordBytesMin) return { status: 'invalid', reason: 'its size does not fit' };
  if (sizeBytes > available) return { status: 'cut', neededBytes: sizeBytes };
  const spans = spansOfRecord(buffer, at, at + sizeBytes);
  if (typeof spans === 'string') return { status: 'invalid', reason: spans };
  const crc = buffer.readInt32BE(at + RecordAt.BODY_CRC);
  if (maskedCrc32(buffer.subarray(spans.bodyStart, spans.bodyEnd)) !== crc) {
    return { status: 'invalid', reason: 'its body does not have its CRC' };
  }
  return { status: 'valid', sizeBytes };
}
