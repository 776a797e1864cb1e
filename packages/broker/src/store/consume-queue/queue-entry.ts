import { readInt64, writeInt64 } from '@orbitmq/protocol';
import type { QueueEntry } from '../message-store.js';

/** An entry of a consume queue (page 20 §4): log offset int64, record size int32, tags code int64. */
export const queueEntryBytes = 20;

/** Size of the entries that fill a queue's first file up to its first message; they stand for nothing. */
export const blankEntrySize = 0x7fffffff;

/**
 * Size of the entry of a message that was lost, at the last byte of the log file before the one in which the log goes on: an
 * Apache broker finds no two bytes there, so it skips the entry and nothing behind it (its blank size would make it skip the
 * rest of the log file, page 20 §11).
 */
export const lostEntrySize = 2;

/** The smallest record is larger (page 08 §1). */
const recordBytesMin = 91;

/** Whether an entry with this size, which is not 0, stands for a record. */
export function isRecordSize(sizeBytes: number): boolean {
  return sizeBytes !== blankEntrySize && sizeBytes >= recordBytesMin;
}

export const EntryAt = { PHYSICAL_OFFSET: 0, SIZE: 8, TAGS_CODE: 12 } as const;

export function writeQueueEntry(target: Buffer, at: number, physicalOffset: number, sizeBytes: number, tagsCode: number): void {
  writeInt64(target, physicalOffset, at);
  target.writeInt32BE(sizeBytes, at + EntryAt.SIZE);
  writeInt64(target, tagsCode, at + EntryAt.TAGS_CODE);
}

export function readQueueEntry(source: Buffer, at: number, queueOffset: number): QueueEntry {
  return {
    queueOffset,
    physicalOffset: readInt64(source, at),
    sizeBytes: source.readInt32BE(at + EntryAt.SIZE),
    tagsCode: readInt64(source, at + EntryAt.TAGS_CODE),
  };
}

/** Space that was never written reads as a size of zero. */
export function isWrittenEntry(entry: QueueEntry): boolean {
  return entry.physicalOffset >= 0 && entry.sizeBytes > 0;
}

/** The entry stands for a record, not for the fill before a queue's first message or of a hole. */
export function isRecordEntry(entry: QueueEntry): boolean {
  return isWrittenEntry(entry) && isRecordSize(entry.sizeBytes);
}
