import { type Environment, InvariantError } from '@orbitmq/core/kernel';
import { javaStringHashCode, type MessageExt, SystemTopic } from '@orbitmq/protocol';
import { nextTurn } from '../metadata/next-turn.js';
import { WakeLoop } from '../schedule/wake-loop.js';
import type { MessageStore, QueueEntry } from '../store/message-store.js';
import type { LateCancellations } from './late-cancellations.js';
import { readTriesMax } from './read-in-rounds.js';
import type { RecentRate } from './recent-rate.js';
import { deliveredTimedMessage, neverEnqueued, readTimedFacts, type TimedFacts } from './timed-message.js';
import type { TimerDeliveries, TimerDelivery } from './timer-deliveries.js';
import type { TimerLog } from './timer-log.js';
import type { TimerMetrics } from './timer-metrics.js';
import { chooseSlot } from './timer-roll-rule.js';
import { tickOf } from './timer-time.js';
import type { TimerTraffic } from './timer-traffic.js';
import { TimerMagic } from './timer-unit.js';
import type { TimerWheel } from './timer-wheel.js';

export interface TimerEnqueuerDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly wheel: TimerWheel;
  readonly log: TimerLog;
  readonly deliveries: TimerDeliveries;
  readonly late: LateCancellations;
  readonly batchMax: number;
  readonly batchBytesMax: number;
  readonly metrics: TimerMetrics;
  readonly traffic: TimerTraffic;
  readonly rate: RecentRate;
  readonly rollWindowSlots: () => number;
  readonly startOffset: number;
  /** Records below the offset with a tick before the time are delivered already (see `RecoveredTimer`). */
  readonly delivered: { readonly belowOffset: number; readonly beforeMs: number };
  /** The next tick to be delivered: nothing can be put into one before. */
  readonly readTime: () => number;
  /** The tick that is being delivered: nothing can be put into it either. */
  readonly busyTick: () => number | undefined;
  /** A flush makes room in the log. */
  readonly flush: () => Promise<void>;
  /** Something was put into a slot. */
  readonly onLinked: () => void;
  /** `offset` went on. */
  readonly onProgress: () => void;
}

interface Waiting {
  readonly entry: QueueEntry;
  readonly message: MessageExt | undefined;
  readonly facts: TimedFacts | undefined;
  readonly isDone: boolean;
}

const retryMs = 100;
const readRetryMs = 1000;

/**
 * Takes messages of the timer topic into the wheel, in their order (Java: TimerEnqueueGetService, TimerEnqueuePutService; page 25
 * §2.2). One that is due already is delivered at once, durably before anything behind it gets a unit: a restart goes on
 * behind the last unit. What is no timed message is left out, and never stops the others.
 */
export class TimerEnqueuer {
  readonly #deps: TimerEnqueuerDeps;
  #offset: number;
  /** Messages of the batch whose ticks are before it were delivered at once. */
  #dueBefore = 0;
  readonly #loop: WakeLoop;
  /** In a row, of the same batch. */
  #failedReads = 0;
  #waiters: { readonly offset: number; readonly resolve: () => void }[] = [];
  /** Taken in, or delivered at once. */
  enqueuedCount = 0;
  /** Expired, unreadable, or no timed messages. */
  leftOutCount = 0;

