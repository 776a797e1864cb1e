import { forEachConcurrently } from '../for-each-concurrently.js';
import type { FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import { parentPath } from '../io/paths.js';
import type { FilePool } from '../segment/file-pool.js';
import { zeroTail } from '../segment/zero-tail.js';
import type { ConsumeQueue } from './consume-queue.js';
import { blankEntrySize, queueEntryBytes, writeQueueEntry } from './queue-entry.js';

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
      if (!files.has(start)) await this.#create(queue, start, from * queueEntryBytes - start);
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
    await forEachConcurrently(directories, concurrency, async (directory) => {
      this.#unflushedDirectories.delete(directory);
      await this.#fileSystem.syncDirectory(directory);
    });
  }

  /** The first `blankBytes` are for entries that the queue never had here: blank ones stand for them (page 20 §4, pre-blank). */
  async #create(queue: ConsumeQueue, start: number, blankBytes: number): Promise<void> {
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
        if (blankBytes > 0) await writeFile(file, [blankEntries(blankBytes)], 0);
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

function blankEntries(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += queueEntryBytes) writeQueueEntry(bytes, at, 0, blankEntrySize, 0);
  return bytes;
}
