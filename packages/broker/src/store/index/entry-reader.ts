/**
 * Entries of one index file for one reader, from memory or in blocks of the file, each verified by its checksum where there is
 * one. Chains of a key that many messages have lie close together, so a block serves many steps; the others cost one read a
 * step.
 */
import type { FilePool } from '../segment/file-pool.js';
import { entriesPerBlock, firstDamagedEntry, type IndexChecksums } from './index-checksums.js';
import { type IndexEntry, readIndexEntry } from './index-entry.js';
import type { IndexFile } from './index-file.js';
import { indexEntryBytes } from './index-layout.js';

const blocksMax = 8;

export class EntryReader {
  readonly #pool: FilePool;
  readonly #file: IndexFile;
  readonly #checksums: IndexChecksums | undefined;
  /** By the number of the first entry, in order of reading. */
  readonly #blocks = new Map<number, Buffer>();

  /** `checksums`: what was noted of the file as it is. */
  constructor(pool: FilePool, file: IndexFile, checksums: IndexChecksums | undefined) {
    this.#pool = pool;
    this.#file = file;
    this.#checksums = checksums;
  }

  /** The entry when it is in memory. */
  inMemory(number: number): IndexEntry | undefined {
    const pending = this.#file.pendingEntry(number);
    if (pending !== undefined) return pending;
    const index = number % entriesPerBlock;
    const block = this.#blocks.get(number - index);
    return block === undefined || (index + 1) * indexEntryBytes > block.length
      ? undefined
      : readIndexEntry(block, index * indexEntryBytes);
  }

  /** The entry; undefined when the file does not have it, or not as it was written. */
  async read(number: number): Promise<IndexEntry | undefined> {
    const known = this.inMemory(number);
    if (known !== undefined) return known;
    const first = number - (number % entriesPerBlock);
    const end = Math.min(first + entriesPerBlock, this.#file.writtenCount);
    if (number >= end) return undefined;
    const bytes = Buffer.allocUnsafeSlow((end - first) * indexEntryBytes);
    const { layout, path } = this.#file;
    const readBytes = await this.#pool.use(path, (open) => open.read(bytes, layout.entryAt(first)));
    if (readBytes < bytes.length) return undefined;
    const checksums = this.#checksums ?? this.#file.entryChecksums;
    if (checksums !== undefined && firstDamagedEntry(checksums, bytes, first) !== undefined) return undefined;
    const oldest = this.#blocks.keys().next();
    if (this.#blocks.size >= blocksMax && oldest.done !== true) this.#blocks.delete(oldest.value);
    this.#blocks.set(first, bytes);
    return readIndexEntry(bytes, (number - first) * indexEntryBytes);
  }
}
