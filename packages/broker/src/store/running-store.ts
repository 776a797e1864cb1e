/**
 * An opened store at work: its parts, wired by hand. Kept apart from `DefaultMessageStore` so that the parts exist only while
 * the store runs.
 */
import type { Timer } from '@orbitmq/core/kernel';
import type { AppendBatch } from './commit-log/append-batch.js';
import { GroupCommit } from './commit-log/group-commit.js';
import { LogAppender } from './commit-log/log-appender.js';
import { LogFiles } from './commit-log/log-files.js';
import { LogReader } from './commit-log/log-reader.js';
import { TailBuffer } from './commit-log/tail-buffer.js';
import { QueueFlusher, type QueueSnapshot } from './consume-queue/queue-flusher.js';
import { QueueReader } from './consume-queue/queue-reader.js';
import { ConsumeQueueDispatcher } from './dispatch/consume-queue-dispatcher.js';
import type { Dispatcher } from './dispatch/dispatcher.js';
import { notifyArrivals, publishBatch } from './dispatch/publish.js';
import { ioError } from './io/io-error.js';
import type { LogMark } from './log-mark.js';
import type { ArrivalListener } from './message-store.js';
import type { OpenedStore } from './open-store.js';
import { MessageGetter } from './read/message-getter.js';
import { TimeSearch } from './read/time-search.js';
import type { StoreOptions } from './store-options.js';

export class RunningStore {
  readonly opened: OpenedStore;
  readonly commit: GroupCommit;
  readonly appender: LogAppender;
  readonly log: LogReader;
  readonly entries: QueueReader;
  readonly getter: MessageGetter;
  readonly timeSearch: TimeSearch;
  readonly #options: StoreOptions;
  readonly #files: LogFiles;
  readonly #tail: TailBuffer;
  readonly #flusher: QueueFlusher;
  /** What is derived from the log, in the order in which it is brought up to date. */
  readonly #dispatchers: readonly Dispatcher[];
  readonly #listeners: readonly ArrivalListener[];
  readonly #timers: Timer[] = [];
  readonly #isSyncFlush: boolean;
  /** Readable; with ASYNC_FLUSH not yet flushed. */
  #visible: LogMark;
  #flushed: LogMark;
  #flushing: Promise<void> | undefined;
  #housekeeping: Promise<void> | undefined;

