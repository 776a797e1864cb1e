import { forEachConcurrently } from '../for-each-concurrently.js';
import type { FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import { parentPath } from '../io/paths.js';
import type { FilePool } from '../segment/file-pool.js';
import { zeroTail } from '../segment/zero-tail.js';
import type { ConsumeQueue } from './consume-queue.js';
import { queueEntryBytes } from './queue-entry.js';

/** Directories flushed at a time; the flush of their files has committed most of it. */
const concurrency = 4;

/** Writes the entries of queues to their files and flushes them. One write per queue and file at a time. */
export class QueueWriter {
  readonly #fileSystem: FileSystem;
  readonly #pool: FilePool;
  /** Directories that got a new name since they were last flushed. */
  readonly #unflushedDirectories = new Set<string>();

  constructor(fileSystem: FileSystem, pool: FilePool) {
    this.#fileSystem = fileSystem;
    this.#pool = pool;
  }

  /** Writes `[writtenOffset, toOffset)`, which is in memory. */
  async write(queue: ConsumeQueue, toOffset: number): Promise<void> {
    if (queue.hasStaleTail) await this.#cutStaleTail(queue);
    const { files } = queue;
    while (queue.writtenOffset < toOffset) {
      const from = queue.writtenOffset;
      const start = files.startOf(from * queueEntryBytes);
      const end = Math.min(toOffset, (start + files.sizeBytes) / queueEntryBytes);
      if (!files.has(start)) await this.#create(queue, start);
      const slices = queue.slices(from, end);
      await this.#pool.use(files.pathOf(start), (file) => writeFile(file, slices, from * queueEntryBytes - start));
      queue.unflushedFiles.add(start);
      queue.writtenOffset = end;
    }
  }

  /** Flushes what was written to the queue's files. */
  async flush(queue: ConsumeQueue): Promise<void> {
    const starts = Array.from(queue.unflushedFiles);
    for (const start of starts) {
      // Forgotten first: what is written from here on is not covered.
      queue.unflushedFiles.delete(start);
      await this.#pool.use(queue.files.pathOf(start), datasyncFile);
    }
  }

  /** Makes the names of new files durable. */
  async flushDirectories(): Promise<void> {
    const directories = [...this.#unflushedDirectories];
    this.#unflushedDirectories.clear();
    await forEachConcurrently(directories, concurrency, (directory) => this.#fileSystem.syncDirectory(directory));
  }

  async #create(queue: ConsumeQueue, start: number): Promise<void> {
    const { files } = queue;
    if (files.isEmpty) {
      await this.#fileSystem.makeDirectory(files.directory, { isDurable: false });
      const topicDirectory = parentPath(files.directory);
      this.#unflushedDirectories.add(topicDirectory).add(parentPath(topicDirectory));
    }
    this.#unflushedDirectories.add(files.directory);
    await this.#pool.use(
      files.pathOf(start),
      async (file) => {
        await file.truncate(0);
        await file.truncate(files.sizeBytes);
      },
      { create: true },
    );
    files.add(start);
  }

  /** Removes what an earlier run left behind the queue's end: later files, and entries in the file of the end. */
  async #cutStaleTail(queue: ConsumeQueue): Promise<void> {
    const { files } = queue;
    const endByte = queue.writtenOffset * queueEntryBytes;
    const isInside = endByte > files.firstOffset;
    for (const start of files.removeFrom(isInside ? endByte : files.firstOffset).toReversed()) {
      await this.#pool.drop(files.pathOf(start));
      await this.#fileSystem.remove(files.pathOf(start));
      this.#unflushedDirectories.add(files.directory);
    }
    const lastStart = files.endOffset - files.sizeBytes;
    if (!files.isEmpty && endByte < files.endOffset) {
      await zeroTail(this.#fileSystem, files.pathOf(lastStart), endByte - lastStart, files.sizeBytes);
    }
    queue.hasStaleTail = false;
  }
}