  constructor(deps: TimerEnqueuerDeps) {
    this.#deps = deps;
    this.#offset = deps.startOffset;
    const { environment } = deps;
    this.#loop = new WakeLoop({
      environment,
      step: () => this.#step(),
      onError: (error) => {
        this.#failedReads += 1;
        environment.logger.error('timed messages cannot be taken in; tried again', { error });
        this.#sleep(readRetryMs);
      },
    });
  }

  /** The next queue offset to be taken in. */
  get offset(): number {
    return this.#offset;
  }

  wake(): void {
    this.#loop.wake();
  }

  /**
   * Resolves when everything that is visible now is taken in: a cancellation that was acknowledged counts for the tick that is
   * delivered next. Resolves as well when this waits for something itself.
   */
  async caughtUp(): Promise<void> {
    const offset = this.#deps.store.maxOffset(SystemTopic.TIMER, 0);
    if (this.#loop.isStopped || this.#loop.isSleeping || this.#offset >= offset) return;
    const passed = new Promise<void>((resolve) => {
      this.#waiters.push({ offset, resolve });
    });
    this.wake();
    await passed;
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#release();
  }

  async #step(): Promise<boolean> {
    const isMoreThere = await this.#takeNext();
    if (this.#loop.isSleeping) this.#release();
    else this.#releasePassed();
    return isMoreThere;
  }

  /** False when there is nothing more to do now. */
  async #takeNext(): Promise<boolean> {
    const { store, log, batchMax } = this.#deps;
    this.#passExpired();
    const entries = await store.queueEntries(SystemTopic.TIMER, 0, this.#offset, batchMax);
    if (entries.length === 0) return false;
    if (!log.hasRoomFor(entries.length)) await this.#deps.flush();
    const waiting = await this.#read(entries);
    this.#failedReads = 0;
    if (!(await this.#deliverDue(waiting))) {
      this.#sleep(retryMs);
      return false;
    }
    const count = this.#link(waiting);
    if (count === waiting.length) this.#deps.deliveries.forget();
    if (count > 0) {
      // All of a batch may have been in memory.
      if (entries.length === batchMax) await nextTurn(this.#deps.environment.timers);
      return true;
    }
    this.#sleep(retryMs);
    return false;
  }

  #passExpired(): void {
    const min = this.#deps.store.minOffset(SystemTopic.TIMER, 0);
    if (min <= this.#offset) return;
    this.leftOutCount += min - this.#offset;
    this.#deps.environment.logger.error('timed messages expired with their log file before they were taken in, and are lost', {
      count: min - this.#offset,
    });
    this.#offset = min;
  }

  async #read(entries: readonly QueueEntry[]): Promise<readonly Waiting[]> {
    const { batchBytesMax, delivered } = this.#deps;
    let sizeBytes = 0;
    const taken = entries.filter((entry, index) => {
      sizeBytes += entry.sizeBytes;
      return index === 0 || sizeBytes <= batchBytesMax;
    });
    const messages = await Promise.all(taken.map((entry) => this.#lookMessage(entry)));
    return taken.map((entry, index) => {
      const message = messages[index];
      const facts = message === undefined ? undefined : readTimedFacts(message);
      const isDone = facts !== undefined && entry.queueOffset < delivered.belowOffset && facts.outMs < delivered.beforeMs;
      return { entry, message, facts, isDone };
    });
  }

  /** One that cannot be read after some tries is left out, so that those behind it are taken in. */
  async #lookMessage({ physicalOffset }: QueueEntry): Promise<MessageExt | undefined> {
    try {
      return await this.#deps.store.lookMessage(physicalOffset);
    } catch (error) {
      if (error instanceof InvariantError || this.#failedReads + 1 < readTriesMax) throw error;
      this.#deps.environment.logger.error('a timed message cannot be read, and is lost', { physicalOffset, error });
      return undefined;
    }
  }

  async #deliverDue(waiting: readonly Waiting[]): Promise<boolean> {
    const { environment, wheel, deliveries, late } = this.#deps;
    const now = environment.clock.now();
    const due: TimerDelivery[] = [];
    for (const { entry, message, facts, isDone } of waiting) {
      if (message === undefined || facts === undefined || isDone || facts.cancelledKey !== undefined) continue;
      if (facts.outMs >= tickOf(now, wheel.precisionMs) || late.has(facts)) continue;
      const delivered = deliveredTimedMessage(message, facts, neverEnqueued, now);
      if (delivered !== undefined) due.push({ message: delivered, source: message, topic: facts.topic, id: entry.queueOffset });
    }
    this.#dueBefore = tickOf(now, wheel.precisionMs);
    return due.length === 0 || (await deliveries.store(due));
  }

  /** In one turn: units, slots and offset belong together. Returns how many are dealt with; the others have to wait. */
  #link(waiting: readonly Waiting[]): number {
    const { environment, wheel, log, metrics, traffic, readTime, busyTick, onLinked } = this.#deps;
    const writeTime = tickOf(environment.clock.now(), wheel.precisionMs);
    const rollWindowSlots = this.#deps.rollWindowSlots();
    let count = 0;
    let linkedCount = 0;
    for (const { entry, message, facts, isDone } of waiting) {
      if (message === undefined || facts === undefined) {
        this.leftOutCount += 1;
        environment.logger.error('a record of the timer topic is no timed message or is gone, and is left out', {
          queueOffset: entry.queueOffset,
        });
      } else if (!isDone && facts.outMs >= this.#dueBefore) {
        const outTick = tickOf(facts.outMs, wheel.precisionMs);
        if (outTick < writeTime) break;
        const { tickMs, isRolled } = chooseSlot(outTick, writeTime, wheel.precisionMs, rollWindowSlots);
        if (tickMs < readTime() || tickMs === busyTick() || wheel.isPlaceHeldByOther(tickMs)) break;
        const isCancellation = facts.cancelledKey !== undefined;
        const position = log.append({
          previous: wheel.slot(tickMs)?.last ?? -1,
          magic: TimerMagic.DEFAULT | (isRolled ? TimerMagic.ROLL : 0) | (isCancellation ? TimerMagic.DELETE : 0),
          writeTime,
          delayMs: tickMs - writeTime,
          physicalOffset: entry.physicalOffset,
          recordBytes: entry.sizeBytes,
          topicHash: javaStringHashCode(facts.topic),
        });
        const countChange = isCancellation ? -1 : 1;
        wheel.link(tickMs, position, countChange);
        metrics.add(facts.topic, countChange);
        linkedCount += 1;
      }
      if (message !== undefined && facts !== undefined && !isDone) {
        traffic.enqueued(facts.topic, facts.outMs - message.bornTimestamp);
      }
      count += 1;
      this.enqueuedCount += 1;
      this.#offset = entry.queueOffset + 1;
    }
    if (count > 0) this.#deps.onProgress();
    this.#deps.rate.add(count);
    if (linkedCount > 0) onLinked();
    return count;
  }

  #releasePassed(): void {
    const end = this.#offset;
    const isAtEnd = end >= this.#deps.store.maxOffset(SystemTopic.TIMER, 0);
    this.#waiters = this.#waiters.filter(({ offset, resolve }) => {
      if (offset > end && !isAtEnd) return true;
      resolve();
      return false;
    });
  }

  #release(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  #sleep(delayMs: number): void {
    this.#release();
    this.#loop.sleep(delayMs);
  }
}
