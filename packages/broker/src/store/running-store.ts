/**
 * An opened store at work: its parts, wired by hand. Kept apart from `DefaultMessageStore` so that the parts exist only while
 * the store runs.
 */
import { StoreError, type Timer } from '@orbitmq/core/kernel';
import type { AppendBatch } from './commit-log/append-batch.js';
import { FlushPoint } from './commit-log/flush-point.js';
import { GroupCommit } from './commit-log/group-commit.js';
import { LogAppender } from './commit-log/log-appender.js';
import { LogFiles } from './commit-log/log-files.js';
import { LogFlusher } from './commit-log/log-flusher.js';
import { LogReader } from './commit-log/log-reader.js';
import { TailBuffer } from './commit-log/tail-buffer.js';
import { QueueFlusher, type QueueSnapshot } from './consume-queue/queue-flusher.js';
import { QueueReader } from './consume-queue/queue-reader.js';
import { ConsumeQueueDispatcher } from './dispatch/consume-queue-dispatcher.js';
import type { Dispatcher } from './dispatch/dispatcher.js';
import { notifyArrivals, publishBatch } from './dispatch/publish.js';
import type { FlushDiskType } from './flush-mode-switch.js';
import { IndexService } from './index/index-service.js';
import { VerifiedReader } from './integrity/verified-reader.js';
import { ioError } from './io/io-error.js';
import { isOutOfSpace } from './io/out-of-space.js';
import type { LogMark } from './log-mark.js';
import { noMessages, type QueryMessageRequest, type QueryMessageResult } from './message-query.js';
import type { ArrivalListener } from './message-store.js';
import type { OpenedStore } from './open-store.js';
import { readRecord } from './read/look-message.js';
import { MessageGetter } from './read/message-getter.js';
import { ReadSlots } from './read/read-slots.js';
import { TimeSearch } from './read/time-search.js';
import type { DiskGuard } from './retention/disk-guard.js';
import type { ExpiryListener } from './retention/queue-expiry.js';
import { createDiskGuard, SpaceKeeper } from './retention/space-keeper.js';
import type { LogProgress } from './store-maintenance.js';
import type { StoreOptions } from './store-options.js';
import { storePaths } from './store-paths.js';

export interface RunningStoreListeners {
  readonly arrival: readonly ArrivalListener[];
  readonly expiry: readonly ExpiryListener[];
}

export class RunningStore {
  readonly opened: OpenedStore;
  readonly commit: GroupCommit;
  readonly appender: LogAppender;
  readonly log: LogReader;
  readonly entries: QueueReader;
  readonly getter: MessageGetter;
  readonly timeSearch: TimeSearch;
  /** Undefined with `messageIndexEnable` false. */
  readonly index: IndexService | undefined;
  readonly space: SpaceKeeper;
  readonly #options: StoreOptions;
  readonly #files: LogFiles;
  readonly #guard: DiskGuard;
  readonly #tail: TailBuffer;
  readonly #flusher: QueueFlusher;
  /** What is derived from the log, in the order in which it is brought up to date. */
  readonly #dispatchers: readonly Dispatcher[];
  readonly #listeners: RunningStoreListeners;
  readonly #timers: Timer[] = [];
  readonly #flushPoint: FlushPoint;
  readonly #logFlusher: LogFlusher;
  /** Readable; with ASYNC_FLUSH not yet flushed. */
  #visible: LogMark;
  #housekeeping: Promise<boolean> | undefined;
  /** The round of housekeeping flushed the queues: what goes with them is flushed too. */
  #isThorough = false;

