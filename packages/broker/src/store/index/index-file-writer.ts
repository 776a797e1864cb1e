import { invariant } from '@orbitmq/core/kernel';
import type { File, FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import { createSegment } from '../segment/create-segment.js';
import type { FilePool } from '../segment/file-pool.js';
import type { IndexFile } from './index-file.js';
import { encodeIndexHeader } from './index-header.js';
import { headerCrc, type IndexNotes } from './index-notes.js';

/** Slots go out in pieces of this many pages (256 KiB), so that other writes to the disk find their turn. */
const slotPagesPerWrite = 64;

export interface IndexFileWriterOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly notes: IndexNotes;
  /** Gives others their turn. */
  readonly pause: () => Promise<void>;
}

/** Brings index files to disk. One operation at a time. */
export class IndexFileWriter {
  readonly #options: IndexFileWriterOptions;
  readonly #failed = new WeakSet<IndexFile>();

  constructor(options: IndexFileWriterOptions) {
    this.#options = options;
  }

  /** A file of its full size (sparse), durable with its name; its slots and entries are zeros. */
  async create(file: IndexFile): Promise<void> {
    await (await createSegment(this.#options.fileSystem, file.path, file.layout.sizeBytes)).close();
    await this.#use(file, (open) => writeFile(open, [encodeIndexHeader(file)], 0));
  }

  /** Writes the entries that are only in memory, then the header, which counts them. Not flushed. */
  async writeEntries(file: IndexFile): Promise<void> {
    await this.#use(file, async (open) => {
      if (file.pendingCount > 0) {
        const bytes = file.pendingBytes();
        await writeFile(open, [bytes], file.layout.entryAt(file.writtenCount));
        file.entriesWritten(bytes);
      }
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

  /** Notes the checksums of a file that is flushed and that nobody adds to meanwhile. */
  async note(file: IndexFile): Promise<void> {
    const { entryChecksums, slots } = file;
    if (entryChecksums === undefined || slots === undefined || file.notedCount === file.indexCount) return;
    const { notes, pause } = this.#options;
    const slotCrcs = await slots.checksums(pause);
    const { entryCrcs, indexCount } = entryChecksums;
    invariant(indexCount === file.indexCount && !file.isChanged, 'what is noted of an index file is on the device');
    await notes.write(file.name, { indexCount, headerCrc: headerCrc(file), slotCrcs, entryCrcs: [...entryCrcs] });
    file.notedCount = indexCount;
  }

  /** What a file holds after a failed flush is unknown. */
  hasFlushFailed(file: IndexFile): boolean {
    return this.#failed.has(file);
  }

  #use(file: IndexFile, work: (open: File) => Promise<void>): Promise<void> {
    return this.#options.pool.use(file.path, work);
  }
}
