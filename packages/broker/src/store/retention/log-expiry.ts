/**
 * Deletes the oldest files of the commit log (Java: MappedFileQueue.deleteExpiredFileByTime; page 20 §9). Invariants: oldest
 * first, and each removal is durable before the next, so no start meets a gap; never the newest file; never one that the file
 * of queue ends does not cover, so no start needs it, and no queue offset is lost with it. Readers of a file that goes keep it
 * open until their last read; who comes later is told that it is gone.
 */
import { type Clock, type Logger, sleep, type Timers } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import { isOldFile } from './retention-rules.js';

interface LogExpiryConfig {
  readonly fileReservedTime: number;
  readonly deleteCommitLogFilesInterval: number;
  readonly deleteFileBatchMax: number;
  readonly redeleteHangedFileInterval: number;
}

export interface LogExpiryOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly segments: SegmentList;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly config: LogExpiryConfig;
  /** Below it every record is in queue files, all on the device. */
  readonly coveredEnd: () => number;
  /** Raises `coveredEnd` to the end of the log as it is now. */
  readonly cover: () => Promise<void>;
}

/** A file that is out of use but could not be removed. */
interface HangingFile {
  readonly path: string;
  retryAt: number;
}

export interface ExpiryRound {
  /** Asked before each file: age does not matter. */
  isForced(): boolean;
  isStopping(): boolean;
  /** A file went. */
  onDeleted(): Promise<void>;
}

export class LogExpiry {
  readonly #options: LogExpiryOptions;
  #hanging: HangingFile | undefined;

  constructor(options: LogExpiryOptions) {
    this.#options = options;
  }

  /** Resolves with the number of files that went. */
  async run(round: ExpiryRound): Promise<number> {
    const { clock, config, coveredEnd, cover, segments, timers } = this.#options;
    if (!(await this.#retryHanging())) return 0;
    let count = 0;
    while (count < config.deleteFileBatchMax && segments.count > 1 && !round.isStopping()) {
      const start = segments.firstOffset;
      const path = segments.pathOf(start);
      const stat = await this.#options.fileSystem.stat(path);
      const isOld = isOldFile(stat?.modifiedAt ?? 0, config.fileReservedTime, clock.now());
      if (!isOld && !round.isForced()) break;
      if (coveredEnd() < start + segments.sizeBytes) await cover();
      if (coveredEnd() < start + segments.sizeBytes) break;
      if (!(await this.#delete(path, { isOld }))) break;
      count += 1;
      await round.onDeleted();
      if (count < config.deleteFileBatchMax) await sleep(timers, config.deleteCommitLogFilesInterval);
    }
    return count;
  }

  async #delete(path: string, details: { readonly isOld: boolean }): Promise<boolean> {
    const { logger, pool, segments } = this.#options;
    // From this turn on its records are gone for whoever asks.
    segments.removeFirst();
    logger.info('deleting the oldest commit log file', { path, ...details, logBegin: segments.firstOffset });
    await pool.drop(path);
    this.#hanging = { path, retryAt: 0 };
    return this.#retryHanging();
  }

  /** False: a file still hangs, and none behind it may go before it. */
  async #retryHanging(): Promise<boolean> {
    const { clock, config, fileSystem, logger, segments } = this.#options;
    const hanging = this.#hanging;
    if (hanging === undefined) return true;
    if (clock.monotonic() < hanging.retryAt) return false;
    try {
      await fileSystem.remove(hanging.path);
      await fileSystem.syncDirectory(segments.directory);
    } catch (error) {
      logger.warn('a commit log file cannot be removed; it is tried again', { path: hanging.path, error });
      hanging.retryAt = clock.monotonic() + config.redeleteHangedFileInterval;
      return false;
    }
    this.#hanging = undefined;
    return true;
  }
}
