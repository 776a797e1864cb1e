import { type Environment, sleep } from '@orbitmq/core/kernel';
import { SystemTopic } from '@orbitmq/protocol';
import { nextTurn } from '../metadata/next-turn.js';
import { WakeLoop } from '../schedule/wake-loop.js';
import type { MessageStore } from '../store/message-store.js';
import type { LateCancellations } from './late-cancellations.js';
import { type ReadInRoundsDeps, readInRounds } from './read-in-rounds.js';
import { addTo, isCancellation, readTickChain, type TickChain } from './read-tick-chain.js';
import type { RecentRate } from './recent-rate.js';
import { deliveredTimedMessage, readTimedFacts, rolledMessage } from './timed-message.js';
import type { TimerDeliveries, TimerDelivery } from './timer-deliveries.js';
import type { TimerLog } from './timer-log.js';
import type { TimerMetrics } from './timer-metrics.js';
import { lastOverTick, tickOf } from './timer-time.js';
import { TimerMagic, type TimerUnit, unitsPerTurn } from './timer-unit.js';
import type { TimerWheel } from './timer-wheel.js';

export interface TimerDequeuerDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly wheel: TimerWheel;
  readonly log: TimerLog;
  readonly deliveries: TimerDeliveries;
  readonly late: LateCancellations;
  /** The next offset of the topic to be taken in. */
  readonly takenInTo: () => number;
  readonly metrics: TimerMetrics;
  readonly rate: RecentRate;
  readonly batchMax: number;
  readonly batchBytesMax: number;
  readonly startTime: number;
  /** What was acknowledged until now is in the wheel. */
  readonly caughtUp: () => Promise<void>;
  /** A tick is delivered, and no longer in the wheel. */
  readonly onDelivered: () => void;
}

/** A wall clock that is set forward is noticed after this long at the latest. */
const lookAgainMs = 1000;
/** Further behind, what is overdue is looked through before it is delivered. */
const lateMs = 60_000;
const retryMs = 500;
const readRetryMs = 1000;

/**
 * Delivers ticks that are over, one after the other, each in the order in which its messages came (Java: TimerDequeueGetService and
 * those behind it; page 25 §2.3). It sleeps until the next taken slot is due.
 *
 * Invariants: nothing comes before its time by the clock of that moment, also when the clock was set back; a slot is emptied only when
 * all its messages are durable in their topics, so a crash repeats the tick that was under way, and loses none; no tick is left out, however
 * long the broker was away. A record that cannot be read comes behind those of its tick that can; after some tries it is lost, counted
 * and said. While the timer log itself cannot be read nothing is delivered, and nothing lost.
 */
export class TimerDequeuer {
  readonly #deps: TimerDequeuerDeps;
  #readTime: number;
  #busyTick: number | undefined;
  readonly #loop: WakeLoop;
  /** What the deliveries have stored is of this tick. */
  #storedTick = -1;
  #isHurried = false;
  /** Messages and cancellations that were in the wheel but no longer in the log, or unreadable. */
  missedCount = 0;
  cancelledCount = 0;
  dequeuedCount = 0;

