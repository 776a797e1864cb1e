import type { AppendUnderWay } from './append-under-way.js';
import type { DiskPercents } from './retention/disk-guard.js';
import type { ExpiryListener } from './retention/queue-expiry.js';

/** What operators and the broker's own housekeeping ask of a store (Java: part of MessageStore). Works while the store runs. */
export interface StoreMaintenance {
  /**
   * Deletes all queues of the topics, durably when it resolves; unknown names are passed. Their records leave the log with its
   * files. A topic that is created again goes on at its old offsets, so that no offset ever names two messages; Java begins
   * again at 0. Rejects with a `StoreError` when the store has failed, and then deletes nothing, or when
   * the disk fails or is full; asked again it goes on. `onRemoval` is called in the
   * turn in which the queues go: what was put before goes with them, what is put afterwards stays.
   */
  deleteTopics(topics: Iterable<string>, onRemoval?: () => void): Promise<void>;
  /** The same for all topics that are not retained; the caller retains the broker's own. Resolves with the names. */
  cleanUnusedTopics(isRetained: (topic: string) => boolean): Promise<readonly string[]>;
  /** Deletes queues of which every message has expired, but those of retained topics. Resolves with their count. */
  cleanExpiredQueues(isRetained: (topic: string) => boolean): Promise<number>;
  /** Expired log files go now and in the next rounds, at any hour (Java: executeDeleteFilesManually, request code 27). */
  deleteExpiredFiles(): void;
  /** Called when a queue lost its oldest messages to retention. */
  onExpired(listener: ExpiryListener): void;
  /** Puts are refused as DISK_FULL; reads go on. */
  readonly isDiskFull: boolean;
  /** Percent in use of the partitions, as of the last look; -1 where it is not known. */
  readonly diskUsage: DiskPercents;
  readonly logProgress: LogProgress;
  /** What the disk is at; undefined while no batch is being written. To be asked anew each time. */
  readonly appendUnderWay: AppendUnderWay | undefined;
}

/** How far the log is, as physical offsets; the later ones are never behind the earlier. */
export interface LogProgress {
  readonly flushedEnd: number;
  readonly visibleEnd: number;
  /** With what is not written yet. */
  readonly appendedEnd: number;
}