  private constructor(
    options: StoreOptions,
    opened: OpenedStore,
    listeners: RunningStoreListeners,
    { files, guard }: { readonly files: LogFiles; readonly guard: DiskGuard },
  ) {
    this.#options = options;
    this.opened = opened;
    this.#listeners = listeners;
    this.#files = files;
    this.#guard = guard;
    this.#visible = opened.mark;
    const { config, environment, limits, tagsCodeOf } = options;
    const { clock, timers } = environment;
    const { pool, segments, table } = opened;
    this.#tail = new TailBuffer(limits);
    const onFlushFailure = (error: unknown): void => this.#failCommit(error);
    this.#logFlusher = new LogFlusher({ files, clock, timers, config, mark: opened.mark, onFailure: onFlushFailure });
    this.commit = new GroupCommit({
      files,
      flusher: this.#logFlusher,
      clock,
      timers,
      isSyncFlush: config.flushDiskType === 'SYNC_FLUSH',
      syncFlushTimeoutMs: config.syncFlushTimeout,
      publish: (batch, tell) => this.#publish(batch, tell),
      onFailure: (error) => this.#onFailure(error),
      onOutOfSpace: (error) => guard.outOfSpace('log', error),
      takeBack: (physicalOffset, segmentStart) => this.#takeBack(physicalOffset, segmentStart),
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
    this.#flushPoint = new FlushPoint({
      appendedEnd: () => this.appender.physicalEnd,
      visibleEnd: () => this.#visible.physicalEnd,
      flush: () => this.#logFlusher.flush().catch((error: unknown) => this.#failCommit(error)),
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
    const verified = new VerifiedReader({ segments, pool, table: opened.checksumTable, logger: environment.logger });
    this.log = new LogReader({ segments, tail: this.#tail, verified, limits, durableEnd: () => this.#visible.physicalEnd });
    this.entries = new QueueReader(pool, limits.queueBlocksMax);
    this.getter = new MessageGetter({
      limits: config,
      inMemoryDistanceBytes: limits.inMemoryDistanceBytes,
      entries: this.entries,
      log: this.log,
      slots: new ReadSlots(timers, limits.coldReadsMax),
      minPhysicalOffset: () => segments.firstOffset,
      maxPhysicalOffset: () => this.#visible.physicalEnd,
    });
    this.timeSearch = new TimeSearch(this.entries, this.log);
    this.index = config.messageIndexEnable ? this.#createIndex(verified) : undefined;
    this.space = new SpaceKeeper({
      store: options,
      opened,
      guard,
      files,
      commit: this.commit,
      flusher: this.#flusher,
      visibleEnd: () => this.#visible.physicalEnd,
      appendedEnd: () => this.appender.physicalEnd,
      attempt: (work) => this.#attempt(work),
      onExpired: (...expired) => {
        for (const listener of listeners.expiry) listener(...expired);
      },
      followers: this.index === undefined ? [] : [this.index],
    });
  }

  static async start(options: StoreOptions, opened: OpenedStore, listeners: RunningStoreListeners): Promise<RunningStore> {
    const guard = createDiskGuard(options);
    const files = new LogFiles({
      fileSystem: options.fileSystem,
      segments: opened.segments,
      reserveAheadBytes: options.limits.reserveAheadBytes,
      logger: options.environment.logger,
      onOutOfSpace: (error) => guard.outOfSpace('log', error),
    });
    await files.open(opened.mark.physicalEnd);
    const running = new RunningStore(options, opened, listeners, { files, guard });
    await running.space.start();
    running.#startTimers();
    running.index?.start();
    return running;
  }

  /** See `MessageStore.queryMessage`. */
  async queryMessage(request: QueryMessageRequest): Promise<QueryMessageResult> {
    const maxCount = Math.min(request.maxCount, this.#options.config.maxMsgsNumBatch);
    return (await this.index?.query({ ...request, maxCount })) ?? noMessages;
  }

  get visibleEnd(): number {
    return this.#visible.physicalEnd;
  }

  /** See `StoreMaintenance`. */
  get logProgress(): LogProgress {
    return {
      appendedEnd: this.appender.physicalEnd,
      visibleEnd: this.#visible.physicalEnd,
      flushedEnd: this.#logFlusher.flushed.physicalEnd,
    };
  }

  /** See `FlushModeSwitch`. */
  async setFlushDiskType(flushDiskType: FlushDiskType): Promise<void> {
    const isSyncFlush = flushDiskType === 'SYNC_FLUSH';
    this.commit.setSyncFlush(isSyncFlush);
    // What is visible already gets the new durability before the caller is told that it is in force.
    if (isSyncFlush) await this.whenFlushed();
  }

  /** See `MessageStore.whenFlushed`. */
  whenFlushed(): Promise<void> {
    return this.#flushPoint.reached();
  }

  /** The disk did not answer in time: nobody is left waiting for it. */
  abandon(): void {
    this.commit.abandon();
    this.#endFlushWaits('was stopped while the disk was busy');
  }

  /** Writes and flushes everything and says in the directory that it was in order. Puts must have ended. */
  async finish(): Promise<void> {
    this.#stopTimers();
    await this.space.stop();
    await this.commit.drain();
    await this.space.stopLooking();
    await this.#housekeeping;
    // Until here its interval counts: what has to end first, such as a round of deletions, may take longer.
    this.#logFlusher.stop();
    const isFlushed = !this.commit.hasFailed && (await this.#attempt(() => this.#flushAll()));
    const isIndexInOrder = this.commit.hasFailed ? false : ((await this.index?.finish()) ?? true);
    if (isFlushed && !this.commit.hasFailed && isIndexInOrder) await this.#attempt(() => this.opened.abort.remove());
  }

  /** Gives back what is held, whether the store failed or not. */
  async release(): Promise<void> {
    this.#stopTimers();
    this.#logFlusher.stop();
    await this.space.stop();
    await this.space.stopLooking();
    this.#endFlushWaits('is stopped');
    await this.index?.close();
    // A file is not closed under an operation; its outcome was seen by who started it.
    await this.#housekeeping;
    await this.#logFlusher.settled();
    await this.#files.close();
    await this.opened.state.close();
    await this.opened.pool.closeAll();
    await this.opened.lock.release();
  }

  async #flushAll(): Promise<void> {
    await this.#logFlusher.flush();
    await this.#flusher.finish();
    await this.#logFlushed({ isDurable: true });
  }

  /** First the flushed offset, then the checksums that it covers. */
  async #logFlushed(options: { readonly isDurable: boolean }): Promise<void> {
    const { checksums, state } = this.opened;
    await state.logFlushed(this.#logFlusher.flushed);
    await checksums.round(state.flushedOffset, options);
  }

  #publish(batch: AppendBatch, tell: () => void): void {
    this.#visible = batch.mark();
    publishBatch(batch, this.#dispatchers);
    tell();
    this.#flushPoint.published();
    notifyArrivals(batch, this.#listeners.arrival);
    this.index?.wake();
    this.#options.onPublished?.(batch.messageCount, batch.recordBytes, batch.waiterTimes);
    // Last: nobody waits for it.
    this.opened.checksums.add(batch.pieces);
    // Behind everything that reads the batch: memory that is let go is written over.
    this.#tail.trim(batch.physicalEnd);
  }

  /** A full disk: the log ends where it is visible, on disk and in memory. */
  async #takeBack(physicalOffset: number, segmentStart: number): Promise<void> {
    await this.#files.cut(physicalOffset);
    this.#tail.cut(physicalOffset);
    this.appender.cut(physicalOffset, segmentStart);
    this.#flushPoint.published();
  }

  #onFailure(error: Error): void {
    this.#endFlushWaits('failed', error);
    this.#options.onFailure(error);
  }

  #endFlushWaits(reason: string, cause?: Error): void {
    const { storePathRootDir } = this.#options.config;
    const message = `The store ${storePathRootDir} ${reason}: what was written last may not be on the disk`;
    this.#flushPoint.fail(new StoreError('STORE_IO_FAILED', message, { cause, details: { path: storePathRootDir } }));
  }

  #createIndex(verified: VerifiedReader): IndexService {
    const { config, environment, fileSystem, limits } = this.#options;
    const { mark, pool, segments, state, wasStoppedCleanly } = this.opened;
    const durableEnd = (): number => this.#visible.physicalEnd;
    const readFile = (from: number, end: number): Promise<Buffer> => verified.read(from, end, durableEnd());
    return new IndexService({
      clock: environment.clock,
      timers: environment.timers,
      logger: environment.logger,
      fileSystem,
      pool,
      directory: storePaths(config).index,
      notesDirectory: storePaths(config).indexChecksums,
      config,
      limits,
      log: { segments, tail: this.#tail, durableEnd, readFile },
      readRecord: (physicalOffset) => readRecord(this.log, physicalOffset),
      recoveredEnd: mark.physicalEnd,
      wasStoppedCleanly,
      flushedTimestamp: state.indexMsgTimestamp,
      onFlushed: (endTimestamp) => state.indexFlushed(endTimestamp),
    });
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
    this.#logFlusher.start();
  }

  #stopTimers(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  async #housekeep(): Promise<void> {
    const wasShort = this.#guard.isShort('background');
    await this.#flusher.run({ isThorough: wasShort });
    const isDurable = this.#isThorough;
    this.#isThorough = false;
    await this.#logFlushed({ isDurable });
    if (wasShort) this.#guard.hasRoom('background');
  }

  async #onQueuesFlushed(snapshot: QueueSnapshot): Promise<void> {
    if (this.#logFlusher.flushed.physicalEnd < snapshot.mark.physicalEnd) await this.#logFlusher.flush();
    await this.opened.state.queuesFlushed(snapshot);
    this.#isThorough = true;
  }

  /**
   * Background work: a failure of the disk is as final there as in a put (promises R2). But what found no room is derived from
   * the log and done again later: until then nothing is put that would add to it.
   */
  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (isOutOfSpace(error)) this.#guard.outOfSpace('background', error);
      else this.#failCommit(error);
      return false;
    }
  }

  #failCommit(error: unknown): void {
    this.commit.fail(ioError('write', this.#options.config.storePathRootDir, error) as Error);
  }
}
