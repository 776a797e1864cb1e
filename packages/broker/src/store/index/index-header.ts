import { readInt64, writeInt64 } from '@orbitmq/protocol';
import { indexHeaderBytes } from './index-layout.js';

const At = {
  BEGIN_TIMESTAMP: 0,
  END_TIMESTAMP: 8,
  BEGIN_PHYSICAL_OFFSET: 16,
  END_PHYSICAL_OFFSET: 24,
  USED_SLOT_COUNT: 32,
  INDEX_COUNT: 36,
} as const;

/** What an index file says of itself (Java: IndexHeader). */
export interface IndexHeader {
  /** Store time of the first indexed record. */
  readonly beginTimestamp: number;
  /** Store time of the last one. */
  readonly endTimestamp: number;
  readonly beginPhysicalOffset: number;
  readonly endPhysicalOffset: number;
  /** Slots with a chain. */
  readonly usedSlotCount: number;
  /** Number of the next entry; the first entry is number 1. */
  readonly indexCount: number;
}

export function encodeIndexHeader(header: IndexHeader): Buffer {
  const bytes = Buffer.alloc(indexHeaderBytes);
  writeInt64(bytes, header.beginTimestamp, At.BEGIN_TIMESTAMP);
  writeInt64(bytes, header.endTimestamp, At.END_TIMESTAMP);
  writeInt64(bytes, header.beginPhysicalOffset, At.BEGIN_PHYSICAL_OFFSET);
  writeInt64(bytes, header.endPhysicalOffset, At.END_PHYSICAL_OFFSET);
  bytes.writeInt32BE(header.usedSlotCount, At.USED_SLOT_COUNT);
  bytes.writeInt32BE(header.indexCount, At.INDEX_COUNT);
  return bytes;
}

/** Reads a header; a count of zero is read as one, as Java does. Numbers of a damaged one may be anything, also unsafe. */
export function decodeIndexHeader(bytes: Buffer): IndexHeader {
  return {
    beginTimestamp: readInt64(bytes, At.BEGIN_TIMESTAMP),
    endTimestamp: readInt64(bytes, At.END_TIMESTAMP),
    beginPhysicalOffset: readInt64(bytes, At.BEGIN_PHYSICAL_OFFSET),
    endPhysicalOffset: readInt64(bytes, At.END_PHYSICAL_OFFSET),
    usedSlotCount: bytes.readInt32BE(At.USED_SLOT_COUNT),
    indexCount: Math.max(1, bytes.readInt32BE(At.INDEX_COUNT)),
  };
}
