import { type Environment, InvariantError, type Lifecycle, type StopOptions, StoreError, type Timer } from '@orbitmq/core/kernel';
import { type DataVersion, Permission, SystemTopic } from '@orbitmq/protocol';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { FileSystem } from '../store/io/file-system.js';
import { joinPath } from '../store/io/paths.js';
import type { MessageStore, MessageToStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { LateCancellations } from './late-cancellations.js';
import { RecentRate } from './recent-rate.js';
import { recoverTimer } from './recover-timer.js';
import type { TimerCheck } from './timer-check.js';
import { TimerDeliveries } from './timer-deliveries.js';
import { TimerDequeuer } from './timer-dequeuer.js';
import { TimerEnqueuer } from './timer-enqueuer.js';
import { TimerFiles } from './timer-files.js';
import { TimerLog } from './timer-log.js';
import { TimerMetrics } from './timer-metrics.js';
import { tickOf } from './timer-time.js';
import { TimerTraffic } from './timer-traffic.js';
import { TimerWheel, type WheelLoad } from './timer-wheel.js';

export interface TimerSettings {
  readonly storePathRootDir: string;
  /** Already a usable one (see `usablePrecisionMs`). */
  readonly precisionMs: number;
  /** Asked for each batch: operators change it at run time. */
  readonly rollWindowSlots: () => number;
  readonly flushIntervalMs: number;
  readonly logFileBytes: number;
  /** See `TimerLogOptions`; at least `batchMax`. */
  readonly unflushedUnitsMax?: number | undefined;
}

export interface TimerServiceDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly topics: Pick<TopicConfigManager, 'get'> & { ensure(topic: string, queueNums: number, perm: number): unknown };
  readonly fileSystem: FileSystem;
  readonly settings: TimerSettings;
  readonly batchMax: number;
  readonly batchBytesMax: number;
  /** A timed message came into its topic. */
  readonly onDelivered?: ((message: MessageToStore) => void) | undefined;
}

/** What `brokerStatus` shows of the timer. */
export interface TimerStatus {
  /** How far delivery is behind, ms. */
  readonly readBehindMs: number;
  /** Messages that are not taken into the wheel yet. */
  readonly offsetBehind: number;
  /** Messages in the wheel. */
  readonly pendingCount: number;
  readonly enqueuedCount: number;
  readonly dequeuedCount: number;
  readonly cancelledCount: number;
  /** Per second over the last ten. */
  readonly enqueuedPerSecond: number;
  readonly dequeuedPerSecond: number;
  /** Lost: expired with their log file, unreadable, no timed messages, or too large for the limits of this broker. */
  readonly lostCount: number;
}

/** What who exports metrics asks of the timer. */
export interface TimerGauges {
  readonly status: TimerStatus;
  /** Messages that wait, by topic. */
  readonly waiting: ReadonlyMap<string, { readonly count: number }>;
  readonly traffic: TimerTraffic;
  /** Length of a tick. */
  readonly precisionMs: number;
  /** Messages that wait in a tick. */
  countOf(tickMs: number): number;
}

const stopDeadlineMsDefault = 10_000;
/** How often old files of the log are looked for. */
const expireIntervalMs = 30_000;

interface Running {
  readonly log: TimerLog;
  readonly enqueuer: TimerEnqueuer;
  readonly dequeuer: TimerDequeuer;
  readonly deliveries: readonly TimerDeliveries[];
}

/**
 * Timed messages of 5.x (Java: TimerMessageStore; page 25 §2). A message waits as a record of the timer topic; the wheel and its log
 * say when which record is due. What was taken in and delivered goes to the files within `flushIntervalMs` and after each tick: first the
 * delivered messages, then the units, then the slots, then `timercheck`. A crash repeats what was delivered since that write and
 * of the tick that was under way, which may be a large one, and loses nothing.
 */
