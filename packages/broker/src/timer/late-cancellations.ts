import { type Environment, InvariantError } from '@orbitmq/core/kernel';
import { SystemTopic } from '@orbitmq/protocol';
import { nextTurn } from '../metadata/next-turn.js';
import type { MessageStore } from '../store/message-store.js';
import { CancelledKeys } from './cancelled-keys.js';
import { readInRounds } from './read-in-rounds.js';
import { readTimedFacts, type TimedFacts } from './timed-message.js';
import type { TimerLog } from './timer-log.js';
import { lastOverTick } from './timer-time.js';
import { TimerMagic, tickOfUnit, unitsPerTurn } from './timer-unit.js';
import type { TimerWheel } from './timer-wheel.js';

export interface LateCancellationsDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly wheel: TimerWheel;
  readonly log: TimerLog;
  readonly isStopped: () => boolean;
}

/** What one look through finds. */
interface Found {
  readonly keys: CancelledKeys;
  readonly lookedTo: number;
  /** Places of records that could not be read. */
  readonly failed: number[];
  lookedAtCount: number;
}

/**
 * Cancellations of messages whose time passed while nobody delivered: the broker was away, or the clock was set forward. Then a
 * message and its cancellation, which otherwise meet in one tick, may come one behind the other: from different slots of the window, or
 * from the end of the topic that was not taken in. So all that is overdue is looked through before any of it is delivered. Java
 * does not: there such a message comes though it was taken back.
 */
export class LateCancellations {
  readonly #deps: LateCancellationsDeps;
  #keys = new CancelledKeys();
  /** The newest tick that was looked at. */
  #lookedTo = -1;

  constructor(deps: LateCancellationsDeps) {
    this.#deps = deps;
  }

  /** Whether a tick is among those that were looked at. */
  covers(tickMs: number): boolean {
    return tickMs <= this.#lookedTo;
  }

  has(facts: TimedFacts): boolean {
    return this.#keys.size > 0 && this.covers(facts.outMs) && this.#keys.has(facts);
  }

  /** Looks through the slots from a tick on to the newest that is over, and through the topic from an offset on. */
  async collect(fromTick: number, fromOffset: number): Promise<void> {
    const { environment, wheel } = this.#deps;
    const lookedTo = lastOverTick(environment.clock.now(), wheel.precisionMs);
    const found: Found = { keys: new CancelledKeys(), lookedTo, failed: [], lookedAtCount: 0 };
    for (let tick = wheel.firstTaken(fromTick, lookedTo); tick !== undefined; ) {
      await this.#collectTick(tick, found);
      tick = wheel.firstTaken(tick + wheel.precisionMs, lookedTo);
    }
    await this.#collectTopic(fromOffset, found);
    if (!(await this.#readFailed(found))) return;
    this.#keys = found.keys;
    this.#lookedTo = lookedTo;
  }

  /** All that was overdue is delivered. */
  forget(): void {
    if (this.#keys.size > 0) this.#keys = new CancelledKeys();
  }

  async #collectTick(tick: number, found: Found): Promise<void> {
    const { wheel, log } = this.#deps;
    for (let position = wheel.slot(tick)?.last ?? -1; position >= 0; ) {
      const unit = await log.read(position);
      if (unit === undefined || tickOfUnit(unit) !== tick) return;
      if ((unit.magic & TimerMagic.DELETE) !== 0) await this.#tryAdd(unit.physicalOffset, found);
      else await this.#countLook(found);
      position = unit.previous;
    }
  }

  async #collectTopic(fromOffset: number, found: Found): Promise<void> {
    const { store } = this.#deps;
    const end = store.maxOffset(SystemTopic.TIMER, 0);
    for (let offset = Math.max(fromOffset, store.minOffset(SystemTopic.TIMER, 0)); offset < end; ) {
      const entries = await store.queueEntries(SystemTopic.TIMER, 0, offset, unitsPerTurn);
      for (const { physicalOffset } of entries) await this.#tryAdd(physicalOffset, found);
      const last = entries.at(-1);
      if (last === undefined) return;
      offset = last.queueOffset + 1;
    }
  }

  async #countLook(found: Found): Promise<void> {
    found.lookedAtCount += 1;
    if (found.lookedAtCount % unitsPerTurn === 0) await nextTurn(this.#deps.environment.timers);
  }

  async #tryAdd(physicalOffset: number, found: Found): Promise<void> {
    try {
      await this.#add(physicalOffset, found);
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      found.failed.push(physicalOffset);
    }
    await this.#countLook(found);
  }

  /** False when it was stopped. One that cannot be read at all is left out: the broker starts, and its message may come. */
  async #readFailed(found: Found): Promise<boolean> {
    const lost = await readInRounds(this.#deps, found.failed, async (places, onFailed) => {
      for (const physicalOffset of Array.from(places)) {
        await this.#add(physicalOffset, found).catch((error: unknown) => onFailed(physicalOffset, error));
      }
      return true;
    });
    if (lost === undefined) return false;
    if (lost.length > 0) {
      const { logger } = this.#deps.environment;
      logger.error('overdue cancellations of timed messages cannot be read; their messages may come', { count: lost.length });
    }
    return true;
  }

  async #add(physicalOffset: number, { keys, lookedTo }: Found): Promise<void> {
    const { environment, store } = this.#deps;
    const message = await store.lookMessage(physicalOffset);
    const facts = message === undefined ? undefined : readTimedFacts(message);
    if (facts?.cancelledKey === undefined || facts.outMs > lookedTo) return;
    if (!keys.add(facts.topic, facts.cancelledKey)) {
      environment.logger.warn('more timed messages were taken back while nobody delivered than are remembered; one may come', {
        topic: facts.topic,
        uniqueKey: facts.cancelledKey,
      });
    }
  }
}
