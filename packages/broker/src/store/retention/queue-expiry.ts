/**
 * Brings the consume queues behind the beginning of the log (Java: CleanConsumeQueueService and correctMinOffset; page 20 §4,
 * §9): the minimum of each queue moves to its first entry whose record is there, and files wholly below it go. The newest file
 * of a queue stays, so that its end is known to every broker that opens the directory.
 */
import { type Logger, sleep, type Timers } from '@orbitmq/core/kernel';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ConsumeQueueTable } from '../consume-queue/consume-queue-table.js';
import { isRecordEntry, queueEntryBytes, readQueueEntry } from '../consume-queue/queue-entry.js';
import { forEachConcurrently } from '../for-each-concurrently.js';
import type { FileSystem } from '../io/file-system.js';
import type { FilePool } from '../segment/file-pool.js';
import type { FollowsLog } from './retention-service.js';

/** Queues looked at at a time: the thread pool has four threads, and the log needs one at once. */
const concurrency = 2;
/** Entries read at a time; a run of blank ones is passed with few reads. */
const windowEntries = 128;

/** Called when a queue lost its oldest messages: it began at `fromOffset`, and begins at `toOffset` now. */
export type ExpiryListener = (topic: string, queueId: number, fromOffset: number, toOffset: number) => void;

export interface QueueExpiryOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly table: ConsumeQueueTable;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly deleteFilesIntervalMs: number;
  /** See `QueueFlusher.forget`. */
  readonly forget: (isForgotten: (queue: ConsumeQueue) => boolean) => Promise<void>;
  readonly onExpired: ExpiryListener;
  /** Files that are left go in a later round. */
  readonly isStopping: () => boolean;
}

export class QueueExpiry implements FollowsLog {
  readonly #options: QueueExpiryOptions;
  /** Files that are out of use but could not be removed, one of a queue at most: none behind it may go before it. */
  readonly #hanging = new WeakMap<ConsumeQueue, string>();

  constructor(options: QueueExpiryOptions) {
    this.#options = options;
  }

  /**
   * The log begins at `minPhysicalOffset` now. Resolves with the number of queue files that went. A queue whose files cannot be
   * removed does not hold up the others; it rejects then, when they are done.
   */
  async removeExpired(minPhysicalOffset: number): Promise<number> {
    const { table, forget, onExpired, deleteFilesIntervalMs, timers } = this.#options;
    const withOldFiles: ConsumeQueue[] = [];
    await forEachConcurrently([...table.all()], concurrency, async (queue) => {
      const before = queue.minOffset;
      const first = await this.#firstKept(queue, minPhysicalOffset);
      // It may have been deleted meanwhile, which moves it further.
      if (first > queue.minOffset) queue.minOffset = first;
      if (first > before) onExpired(queue.topic, queue.queueId, before, first);
      if (hasOldFile(queue) || this.#hanging.has(queue)) withOldFiles.push(queue);
    });
    await forget((queue) => queue.isForgotten(minPhysicalOffset));
    let count = 0;
    const failures: unknown[] = [];
    for (const queue of withOldFiles) {
      if (this.#options.isStopping()) break;
      if (count > 0) await sleep(timers, deleteFilesIntervalMs);
      try {
        count += await this.#deleteFiles(queue);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return count;
  }

  /** First entry whose record the log has, or that is not known to have none. */
  async #firstKept(queue: ConsumeQueue, minPhysicalOffset: number): Promise<number> {
    // What is not on file yet is newer than everything that expires.
    let low = queue.minOffset;
    let high = queue.writtenOffset;
    if (low >= high || (await this.#placeAt(queue, low, high)).physicalOffset >= minPhysicalOffset) return low;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { queueOffset, physicalOffset } = await this.#placeAt(queue, middle, high);
      if (physicalOffset < minPhysicalOffset) low = queueOffset + 1;
      else high = middle;
    }
    return low;
  }

  /** The first entry in `[fromOffset, toOffset)` that stands for a record: holes of another broker's log say nothing. Without one: no record is that old. */
  async #placeAt(
    queue: ConsumeQueue,
    fromOffset: number,
    toOffset: number,
  ): Promise<{ readonly queueOffset: number; readonly physicalOffset: number }> {
    const { pool } = this.#options;
    const { files } = queue;
    for (let from = fromOffset; from < toOffset; ) {
      const startByte = from * queueEntryBytes;
      // A deletion of its topic came in between.
      if (!files.has(startByte)) break;
      const fileStart = files.startOf(startByte);
      const end = Math.min(from + windowEntries, toOffset, (fileStart + files.sizeBytes) / queueEntryBytes);
      const bytes = Buffer.allocUnsafe((end - from) * queueEntryBytes);
      await pool.use(files.pathOf(fileStart), (file) => file.read(bytes, startByte - fileStart));
      for (let offset = from; offset < end; offset += 1) {
        const entry = readQueueEntry(bytes, (offset - from) * queueEntryBytes, offset);
        if (isRecordEntry(entry)) return entry;
      }
      from = end;
    }
    return { queueOffset: toOffset, physicalOffset: Number.POSITIVE_INFINITY };
  }

  /** Oldest first, each removal durable before the next: no start meets a gap. */
  async #deleteFiles(queue: ConsumeQueue): Promise<number> {
    const { logger, pool } = this.#options;
    const { files } = queue;
    let count = await this.#removeHanging(queue);
    while (hasOldFile(queue)) {
      const start = files.firstOffset;
      const path = files.pathOf(start);
      files.removeFirst();
      queue.unflushedFiles.delete(start);
      await pool.drop(path);
      logger.info('deleting the oldest file of a consume queue', { path });
      this.#hanging.set(queue, path);
      count += await this.#removeHanging(queue);
    }
    return count;
  }

  async #removeHanging(queue: ConsumeQueue): Promise<number> {
    const { fileSystem } = this.#options;
    const path = this.#hanging.get(queue);
    if (path === undefined) return 0;
    // Its topic may have been deleted since, with its directory.
    if (!queue.files.isEmpty) {
      await fileSystem.remove(path);
      await fileSystem.syncDirectory(queue.files.directory);
    }
    this.#hanging.delete(queue);
    return 1;
  }
}

function hasOldFile({ files, minOffset }: ConsumeQueue): boolean {
  return files.count > 1 && files.firstOffset + files.sizeBytes <= minOffset * queueEntryBytes;
}