export class TimerService implements Lifecycle {
  readonly traffic: TimerTraffic;
  readonly #deps: TimerServiceDeps;
  readonly #files: TimerFiles;
  readonly #wheel: TimerWheel;
  readonly #metrics: TimerMetrics;
  readonly #enqueueRate: RecentRate;
  readonly #dequeueRate: RecentRate;
  #running: Running | undefined;
  #dataVersion: DataVersion;
  #noted: Pick<TimerCheck, 'readTime' | 'queueOffset'> = { readTime: -1, queueOffset: -1 };
  #flushing: Promise<void> | undefined;
  #flushTimer: Timer | undefined;
  #expireTimer: Timer | undefined;
  #expiring: Promise<void> | undefined;
  #isStopped = false;

  constructor(deps: TimerServiceDeps) {
    this.#deps = deps;
    this.traffic = new TimerTraffic({ hasTopic: (topic) => deps.topics.get(topic) !== undefined });
    this.#files = new TimerFiles(deps.fileSystem, deps.settings.storePathRootDir);
    this.#wheel = new TimerWheel(deps.settings.precisionMs);
    const { clock } = deps.environment;
    this.#metrics = new TimerMetrics(clock);
    this.#enqueueRate = new RecentRate(clock);
    this.#dequeueRate = new RecentRate(clock);
    this.#dataVersion = initialDataVersion(deps.environment.clock);
    deps.store.onArrival((topic) => {
      if (topic === SystemTopic.TIMER) this.#running?.enqueuer.wake();
    });
  }

  /** Messages that wait in a tick; 0 before the start. */
  countOf(tickMs: number): number {
    return this.#wheel.slot(tickMs)?.count ?? 0;
  }

  /** What flow control goes by. */
  loadOf(tickMs: number): WheelLoad {
    return this.#wheel.loadOf(tickMs);
  }