  constructor(deps: TimerDequeuerDeps) {
    this.#deps = deps;
    this.#readTime = deps.startTime;
    const { environment, wheel } = deps;
    this.#loop = new WakeLoop({
      environment,
      step: () => this.#deliverNext(),
      onError: (error) => {
        this.#busyTick = undefined;
        environment.logger.error('timed messages cannot be read; tried again', { error });
        this.#loop.sleep(readRetryMs);
      },
      onRest: () => {
        if (wheel.pieceCount > 0) this.#loop.sleep(this.#untilNextMs());
      },
    });
  }

  /** The next tick to deliver; all before it are. */
  get readTime(): number {
    return this.#readTime;
  }

  /** The clock may have been set back: messages of times that come once more go into slots before. Returns `readTime`. */
  followClock(): number {
    const { environment, wheel } = this.#deps;
    this.#readTime = Math.min(this.#readTime, tickOf(environment.clock.now(), wheel.precisionMs));
    return this.#readTime;
  }

  /** Its slot must not change. */
  get busyTick(): number | undefined {
    return this.#busyTick;
  }

  /** While nothing waits nobody looks: ticks that went by empty are passed here, so that a restart need not. */
  passEmptyTicks(): void {
    const { environment, wheel } = this.#deps;
    const lastOver = lastOverTick(environment.clock.now(), wheel.precisionMs);
    if (this.#loop.isRunning || wheel.firstTaken(this.#readTime, lastOver) !== undefined) return;
    this.#readTime = Math.max(this.#readTime, lastOver + wheel.precisionMs);
  }

  /** A slot was taken: it may be due before the one that is waited for. */
  wake(): void {
    this.#loop.wake(() => this.#deps.environment.clock.monotonic() + this.#untilNextMs());
  }

  /** Nobody waits for the tick that is under way: it ends after a batch, and the next start repeats what was delivered of it. */
  hurry(): void {
    this.#isHurried = true;
  }

  get isHurried(): boolean {
    return this.#isHurried;
  }

  /** Ends after the tick that is under way, so that nothing of it comes twice. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Until the next tick of interest is over, as the clock stands. */
  #untilNextMs(): number {
    const { environment, wheel } = this.#deps;
    const now = environment.clock.now();
    const next = wheel.firstTaken(this.#readTime, now + lookAgainMs);
    return next === undefined ? lookAgainMs : Math.max(0, Math.min(next + wheel.precisionMs - now, lookAgainMs));
  }

  /** Delivers the next tick that is over; false when there is none. */
  async #deliverNext(): Promise<boolean> {
    const { environment, store, wheel, deliveries, late, takenInTo, caughtUp, onDelivered } = this.#deps;
    const now = environment.clock.now();
    const lastOver = lastOverTick(now, wheel.precisionMs);
    const tick = wheel.firstTaken(this.followClock(), lastOver);
    if (tick === undefined) {
      this.#readTime = Math.max(this.#readTime, lastOver + wheel.precisionMs);
      if (takenInTo() >= store.maxOffset(SystemTopic.TIMER, 0)) late.forget();
      return false;
    }
    if (lastOver - tick > lateMs && !late.covers(tick)) await late.collect(tick, takenInTo());
    await caughtUp();
    if (this.#loop.isStopped) return false;
    // Meanwhile the clock may have been set back, and an earlier tick been taken.
    const isStillNext = lastOverTick(environment.clock.now(), wheel.precisionMs) >= tick;
    if (!isStillNext || wheel.firstTaken(this.followClock(), tick) !== tick) return true;
    this.#busyTick = tick;
    this.#readTime = tick;
    if (this.#storedTick !== tick) deliveries.forget();
    this.#storedTick = tick;
    const isDelivered = await this.#deliverTick(tick);
    this.#busyTick = undefined;
    if (!isDelivered) return false;
    deliveries.forget();
    wheel.clear(tick);
    // Unless the clock was set back meanwhile.
    if (this.#readTime === tick) this.#readTime = tick + wheel.precisionMs;
    onDelivered();
    return true;
  }

  /** False when it was stopped before all of it was durable. */
  async #deliverTick(tick: number): Promise<boolean> {
    const chain = await readTickChain({ ...this.#deps, ...this.#rounds() }, tick);
    if (chain === undefined || this.#loop.isStopped) return false;
    this.#countLost('a cancellation cannot be read, and its timed message comes', tick, chain.lostCancellations);
    const lost = await readInRounds(this.#rounds(), chain.positions, (positions, onFailed) => {
      return this.#deliverRound(positions, tick, chain, onFailed);
    });
    if (lost === undefined) return false;
    this.#countLost('a timed message cannot be read when it is due, and is lost', tick, lost);
    for (const [topic, change] of chain.countChanges) this.#deps.metrics.add(topic, change);
    return true;
  }

  async #deliverRound(
    positions: ArrayLike<number>,
    tick: number,
    chain: TickChain,
    onFailed: (position: number, error: unknown) => void,
  ): Promise<boolean> {
    const { environment, batchMax, batchBytesMax } = this.#deps;
    for (let index = 0; index < positions.length; ) {
      const batch: TimerDelivery[] = [];
      let sizeBytes = 0;
      let end = index;
      for (; end < positions.length && end - index < batchMax && sizeBytes < batchBytesMax; end += 1) {
        const position = positions[end] ?? -1;
        if (end % unitsPerTurn === unitsPerTurn - 1) await nextTurn(environment.timers);
        try {
          const delivery = await this.#deliveryOf(position, tick, chain);
          if (delivery === undefined) continue;
          batch.push(delivery);
          sizeBytes += delivery.message.body.length;
        } catch (error) {
          onFailed(position, error);
        }
      }
      if (!(await this.#storeUntilDone(batch))) return false;
      index = end;
    }
    return true;
  }

  async #storeUntilDone(batch: readonly TimerDelivery[]): Promise<boolean> {
    const { deliveries, environment } = this.#deps;
    while (batch.length > 0 && !(await deliveries.store(batch))) {
      if (this.#isHurried) return false;
      await sleep(environment.timers, retryMs);
    }
    this.dequeuedCount += batch.length;
    this.#deps.rate.add(batch.length);
    return !this.#isHurried;
  }

  #rounds(): ReadInRoundsDeps {
    return { environment: this.#deps.environment, isStopped: () => this.#loop.isStopped };
  }

  #countLost(text: string, tick: number, places: readonly number[]): void {
    this.missedCount += places.length;
    for (const place of places) this.#deps.environment.logger.error(text, { tick, place });
  }

  /** Undefined for what is not delivered. */
  async #deliveryOf(position: number, tick: number, chain: TickChain): Promise<TimerDelivery | undefined> {
    const { environment, store, log, late } = this.#deps;
    const unit = await log.read(position);
    if (unit === undefined || isCancellation(unit)) return undefined;
    const message = await store.lookMessage(unit.physicalOffset);
    const facts = message === undefined ? undefined : readTimedFacts(message);
    if (message === undefined || facts === undefined) {
      this.missedCount += 1;
      environment.logger.error('a timed message is no longer in the log when it is due, and is lost', {
        tick,
        physicalOffset: unit.physicalOffset,
      });
      return undefined;
    }
    addTo(chain.countChanges, facts.topic, isMessage(unit) ? -1 : 1);
    const now = environment.clock.now();
    // On its way further, unless its time has passed and it was taken back meanwhile.
    if ((unit.magic & TimerMagic.ROLL) !== 0 && !(isMessage(unit) && late.has(facts))) {
      const rolled = rolledMessage(message, facts, String(unit.writeTime), now);
      return { message: rolled, source: message, topic: facts.topic, id: position };
    }
    if (chain.cancelled.has(facts) || late.has(facts)) {
      this.cancelledCount += 1;
      return undefined;
    }
    const delivered = deliveredTimedMessage(message, facts, String(unit.writeTime), now);
    if (delivered !== undefined) return { message: delivered, source: message, topic: facts.topic, id: position };
    environment.logger.warn('a timed message has no destination, and is left out', { physicalOffset: unit.physicalOffset });
    return undefined;
  }
}

function isMessage({ magic }: TimerUnit): boolean {
  return (magic & TimerMagic.DELETE) === 0;
}
