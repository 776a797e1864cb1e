/**
 * One index file as the store has it in memory (Java: IndexFile): its header, and while it is the one being written, its slots
 * and the entries that are not on file yet. Pure: `IndexFileWriter` brings it to disk. Invariants: entries are numbered from 1
 * without a gap and in the order of the log; an entry names the one before it in its chain; entries below `writtenCount` are
 * on file, the others in memory, at most `pendingEntriesMax` of them.
 */
import { invariant } from '@orbitmq/core/kernel';
import type { EntryChecksums } from './index-checksums.js';
import type { IndexEntry } from './index-entry.js';
import type { IndexHeader } from './index-header.js';
import { type IndexLayout, indexEntryBytes } from './index-layout.js';
import type { SlotTable } from './slot-table.js';

const word = 0x1_0000_0000;
const secondsMax = 0x7fff_ffff;
const entryWords = indexEntryBytes / 4;

/** What a file needs while it is written. */
interface Growth {
  readonly slots: SlotTable;
  /** Entries that are not on file, as words of the machine: putting one costs five stores. */
  readonly pending: Int32Array;
  /** Of the entries on file. */
  readonly checksums: EntryChecksums;
}

export class IndexFile implements IndexHeader {
  readonly path: string;
  readonly name: string;
  readonly layout: IndexLayout;
  beginTimestamp: number;
  endTimestamp: number;
  beginPhysicalOffset: number;
  endPhysicalOffset: number;
  usedSlotCount: number;
  indexCount: number;
  /** Number of the first entry that is not on file. */
  writtenCount: number;
  /** The header, or anything else, is not on file as it is here. */
  isChanged = false;
  /** Number of entries, and one, at which its checksums were noted; 0: they are not. */
  notedCount = 0;
  #growth: Growth | undefined;

  constructor(path: string, layout: IndexLayout, header: IndexHeader) {
    this.path = path;
    this.name = path.slice(path.lastIndexOf('/') + 1);
    this.layout = layout;
    this.beginTimestamp = header.beginTimestamp;
    this.endTimestamp = header.endTimestamp;
    this.beginPhysicalOffset = header.beginPhysicalOffset;
    this.endPhysicalOffset = header.endPhysicalOffset;
    this.usedSlotCount = header.usedSlotCount;
    this.indexCount = header.indexCount;
    this.writtenCount = header.indexCount;
  }

  get isEmpty(): boolean {
    return this.indexCount <= 1;
  }

  get isFull(): boolean {
    return this.indexCount >= this.layout.indexCountMax;
  }

  /** Whether the next entry finds a place in memory. */
  get hasRoom(): boolean {
    return (this.indexCount - this.writtenCount + 1) * entryWords <= this.#growing.pending.length;
  }

  get pendingCount(): number {
    return this.indexCount - this.writtenCount;
  }

  /** Undefined when the file is not the one being written. */
  get slots(): SlotTable | undefined {
    return this.#growth?.slots;
  }

  /** Checksums of the entries on file; undefined when the file is not the one being written. */
  get entryChecksums(): EntryChecksums | undefined {
    return this.#growth?.checksums;
  }

  /** Makes it the file that is written. `slots` and `checksums` say what its entries say. */
  grow(slots: SlotTable, checksums: EntryChecksums, pendingBytesMax: number): void {
    invariant(checksums.indexCount === this.writtenCount, 'the checksums cover the entries on file');
    const entries = Math.max(1, Math.floor(pendingBytesMax / indexEntryBytes));
    this.#growth = { slots, checksums, pending: new Int32Array(entries * entryWords) };
  }

  /** No more entries: everything is on file. */
  seal(): void {
    invariant(this.pendingCount === 0 && !this.isChanged, 'a full index file is on disk');
    this.#growth = undefined;
  }

  /** Adds an entry; the file must not be full and must have room. */
  put(keyHash: number, physicalOffset: number, storeTimestamp: number): void {
    const { pending, slots } = this.#growing;
    invariant(!this.isFull && this.hasRoom, 'an index entry has a place');
    const slot = keyHash % slots.slotCount;
    const previous = slots.get(slot);
    const at = (this.indexCount - this.writtenCount) * entryWords;
    pending[at] = keyHash;
    pending[at + 1] = Math.floor(physicalOffset / word);
    pending[at + 2] = physicalOffset % word;
    pending[at + 3] = secondsSince(this.beginTimestamp, storeTimestamp);
    pending[at + 4] = previous;
    slots.set(slot, this.indexCount);
    // Only now: the seconds of the first entry count from where the file before ended (page 20 §5).
    if (this.isEmpty) {
      this.beginPhysicalOffset = physicalOffset;
      this.beginTimestamp = storeTimestamp;
    }
    if (previous === 0) this.usedSlotCount += 1;
    this.indexCount += 1;
    this.endPhysicalOffset = physicalOffset;
    this.endTimestamp = storeTimestamp;
    this.isChanged = true;
  }

  /** The bytes of the entries from `writtenCount` on, as they go to the file. */
  pendingBytes(): Buffer {
    return Buffer.from(this.#growing.pending.slice(0, this.pendingCount * entryWords).buffer).swap32();
  }

  /** `bytes`: what `pendingBytes` gave. */
  entriesWritten(bytes: Buffer): void {
    this.#growing.checksums.add(bytes);
    this.writtenCount = this.indexCount;
  }

  /** An entry that is not on file; undefined when it is. */
  pendingEntry(number: number): IndexEntry | undefined {
    if (number < this.writtenCount || number >= this.indexCount) return undefined;
    const { pending } = this.#growing;
    const at = (number - this.writtenCount) * entryWords;
    return {
      keyHash: pending[at] as number,
      physicalOffset: (pending[at + 1] as number) * word + ((pending[at + 2] as number) >>> 0),
      seconds: pending[at + 3] as number,
      previous: pending[at + 4] as number,
    };
  }

  /** Whether any of its records can have a store time in the range. */
  overlaps(beginTimestamp: number, endTimestamp: number): boolean {
    return !this.isEmpty && this.endTimestamp >= beginTimestamp && this.beginTimestamp <= endTimestamp;
  }

  get #growing(): Growth {
    invariant(this.#growth !== undefined, 'only the newest index file grows');
    return this.#growth;
  }
}

/** An entry's time: whole seconds since the file's begin, never negative. */
export function secondsSince(beginTimestamp: number, storeTimestamp: number): number {
  if (beginTimestamp <= 0) return 0;
  return Math.min(Math.max(0, Math.trunc((storeTimestamp - beginTimestamp) / 1000)), secondsMax);
}