  private constructor(options: StoreOptions, opened: OpenedStore, listeners: readonly ArrivalListener[], files: LogFiles) {
    this.#options = options;
    this.opened = opened;
    this.#listeners = listeners;
    this.#files = files;
    this.#visible = opened.mark;
    this.#flushed = opened.mark;
    const { config, environment, limits, tagsCodeOf } = options;
    const { clock, timers } = environment;
    const { pool, segments, table } = opened;
    this.#isSyncFlush = config.flushDiskType === 'SYNC_FLUSH';
    this.#tail = new TailBuffer(limits);
    this.commit = new GroupCommit({
      files,
      clock,
      timers,
      isSyncFlush: this.#isSyncFlush,
      syncFlushTimeoutMs: config.syncFlushTimeout,
      publish: (batch, tell) => this.#publish(batch, tell),
      onFailure: options.onFailure,
    });
    this.appender = new LogAppender({
      clock,
      tail: this.#tail,
      commit: this.commit,
      tagsCodeOf,
      fileSizeBytes: segments.sizeBytes,
      segmentStart: segments.startOf(opened.mark.physicalEnd),
      physicalEnd: opened.mark.physicalEnd,
      lastStoreTimestamp: opened.mark.lastStoreTimestamp,
    });
    this.#flusher = new QueueFlusher({
      clock,
      table,
      writer: opened.writer,
      leastPages: config.flushConsumeQueueLeastPages,
      thoroughIntervalMs: config.flushConsumeQueueThoroughInterval,
      recoveryBytesMax: limits.recoveryBytesMax,
      dispatchedTo: () => this.#visible,
      onFlushed: (snapshot) => this.#onQueuesFlushed(snapshot),
    });
    const onEntry = this.#flusher.markDirty.bind(this.#flusher);
    this.#dispatchers = [new ConsumeQueueDispatcher({ onEntry, isRebuild: false })];
    this.log = new LogReader({ segments, tail: this.#tail, pool, limits, durableEnd: () => this.#visible.physicalEnd });
    this.entries = new QueueReader(pool, limits.queueBlocksMax);
    this.getter = new MessageGetter({
      limits: config,
      inMemoryDistanceBytes: limits.inMemoryDistanceBytes,
      entries: this.entries,
      log: this.log,
      minPhysicalOffset: () => segments.firstOffset,
      maxPhysicalOffset: () => this.#visible.physicalEnd,
    });
    this.timeSearch = new TimeSearch(this.entries, this.log);
  }

  static async start(options: StoreOptions, opened: OpenedStore, listeners: readonly ArrivalListener[]): Promise<RunningStore> {
    const files = new LogFiles({
      fileSystem: options.fileSystem,
      segments: opened.segments,
      reserveAheadBytes: options.limits.reserveAheadBytes,
      logger: options.environment.logger,
    });
    await files.open(opened.mark.physicalEnd);
    const running = new RunningStore(options, opened, listeners, files);
    running.#startTimers();
    return running;
  }

  get visibleEnd(): number {
    return this.#visible.physicalEnd;
  }

  /** Writes and flushes everything and says in the directory that it was in order. Puts must have ended. */
  async finish(): Promise<void> {
    this.#stopTimers();
    await this.commit.drain();
    await this.#housekeeping;
    if (!this.commit.hasFailed) await this.#attempt(() => this.#flushAll());
    if (!this.commit.hasFailed) await this.#attempt(() => this.opened.abort.remove());
  }

  /** Gives back what is held, whether the store failed or not. */
  async release(): Promise<void> {
    this.#stopTimers();
    // A file is not closed under an operation; its outcome was seen by who started it.
    await this.#housekeeping;
    await this.#flushing?.catch(() => undefined);
    await this.#files.close();
    await this.opened.state.close();
    await this.opened.pool.closeAll();
    await this.opened.lock.release();
  }

  async #flushAll(): Promise<void> {
    await this.#flushLog();
    await this.#flusher.finish();
    await this.opened.state.logFlushed(this.#flushed);
  }

  #publish(batch: AppendBatch, tell: () => void): void {
    this.#visible = {
      physicalEnd: batch.physicalEnd,
      lastPhysicalOffset: batch.lastPhysicalOffset,
      lastStoreTimestamp: batch.lastStoreTimestamp,
    };
    if (this.#isSyncFlush) this.#flushed = this.#visible;
    publishBatch(batch, this.#dispatchers);
    this.#tail.trim(batch.physicalEnd);
    tell();
    notifyArrivals(batch, this.#listeners);
  }

  #startTimers(): void {
    const { config, environment } = this.#options;
    const { timers } = environment;
    const housekeep = (): void => {
      if (this.#housekeeping !== undefined) return;
      const round = this.#attempt(() => this.#housekeep());
      this.#housekeeping = round.finally(() => {
        this.#housekeeping = undefined;
      });
    };
    this.#timers.push(timers.setInterval(housekeep, config.flushIntervalConsumeQueue).unref());
    if (this.#isSyncFlush) return;
    const flush = (): void => {
      void this.#attempt(() => this.#flushLog());
    };
    this.#timers.push(timers.setInterval(flush, config.flushIntervalCommitLog).unref());
  }

  #stopTimers(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  async #housekeep(): Promise<void> {
    await this.#flusher.run();
    await this.opened.state.logFlushed(this.#flushed);
  }

  /** ASYNC_FLUSH: brings what is visible to the device. One flush at a time; who comes in between waits for the next. */
  async #flushLog(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    const target = this.#visible;
    if (target.physicalEnd === this.#flushed.physicalEnd) return;
    this.#flushing = this.#files.flush().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
    this.#flushed = target;
  }

  async #onQueuesFlushed(snapshot: QueueSnapshot): Promise<void> {
    if (this.#flushed.physicalEnd < snapshot.mark.physicalEnd) await this.#flushLog();
    await this.opened.state.queuesFlushed(snapshot);
  }

  /** Background work: a failure of the disk is as final there as in a put (promises R2). */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.commit.fail(ioError('write', this.#options.config.storePathRootDir, error) as Error);
    }
  }
}