  get status(): TimerStatus {
    const { environment, store } = this.#deps;
    const running = this.#running;
    const writeTime = tickOf(environment.clock.now(), this.#wheel.precisionMs);
    const isBehind = running !== undefined && this.#wheel.pieceCount > 0;
    const droppedCounts = running?.deliveries.map(({ droppedCount }) => droppedCount) ?? [];
    const lostCounts = [...droppedCounts, running?.enqueuer.leftOutCount ?? 0, running?.dequeuer.missedCount ?? 0];
    return {
      readBehindMs: isBehind ? Math.max(0, writeTime - running.dequeuer.readTime) : 0,
      offsetBehind: running === undefined ? 0 : store.maxOffset(SystemTopic.TIMER, 0) - running.enqueuer.offset,
      pendingCount: this.#wheel.pendingCount,
      enqueuedCount: running?.enqueuer.enqueuedCount ?? 0,
      dequeuedCount: running?.dequeuer.dequeuedCount ?? 0,
      cancelledCount: running?.dequeuer.cancelledCount ?? 0,
      enqueuedPerSecond: this.#enqueueRate.perSecond,
      dequeuedPerSecond: this.#dequeueRate.perSecond,
      lostCount: lostCounts.reduce((sum, count) => sum + count, 0),
    };
  }

  get precisionMs(): number {
    return this.#wheel.precisionMs;
  }

  get waiting(): ReadonlyMap<string, { readonly count: number }> {
    return this.#metrics.counts;
  }

  /** How far it is, as of the last flush: the answer to GET_TIMER_CHECK_POINT. */
  get check(): TimerCheck {
    const { readTime, queueOffset } = this.#noted;
    const logFlushedEnd = this.#running?.log.flushedEnd ?? 0;
    return { readTime, queueOffset, masterQueueOffset: queueOffset, logFlushedEnd, dataVersion: this.#dataVersion };
  }

  /** How many messages of each topic wait, as JSON: the answer to GET_TIMER_METRICS. */
  get metricsJson(): string {
    return this.#metrics.describe();
  }

  /** Rejects with a `StoreError` when the files cannot be read, or are of another `mappedFileSizeTimerLog`. */
  async start(): Promise<void> {
    const { environment, topics, store, settings, batchMax, batchBytesMax, onDelivered } = this.#deps;
    topics.ensure(SystemTopic.TIMER, 1, Permission.READ | Permission.WRITE);
    const { log, late, recovered } = await this.#recover();
    this.#dataVersion = recovered.dataVersion ?? this.#dataVersion;
    const { traffic } = this;
    const shared = {
      environment,
      store,
      wheel: this.#wheel,
      log,
      late,
      metrics: this.#metrics,
      traffic,
      batchMax,
      batchBytesMax,
    };
    const newDeliveries = (isGivenUp: () => boolean): TimerDeliveries => {
      return new TimerDeliveries({ environment, store, traffic, isGivenUp, onDelivered });
    };
    const deliveries = [newDeliveries(() => this.#isStopped), newDeliveries(() => dequeuer.isHurried)] as const;
    const dequeuer: TimerDequeuer = new TimerDequeuer({
      ...shared,
      deliveries: deliveries[1],
      rate: this.#dequeueRate,
      startTime: recovered.readTime,
      takenInTo: () => enqueuer.offset,
      caughtUp: () => enqueuer.caughtUp(),
      onDelivered: () => this.#flushSoon(),
    });
    const enqueuer: TimerEnqueuer = new TimerEnqueuer({
      ...shared,
      deliveries: deliveries[0],
      rate: this.#enqueueRate,
      rollWindowSlots: settings.rollWindowSlots,
      startOffset: recovered.queueOffset,
      delivered: recovered.delivered,
      readTime: () => dequeuer.followClock(),
      busyTick: () => dequeuer.busyTick,
      flush: () => this.#flushNow(),
      onLinked: () => dequeuer.wake(),
      onProgress: () => this.#flushLater(),
    });
    this.#running = { log, enqueuer, dequeuer, deliveries };
    enqueuer.wake();
    dequeuer.wake();
    // Nothing was there, and nothing is written before the first timed message comes.
    if (recovered.hadNone) this.#noted = { readTime: recovered.readTime, queueOffset: recovered.queueOffset };
    else this.#flushLater();
    this.#expireLater();
  }

  /**
   * Finishes the tick that is under way within half of the deadline, so that nothing of it comes twice after the next start.
   * Rejects when the last write failed or waits for a disk that hangs: what was delivered since the write before will be delivered again.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#flushTimer?.cancel();
    this.#expireTimer?.cancel();
    const running = this.#running;
    if (running === undefined) return;
    const deadlineMs = options.deadlineMs ?? stopDeadlineMsDefault;
    const { timers } = this.#deps.environment;
    const hurry = timers.setTimeout(() => running.dequeuer.hurry(), deadlineMs / 2);
    const finished = this.#finish(running).finally(() => hurry.cancel());
    await new Promise<void>((resolve, reject) => {
      const deadline = timers.setTimeout(
        () => reject(new StoreError('STORE_IO_FAILED', `The timer was not written within ${deadlineMs} ms: the disk is busy`)),
        deadlineMs,
      );
      finished.then(resolve, reject).finally(() => deadline.cancel());
    });
  }

  async #finish({ log, enqueuer, dequeuer }: Running): Promise<void> {
    try {
      await Promise.all([enqueuer.stop(), dequeuer.stop()]);
      await this.#expiring;
      await this.#flushNow();
    } finally {
      await log.close();
      await this.#files.close();
    }
  }

  async #recover() {
    const { environment, fileSystem, store, settings } = this.#deps;
    const directory = joinPath(settings.storePathRootDir, 'timerlog');
    const log = await TimerLog.open({
      fileSystem,
      directory,
      fileBytes: settings.logFileBytes,
      unflushedUnitsMax: settings.unflushedUnitsMax,
    });
    try {
      const recovered = await recoverTimer({
        files: this.#files,
        log,
        wheel: this.#wheel,
        store,
        logger: environment.logger,
        fileBytes: settings.logFileBytes,
        writeTime: tickOf(environment.clock.now(), settings.precisionMs),
      });
      await this.#loadMetrics(recovered.queueOffset);
      const late = new LateCancellations({ environment, store, wheel: this.#wheel, log, isStopped: () => this.#isStopped });
      await late.collect(recovered.readTime, recovered.queueOffset);
      return { log, late, recovered };
    } catch (error) {
      await log.close();
      await this.#files.close();
      throw error;
    }
  }

  async #loadMetrics(queueOffset: number): Promise<void> {
    const { environment, store } = this.#deps;
    const content = await this.#files.readMetrics();
    if (content !== undefined && !this.#metrics.load(content)) {
      environment.logger.warn('config/timermetrics makes no sense; how many messages of each topic wait is counted anew');
    }
    const isEmpty = this.#wheel.pieceCount === 0 && queueOffset >= store.maxOffset(SystemTopic.TIMER, 0);
    if (isEmpty) this.#metrics.clear();
  }

  /** While nothing changes nobody wakes up. */
  #flushLater(): void {
    if (this.#isStopped || this.#flushTimer !== undefined) return;
    this.#flushTimer = this.#deps.environment.timers.setTimeout(() => {
      this.#flushTimer = undefined;
      this.#flushSoon();
    }, this.#deps.settings.flushIntervalMs);
  }

  #flushSoon(): void {
    if (this.#flushing !== undefined) {
      this.#flushLater();
      return;
    }
    this.#flushNow().catch((error: unknown) => {
      if (error instanceof InvariantError) throw error;
      this.#deps.environment.logger.error('the timer could not be written; it will be tried again', { error });
      this.#flushLater();
    });
  }

