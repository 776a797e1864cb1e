/**
 * Keeps on disk, from time to time, what recovery starts from: how far log and queues are flushed, and Apache's checkpoint.
 * Order matters: a file never claims what is not on the device yet.
 */
import type { QueueSnapshot } from './consume-queue/queue-flusher.js';
import type { LogMark } from './log-mark.js';
import type { CheckpointFile } from './recovery/checkpoint-file.js';
import type { FlushedOffsetFile } from './recovery/flushed-offset-file.js';
import type { QueueEndsFile, QueueRange } from './recovery/queue-ends-file.js';

export interface StoreStateFiles {
  readonly flushedOffset: FlushedOffsetFile;
  readonly queueEnds: QueueEndsFile;
  /** Carried out when the queues are flushed. */
  readonly rebuildOrder: QueueEndsFile;
  readonly checkpoint: CheckpointFile;
}

export class StoreStateKeeper {
  readonly #files: StoreStateFiles;

  constructor(files: StoreStateFiles) {
    this.#files = files;
  }

  /** See `CheckpointFile`. */
  get indexMsgTimestamp(): number {
    return this.#files.checkpoint.indexMsgTimestamp;
  }

  /** An index file that ends at this store time is full and on the device. The checkpoint says so with its next write. */
  indexFlushed(storeTimestamp: number): void {
    this.#files.checkpoint.indexFlushed(storeTimestamp);
  }

  /** All records below are in queue entries that the next start finds. */
  get coveredEnd(): number {
    return this.#files.queueEnds.coveredEnd;
  }

  /** The log is known to be on the device up to here, also after a crash. */
  get flushedOffset(): number {
    return this.#files.flushedOffset.flushedOffset;
  }

  /** The log is on the device up to `mark`. */
  async logFlushed(mark: LogMark): Promise<void> {
    const { checkpoint, flushedOffset } = this.#files;
    await flushedOffset.write(mark.physicalEnd);
    checkpoint.logFlushed(mark.lastStoreTimestamp);
    await checkpoint.write({ isFlushed: false });
  }

  /** The queue entries of the snapshot are on the device; so must be the log up to its mark. */
  async queuesFlushed(snapshot: QueueSnapshot): Promise<void> {
    const { checkpoint, queueEnds, rebuildOrder } = this.#files;
    const queues = new Map<string, Map<number, QueueRange>>();
    for (const [queue, endOffset] of snapshot.ends) {
      const ranges = queues.get(queue.topic) ?? new Map<number, QueueRange>();
      ranges.set(queue.queueId, { minOffset: queue.minOffset, endOffset, deletedAt: queue.deletedAt });
      queues.set(queue.topic, ranges);
    }
    await queueEnds.write({ mark: snapshot.mark, queues });
    await rebuildOrder.remove();
    checkpoint.queuesFlushed(snapshot.mark.lastStoreTimestamp, snapshot.mark.lastPhysicalOffset);
    await checkpoint.write({ isFlushed: true });
  }

  async close(): Promise<void> {
    await this.#files.flushedOffset.close();
    await this.#files.checkpoint.close();
  }
}
