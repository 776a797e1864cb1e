import { readInt64 } from '@orbitmq/protocol';
import { IndexEntryAt } from './index-layout.js';

/** One key of one record (Java: an index item of IndexFile). */
export interface IndexEntry {
  readonly keyHash: number;
  readonly physicalOffset: number;
  /** Since the file's begin, rounded down; those of a file's first entry count from the end of the file before. */
  readonly seconds: number;
  /** Number of the entry before it in its chain; 0: none. */
  readonly previous: number;
}

export function readIndexEntry(bytes: Buffer, at: number): IndexEntry {
  return {
    keyHash: bytes.readInt32BE(at + IndexEntryAt.KEY_HASH),
    physicalOffset: readInt64(bytes, at + IndexEntryAt.PHYSICAL_OFFSET),
    seconds: bytes.readInt32BE(at + IndexEntryAt.SECONDS),
    previous: bytes.readInt32BE(at + IndexEntryAt.PREVIOUS),
  };
}