  /** A flush that begins now: one under way is waited for, since it may not have what came after it began. */
  async #flushNow(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { log, enqueuer, dequeuer } = running;
    dequeuer.passEmptyTicks();
    const noted = { readTime: dequeuer.readTime, queueOffset: enqueuer.offset };
    const isSame = noted.queueOffset === this.#noted.queueOffset && !this.#wheel.isDirty && log.end === log.flushedEnd;
    const hasFiles = noted.queueOffset > 0 || log.end > 0;
    if (isSame && !(this.#isStopped && hasFiles && noted.readTime !== this.#noted.readTime)) return;
    // All of one turn: the slots name no unit behind `flushed`, which starts with what is in memory now.
    const pieces = this.#wheel.takeDirty();
    try {
      const flushed = log.flush();
      const end = log.end;
      await Promise.all([flushed, this.#deps.store.whenFlushed()]);
      await this.#files.writeWheel(pieces);
      const dataVersion = nextDataVersion(this.#dataVersion, this.#deps.environment.clock);
      await this.#files.writeCheck({ ...noted, logFlushedEnd: end, masterQueueOffset: noted.queueOffset, dataVersion });
      this.#dataVersion = dataVersion;
      this.#noted = noted;
      this.#expireLater();
    } catch (error) {
      this.#wheel.markDirty(pieces);
      throw error;
    }
    await this.#writeMetrics();
  }

  async #writeMetrics(): Promise<void> {
    if (this.#wheel.pieceCount === 0 && this.status.offsetBehind === 0) this.#metrics.clear();
    if (!this.#metrics.isChanged) return;
    try {
      await this.#files.writeMetrics(this.#metrics.encode());
    } catch (error) {
      this.#metrics.markChanged();
      throw error;
    }
  }

  /** The file that is written to is never deleted, so one alone needs no looking after. */
  #expireLater(): void {
    if (this.#isStopped || this.#expireTimer !== undefined || (this.#running?.log.fileCount ?? 0) < 2) return;
    this.#expireTimer = this.#deps.environment.timers.setTimeout(() => {
      this.#expireTimer = undefined;
      this.#expireSoon();
    }, expireIntervalMs);
  }

  #expireSoon(): void {
    const { store, environment } = this.#deps;
    if (this.#expiring !== undefined || this.#running === undefined) return;
    const min = store.minPhysicalOffset;
    this.#expiring = this.#running.log
      .expire(({ physicalOffset }) => physicalOffset < min)
      .then(() => undefined)
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        environment.logger.error('old files of the timer log could not be deleted; it will be tried again', { error });
      })
      .finally(() => {
        this.#expiring = undefined;
        this.#expireLater();
      });
  }
}
