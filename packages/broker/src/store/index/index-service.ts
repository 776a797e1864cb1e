/**
 * The index beside the log (Java: IndexService). It is built in the background from what is durable, and answers queries. It
 * is derived: it never holds up a put or the start, whatever its disk does; after a failure it is opened again and goes on
 * from what the disk has. Invariants: one build or disk operation at a time; what waits is bounded by the queries in progress.
 */
import { type Clock, InvariantError, type Logger, type Timer, type Timers } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { noMessages, type QueryMessageRequest, type QueryMessageResult } from '../message-query.js';
import type { FilePool } from '../segment/file-pool.js';
import { type BuildStep, IndexBuilder } from './index-builder.js';
import type { IndexFile } from './index-file.js';
import { IndexFileWriter } from './index-file-writer.js';
import { IndexLayout } from './index-layout.js';
import { IndexLoader } from './index-loader.js';
import { IndexNotes } from './index-notes.js';
import { IndexSearch } from './index-search.js';
import { RecordSource, type RecordSourceOptions } from './record-source.js';
import { RecordWalk, type RecordWalkOptions } from './record-walk.js';

/** Records of so much time are indexed together: one look at the log serves them all. */
const gatherMs = 10;
/** Entries are in the file, not flushed, after this time. */
const writeIntervalMs = 1000;
const retryMs = 30_000;
/** A query waits so long for the index to come up to the log. */
const queryWaitMs = 2000;
/** A stop works so long on what is not indexed yet; then the index stays behind, and the next start goes on. */
const finishMs = 10_000;
/** Longest pause after a read of an old part of the log. */
const pauseMsMax = 1000;

export interface IndexServiceOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly directory: string;
  /** Where the checksums of index files are. */
  readonly notesDirectory: string;
  readonly config: { readonly maxHashSlotNum: number; readonly maxIndexNum: number };
  readonly limits: {
    readonly indexPendingBytesMax: number;
    readonly queryEntriesMax: number;
    readonly queryAnswerBytesMax: number;
  };
  readonly log: RecordSourceOptions;
  readonly readRecord: (physicalOffset: number) => Promise<Buffer | undefined>;
  /** End of the log when it was opened: what an index has behind it was lost. */
  readonly recoveredEnd: number;
  readonly wasStoppedCleanly: boolean;
  /** Checkpoint: files up to this store time are on the device. */
  readonly flushedTimestamp: number;
  readonly onFlushed: (endTimestamp: number) => void;
}

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
}

export class IndexService {
  readonly #options: IndexServiceOptions;
  readonly #layout: IndexLayout;
  readonly #writer: IndexFileWriter;
  readonly #notes: IndexNotes;
  readonly #source: RecordSource;
  readonly #walk: RecordWalkOptions;
  readonly #search: IndexSearch;
  readonly #distrusted = new Set<string>();
  readonly #waiters = new Set<Waiter>();
  #builder: IndexBuilder | undefined;
  #running: Promise<void> | undefined;
  #wakeTimer: Timer | undefined;
  #writeTimer: Timer | undefined;
  #isWriteDue = false;
  /** A file was found damaged: all are opened again. */
  #mustReopen = false;
  #isClosed = false;
  /** Monotonic time at which a stop no longer waits. */
  #finishAt = Number.POSITIVE_INFINITY;
  #isFirstOpen = true;
  #flushedTimestamp: number;
  #hangingPath: string | undefined;

