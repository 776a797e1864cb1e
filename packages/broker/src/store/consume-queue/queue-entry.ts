import { readInt64, writeInt64 } from '@orbitmq/protocol';
import type { QueueEntry } from '../message-store.js';

/** An entry of a consume queue (page 20 §4): log offset int64, record size int32, tags code int64. */
export const queueEntryBytes = 20;

/** Size of the entries that fill a queue's first file up to its first message; they stand for nothing. */
export const blankEntrySize = 0x7fffffff;

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

/** The entry stands for a record, not for the fill before a queue's first message. */
export function isRecordEntry(entry: QueueEntry): boolean {
  return isWrittenEntry(entry) && entry.sizeBytes !== blankEntrySize;
}
