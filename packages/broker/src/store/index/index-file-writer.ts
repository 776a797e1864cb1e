import type { File, FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import { createSegment } from '../segment/create-segment.js';
import type { FilePool } from '../segment/file-pool.js';
import type { IndexFile } from './index-file.js';
import { encodeIndexHeader } from './index-header.js';

/** Slots go out in pieces of this many pages (256 KiB), so that other writes to the disk find their turn. */
const slotPagesPerWrite = 64;

/** Brings index files to disk. One operation at a time. */
export class IndexFileWriter {
  readonly #fileSystem: FileSystem;
  readonly #pool: FilePool;
  readonly #failed = new WeakSet<IndexFile>();

  constructor(fileSystem: FileSystem, pool: FilePool) {
    this.#fileSystem = fileSystem;
    this.#pool = pool;
  }

  /** A file of its full size (sparse), durable with its name; its slots and entries are zeros. */
  async create(file: IndexFile): Promise<void> {
    await (await createSegment(this.#fileSystem, file.path, file.layout.sizeBytes)).close();
    await this.#use(file, (open) => writeFile(open, [encodeIndexHeader(file)], 0));
  }

  /** Writes the entries that are only in memory, then the header, which counts them. Not flushed. */
  async writeEntries(file: IndexFile): Promise<void> {
    await this.#use(file, async (open) => {
      if (file.pendingCount > 0) await writeFile(open, [file.pendingBytes()], file.layout.entryAt(file.writtenCount));
      file.entriesWritten();
      await writeFile(open, [encodeIndexHeader(file)], 0);
    });
  }

  /** Everything, slots included, and flushes it. */
  async flush(file: IndexFile): Promise<void> {
    await this.writeEntries(file);
    await this.#use(file, async (open) => {
      for (const { firstSlot, bytes } of file.slots?.dirtyRuns(slotPagesPerWrite) ?? []) {
        await writeFile(open, [bytes], file.layout.slotAt(firstSlot));
      }
      // Counts as failed until it has not.
      this.#failed.add(file);
      await datasyncFile(open);
      this.#failed.delete(file);
    });
    file.isChanged = false;
  }

  /** What a file holds after a failed flush is unknown. */
  hasFlushFailed(file: IndexFile): boolean {
    return this.#failed.has(file);
  }

  #use(file: IndexFile, work: (open: File) => Promise<void>): Promise<void> {
    return this.#pool.use(file.path, work);
  }
}