  constructor(options: IndexServiceOptions) {
    const { config, fileSystem, limits, log, logger, pool, readRecord } = options;
    this.#options = options;
    this.#flushedTimestamp = options.flushedTimestamp;
    this.#layout = new IndexLayout(config);
    this.#notes = new IndexNotes({ fileSystem, logger, directory: options.notesDirectory });
    this.#writer = new IndexFileWriter({ fileSystem, pool, notes: this.#notes, pause: () => this.#pause(0) });
    this.#source = new RecordSource(log);
    const onDamage = (physicalOffset: number): void => {
      logger.error('a record of the commit log cannot be read and is left out of the index', { physicalOffset });
    };
    this.#walk = { segments: log.segments, source: this.#source, onDamage };
    this.#search = new IndexSearch({
      pool,
      notes: this.#notes,
      readRecord,
      entriesMax: limits.queryEntriesMax,
      answerBytesMax: limits.queryAnswerBytesMax,
      isInUse: (file) => this.#builder?.files.includes(file) === true,
      onDamage: (file, place) => this.#onDamage(file, place),
    });
  }

  /** Opens the index and brings it up to the log, in the background. */
  start(): void {
    const onTick = (): void => {
      this.#isWriteDue = true;
      if ((this.#builder?.newest?.pendingCount ?? 0) > 0) this.#run();
    };
    this.#writeTimer = this.#options.timers.setInterval(onTick, writeIntervalMs).unref();
    this.#run();
  }

  /** More of the log became durable. */
  wake(): void {
    if (this.#running !== undefined || this.#wakeTimer !== undefined || this.#isClosed) return;
    this.#wakeIn(gatherMs);
  }

  /** The newest messages with the key, at most `maxCount` and at most `queryAnswerBytesMax` bytes, but one at least. */
  async query(request: QueryMessageRequest): Promise<QueryMessageResult> {
    await this.#caughtUp();
    let files = this.#builder?.files.slice() ?? [];
    let records = await this.#search.find(files, request);
    if (this.#mustReopen) {
      // Damage hides messages: they are looked for once more when the file was built again, or as far as that is.
      await this.#caughtUp();
      files = this.#builder?.files.slice() ?? [];
      records = await this.#search.find(files, request);
    }
    const newest = files[files.length - 1];
    const indexLastUpdateTimestamp = newest?.endTimestamp ?? 0;
    const indexLastUpdatePhysicalOffset = newest?.endPhysicalOffset ?? 0;
    // An answer without messages says nothing of the index either, as Apache's.
    if (records.length === 0) return noMessages;
    const sizeBytes = records.reduce((sum, record) => sum + record.length, 0);
    return { records, sizeBytes, indexLastUpdateTimestamp, indexLastUpdatePhysicalOffset };
  }

  /** Removes the oldest files of which no record is left in the log, never the newest file (Java: deleteExpiredFile); returns their count. */
  async removeExpired(minPhysicalOffset: number): Promise<number> {
    const { directory, fileSystem, pool } = this.#options;
    const { files } = this.#builder ?? { files: [] };
    let count = await this.#removeHanging();
    for (let oldest = files[0]; oldest !== undefined && files.length > 1; oldest = files[0]) {
      if (oldest.endPhysicalOffset >= minPhysicalOffset) break;
      files.shift();
      await pool.drop(oldest.path);
      this.#hangingPath = oldest.path;
      count += await this.#removeHanging();
    }
    if (count > 0) await fileSystem.syncDirectory(directory);
    return count;
  }

  /** A file that is out of use but could not be removed: none behind it goes before it. */
  async #removeHanging(): Promise<number> {
    if (this.#hangingPath === undefined) return 0;
    await this.#options.fileSystem.remove(this.#hangingPath);
    await this.#notes.remove(this.#hangingPath.slice(this.#hangingPath.lastIndexOf('/') + 1));
    this.#hangingPath = undefined;
    return 1;
  }

  /** The last work of a stop: indexes what is left and flushes. False when what is on disk is not one whole index. */
  async finish(): Promise<boolean> {
    const { clock, logger } = this.#options;
    this.#finishAt = clock.monotonic() + finishMs;
    this.#stopTimers();
    await this.#running;
    try {
      await this.#work();
      if (this.#builder === undefined) return false;
      await this.#flush();
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      logger.error('the index could not be brought to disk; the next start repairs it', { error });
      return false;
    }
    const behindBytes = this.#options.log.durableEnd() - this.#builder.position;
    if (behindBytes > 0) logger.warn('the index is behind the log; the next start goes on with it', { behindBytes });
    return true;
  }

  /** Ends all work. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimers();
    await this.#running;
    this.#tellWaiters();
    this.#source.release();
  }

  #stopTimers(): void {
    this.#wakeTimer?.cancel();
    this.#wakeTimer = undefined;
    this.#writeTimer?.cancel();
    this.#writeTimer = undefined;
  }

  #wakeIn(delayMs: number): void {
    const onWake = (): void => {
      this.#wakeTimer = undefined;
      this.#run();
    };
    this.#wakeTimer = this.#options.timers.setTimeout(onWake, delayMs).unref();
  }

  #run(): void {
    if (this.#running !== undefined || this.#isClosed || this.#finishAt < Number.POSITIVE_INFINITY) return;
    this.#wakeTimer?.cancel();
    this.#wakeTimer = undefined;
    const { logger } = this.#options;
    let delayMs = gatherMs;
    this.#running = this.#work()
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        logger.error('the index cannot be built now; it is opened again later', { error, retryMs });
        this.#builder = undefined;
        delayMs = retryMs;
      })
      .finally(() => {
        this.#running = undefined;
        if (!this.#isDone && !this.#isClosed) this.#wakeIn(delayMs);
      });
  }

  get #isDone(): boolean {
    return this.#builder !== undefined && !this.#mustReopen && this.#builder.position >= this.#options.log.durableEnd();
  }

  /** Works until everything durable is indexed; what is in memory goes to the file from time to time. */
  async #work(): Promise<void> {
    while (!this.#isClosed && !this.#isLate) {
      if (this.#mustReopen) await this.#letGo();
      this.#builder ??= await this.#open();
      const step = this.#builder.step();
      this.#tellWaiters();
      if (step !== 'DONE') await this.#do(step, this.#builder);
      else {
        if (this.#isWriteDue) await this.#builder.write();
        this.#isWriteDue = false;
        if (this.#isDone) return;
      }
    }
  }

  async #do(step: Exclude<BuildStep, 'DONE'>, builder: IndexBuilder): Promise<void> {
    switch (step) {
      case 'PAUSE':
        return this.#pause(0);
      case 'LOAD':
        return this.#load(builder);
      case 'WRITE':
        return builder.write();
      case 'ROLL':
        return this.#guardFlush(builder, () => builder.roll());
    }
  }

  async #letGo(): Promise<void> {
    await this.#flush();
    this.#mustReopen = false;
    this.#builder = undefined;
  }

  get #isLate(): boolean {
    return this.#options.clock.monotonic() >= this.#finishAt;
  }

  async #flush(): Promise<void> {
    const builder = this.#builder;
    if (builder !== undefined) await this.#guardFlush(builder, () => builder.flush());
  }

  /** After a failed flush nobody knows what the file holds (promises R2): it is not opened again but built anew. */
  async #guardFlush(builder: IndexBuilder, work: () => Promise<void>): Promise<void> {
    const file = builder.newest;
    try {
      await work();
    } catch (error) {
      if (file !== undefined && this.#writer.hasFlushFailed(file)) this.#distrusted.add(file.path);
      throw error;
    }
  }

  /** Reads an old part of the log, and then leaves the disk to others for as long as the read took. */
  async #load(builder: IndexBuilder): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    await builder.load();
    const isStopping = this.#finishAt < Number.POSITIVE_INFINITY;
    await this.#pause(isStopping ? 0 : Math.min(clock.monotonic() - startedAt, pauseMsMax));
  }

  #pause(delayMs: number): Promise<void> {
    const { timers } = this.#options;
    return new Promise((resolve) => {
      if (delayMs < 1) timers.setImmediate(resolve);
      else timers.setTimeout(resolve, delayMs);
    });
  }

  async #open(): Promise<IndexBuilder> {
    const { clock, directory, fileSystem, limits, log, logger, pool, readRecord, recoveredEnd, wasStoppedCleanly } =
      this.#options;
    const loader = new IndexLoader({
      fileSystem,
      pool,
      logger,
      directory,
      layout: this.#layout,
      writer: this.#writer,
      notes: this.#notes,
      walk: this.#walk,
      pendingBytesMax: limits.indexPendingBytesMax,
      readRecord,
      logEnd: this.#isFirstOpen ? recoveredEnd : log.durableEnd(),
      wasStoppedCleanly: wasStoppedCleanly && this.#isFirstOpen,
      flushedTimestamp: this.#flushedTimestamp,
      distrusted: this.#distrusted,
    });
    const loaded = await loader.load();
    this.#isFirstOpen = false;
    this.#distrusted.clear();
    const behindBytes = log.durableEnd() - loaded.position;
    logger.debug('the index is open', { files: loaded.files.length, behindBytes });
    return new IndexBuilder(
      {
        clock,
        fileSystem,
        directory,
        layout: this.#layout,
        writer: this.#writer,
        walk: new RecordWalk(this.#walk, loaded.position),
        pendingBytesMax: limits.indexPendingBytesMax,
        durableEnd: log.durableEnd,
        onFull: (file) => this.#onFull(file),
      },
      loaded,
    );
  }

  #onFull(file: IndexFile): void {
    this.#flushedTimestamp = file.endTimestamp;
    this.#options.onFlushed(file.endTimestamp);
  }

  /** An entry of a file that was right when it was written: the disk changed it. The file and those behind it are built again. */
  #onDamage(file: IndexFile, place: string): void {
    const { logger } = this.#options;
    if (this.#builder?.files.includes(file) !== true || this.#distrusted.has(file.path)) return;
    logger.warn('an index file is damaged; it is built again from the commit log', { path: file.path, place });
    this.#distrusted.add(file.path);
    this.#mustReopen = true;
    this.#run();
  }

  /** Resolves when what is durable now is indexed, or when that takes too long. */
  #caughtUp(): Promise<void> {
    if (this.#isDone || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        position: this.#options.log.durableEnd(),
        resolve: () => {
          this.#waiters.delete(waiter);
          timer.cancel();
          resolve();
        },
      };
      const timer = this.#options.timers.setTimeout(waiter.resolve, queryWaitMs);
      this.#waiters.add(waiter);
      this.#run();
    });
  }

  #tellWaiters(): void {
    const position = this.#builder?.position ?? 0;
    for (const waiter of this.#waiters) if (this.#isClosed || waiter.position <= position) waiter.resolve();
  }
}
