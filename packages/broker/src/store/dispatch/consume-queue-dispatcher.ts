import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { Dispatcher, DispatchRecord } from './dispatcher.js';

/** A larger hole is taken for a damaged header and not filled. */
const holeEntriesMax = 1_000_000;

/** Where a record's queue offset does not continue its queue: entries before it are missing. */
export interface QueueGap {
  readonly topic: string;
  readonly queueId: number;
  readonly expectedOffset: number;
  readonly foundOffset: number;
}

/** Builds the consume queues (Java: CommitLogDispatcherBuildConsumeQueue). */
export class ConsumeQueueDispatcher implements Dispatcher {
  readonly #onEntry: (queue: ConsumeQueue) => void;
  readonly #isRebuild: boolean;
  readonly #segmentStartOf: (physicalOffset: number) => number;
  /** The first gap met; only recovery can meet one. */
  gap: QueueGap | undefined;

  /**
   * `onEntry` is told which queue has a new entry to write. `isRebuild`: the log is read from its beginning, so a gap is the
   * log's own; `segmentStartOf` is needed then, the start of the log file with a place.
   */
  constructor(options: {
    readonly onEntry: (queue: ConsumeQueue) => void;
    readonly isRebuild: boolean;
    readonly segmentStartOf?: (physicalOffset: number) => number;
  }) {
    this.#onEntry = options.onEntry;
    this.#isRebuild = options.isRebuild;
    this.#segmentStartOf = options.segmentStartOf ?? (() => 0);
  }

  dispatch(record: DispatchRecord): void {
    const { queue } = record;
    // An offset below the end is a record that was dispatched before.
    if (record.queueOffset < queue.maxOffset) return;
    if (record.queueOffset > queue.maxOffset && !this.#bridge(queue, record)) {
      this.gap ??= {
        topic: queue.topic,
        queueId: queue.queueId,
        expectedOffset: queue.maxOffset,
        foundOffset: record.queueOffset,
      };
      return;
    }
    queue.append(record.physicalOffset, record.sizeBytes, record.tagsCode);
    this.#onEntry(queue);
  }

  /** In a rebuild: a queue's first messages may have expired with their file, and a hole of another broker's log stays a hole. */
  #bridge(queue: ConsumeQueue, record: DispatchRecord): boolean {
    if (!this.#isRebuild) return false;
    const { physicalOffset, queueOffset } = record;
    if (queue.isUnused) queue.beginAt(queueOffset);
    else if (queueOffset - queue.maxOffset <= holeEntriesMax) queue.fillTo(queueOffset, this.#segmentStartOf(physicalOffset));
    else return false;
    return true;
  }
}
