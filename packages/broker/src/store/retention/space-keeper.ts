/**
 * The store's space: who may use it, and what gives it back. Wires the guard, the deletion of what has expired and of whole
 * topics, and the way back after a full disk: puts are taken again when zeros could be written behind the end of the log, so
 * that the first of them does not fail again.
 */
import type { BrokerConfig } from '../../config/broker-config.js';
import type { GroupCommit } from '../commit-log/group-commit.js';
import type { LogFiles } from '../commit-log/log-files.js';
import type { QueueFlusher } from '../consume-queue/queue-flusher.js';
import { isOutOfSpace } from '../io/out-of-space.js';
import type { OpenedStore } from '../open-store.js';
import type { StoreMaintenance } from '../store-maintenance.js';
import type { StoreOptions } from '../store-options.js';
import { storePaths } from '../store-paths.js';
import { DiskGuard, type DiskPercents } from './disk-guard.js';
import { LogExpiry } from './log-expiry.js';
import { type ExpiryListener, QueueExpiry } from './queue-expiry.js';
import { QueueRemoval } from './queue-removal.js';
import { diskRatios } from './retention-rules.js';
import { type FollowsLog, RetentionService } from './retention-service.js';

export function createDiskGuard({ config, environment, fileSystem }: StoreOptions): DiskGuard {
  const { commitLog, consumeQueue } = storePaths(config);
  return new DiskGuard({
    fileSystem,
    logger: environment.logger,
    ratios: diskRatios(config),
    commitLogDirectory: commitLog,
    consumeQueueDirectory: consumeQueue,
  });
}

export interface SpaceKeeperOptions {
  readonly store: StoreOptions;
  readonly opened: OpenedStore;
  readonly guard: DiskGuard;
  readonly files: LogFiles;
  readonly commit: GroupCommit;
  readonly flusher: QueueFlusher;
  readonly visibleEnd: () => number;
  readonly appendedEnd: () => number;
  readonly attempt: (work: () => Promise<void>) => Promise<boolean>;
  readonly onExpired: ExpiryListener;
  /** What else goes with the log: index files, checksums. */
  readonly followers: readonly FollowsLog[];
}

export class SpaceKeeper implements Omit<StoreMaintenance, 'onExpired' | 'logProgress' | 'appendUnderWay'> {
  readonly #options: SpaceKeeperOptions;
  readonly #removal: QueueRemoval;
  readonly #retention: RetentionService;

  constructor(options: SpaceKeeperOptions) {
    this.#options = options;
    const { appendedEnd, attempt, flusher, followers, guard, onExpired, opened, store } = options;
    const { fileSystem } = store;
    const { pool, segments, state, table } = opened;
    const config: BrokerConfig = store.config;
    const { clock, logger, timers } = store.environment;
    this.#removal = new QueueRemoval({
      fileSystem,
      pool,
      table,
      flusher,
      physicalEnd: appendedEnd,
      hasFailed: () => options.commit.hasFailed,
    });
    const logExpiry = new LogExpiry({
      fileSystem,
      pool,
      segments,
      clock,
      timers,
      logger,
      config,
      coveredEnd: () => state.coveredEnd,
      cover: () => flusher.run({ isThorough: true }),
    });
    const queueExpiry = new QueueExpiry({
      fileSystem,
      pool,
      table,
      timers,
      logger,
      deleteFilesIntervalMs: config.deleteConsumeQueueFilesInterval,
      forget: (isForgotten) => flusher.forget(isForgotten),
      onExpired,
      isStopping: () => this.#retention.isStopping,
    });
    this.#retention = new RetentionService({
      clock,
      timers,
      logger,
      config,
      guard,
      logExpiry,
      followers: [queueExpiry, ...followers],
      minPhysicalOffset: () => segments.firstOffset,
      attempt,
      onLooked: () => this.#seekRoom(),
    });
  }

  get isDiskFull(): boolean {
    return this.#options.guard.isFull;
  }

  get diskUsage(): DiskPercents {
    return this.#options.guard.usage;
  }

  start(): Promise<void> {
    return this.#retention.start();
  }

  /** Nothing is deleted any more; a full disk is still looked at, for what waits for room. */
  stop(): Promise<void> {
    return this.#retention.stop();
  }

  stopLooking(): Promise<void> {
    return this.#retention.stopLooking();
  }

  deleteTopics(topics: Iterable<string>, onRemoval?: () => void): Promise<void> {
    return this.#retention.alone(() => this.#removal.deleteTopics(topics, onRemoval));
  }

  cleanUnusedTopics(isRetained: (topic: string) => boolean): Promise<readonly string[]> {
    return this.#retention.alone(() => this.#removal.cleanUnusedTopics(isRetained));
  }

  cleanExpiredQueues(isRetained: (topic: string) => boolean): Promise<number> {
    return this.#retention.alone(() => this.#removal.cleanExpiredQueues(isRetained));
  }

  deleteExpiredFiles(): void {
    this.#retention.deleteExpiredFiles();
  }

  /** After the log found no room: is there some now? */
  async #seekRoom(): Promise<void> {
    const { commit, files, guard, store, visibleEnd } = this.#options;
    const { resumeRoomBytes } = store.limits;
    if (!guard.isShort('log') || guard.logAvailableBytes < resumeRoomBytes || commit.hasFailed) return;
    if (!commit.canResume) {
      commit.retry();
      return;
    }
    try {
      await files.makeRoom(visibleEnd(), resumeRoomBytes);
    } catch (error) {
      if (isOutOfSpace(error)) return;
      throw error;
    }
    guard.hasRoom('log');
  }
}
