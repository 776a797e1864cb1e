/**
 * Checksums of one index file (no counterpart in Java, whose index files have none): of its header, of each block of slots and
 * of each block of entries, so that a query verifies exactly what it goes by, whatever the size of the file. Entries never
 * change once they are written, so their checksums hold for the file as it grows; those of header and slots only for the
 * count of entries they were made at.
 */
import { crc32 } from 'node:zlib';
import { indexEntryBytes, indexSlotBytes } from './index-layout.js';

/** 16 KiB. */
export const slotsPerBlock = 4096;
/** 16,000 bytes. */
export const entriesPerBlock = 800;

/** Of a stretch of entries from the first one on. */
export interface CoveredEntries {
  /** Number behind the last entry that is covered. */
  readonly indexCount: number;
  /** Block 0 begins with entry 1, the last block ends before `indexCount`. */
  readonly entryCrcs: readonly number[];
}

export interface IndexChecksums extends CoveredEntries {
  readonly headerCrc: number;
  readonly slotCrcs: readonly number[];
}

/** The checksums of a file's entries while they are written. */
export class EntryChecksums implements CoveredEntries {
  readonly #crcs: number[] = [0];
  #indexCount = 1;

  get indexCount(): number {
    return this.#indexCount;
  }

  /** Of the blocks that have an entry; the last one may be a part of its block. */
  get entryCrcs(): readonly number[] {
    return this.#crcs;
  }

  /** Whole entries that follow on those before. */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const inBlock = this.#indexCount % entriesPerBlock;
      if (inBlock === 0) this.#crcs.push(0);
      const count = Math.min(entriesPerBlock - inBlock, (bytes.length - at) / indexEntryBytes);
      const end = at + count * indexEntryBytes;
      const last = this.#crcs.length - 1;
      this.#crcs[last] = crc32(bytes.subarray(at, end), this.#crcs[last]);
      this.#indexCount += count;
      at = end;
    }
  }
}

/** Where in `bytes`, which begin with entry `firstNumber`, the first of a block, the first block begins that is not what was written. A block that is not wholly there, as far as it is covered, is not looked at. */
export function firstDamagedEntry(
  { indexCount, entryCrcs }: CoveredEntries,
  bytes: Buffer,
  firstNumber: number,
): number | undefined {
  const endNumber = firstNumber + bytes.length / indexEntryBytes;
  for (let block = firstNumber / entriesPerBlock; ; block += 1) {
    const from = Math.max(1, block * entriesPerBlock);
    const to = Math.min((block + 1) * entriesPerBlock, indexCount);
    if (from >= to || to > endNumber) return undefined;
    const span = bytes.subarray((from - firstNumber) * indexEntryBytes, (to - firstNumber) * indexEntryBytes);
    if (crc32(span) !== entryCrcs[block]) return from;
  }
}

/** Whether the slots in `bytes`, a whole block as it is on file, are those that were noted. */
export function isSlotBlock({ slotCrcs }: IndexChecksums, bytes: Buffer, block: number): boolean {
  return crc32(bytes) === slotCrcs[block];
}

export function slotBlockBytes(slotCount: number, block: number): number {
  return Math.min(slotsPerBlock, slotCount - block * slotsPerBlock) * indexSlotBytes;
}
