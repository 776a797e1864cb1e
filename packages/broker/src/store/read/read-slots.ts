/**
 * Bounds how many answers are put together from files at once: each holds blocks of the log, and thousands of consumers may be
 * behind at the same time. Who finds no slot waits, in order; who waits for a reader that does not take its answers is passed
 * over until it does, so that answers nobody reads do not pile up either.
 */
import type { Timer, Timers } from '@orbitmq/core/kernel';

/** How soon those that were passed over are looked at again when nothing else happens. */
const recheckMs = 10;

interface Waiting {
  readonly hasRoom: (() => boolean) | undefined;
  readonly begin: () => void;
}

export class ReadSlots {
  readonly #timers: Timers;
  readonly #slotsMax: number;
  #usedCount = 0;
  #waiting: Waiting[] = [];
  #recheck: Timer | undefined;

  constructor(timers: Timers, slotsMax: number) {
    this.#timers = timers;
    this.#slotsMax = slotsMax;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Takes a slot: undefined when there is one, else a promise of it. `leave` must follow. `hasRoom`: somebody will take the answer. */
  enter(hasRoom: (() => boolean) | undefined): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#usedCount < this.#slotsMax && (hasRoom === undefined || hasRoom())) {
      this.#usedCount += 1;
      return undefined;
    }
    return new Promise((begin) => {
      this.#waiting.push({ hasRoom, begin });
      this.#admit();
    });
  }

  leave(): void {
    this.#usedCount -= 1;
    this.#admit();
  }

  #admit(): void {
    if (this.#waiting.length === 0 || this.#usedCount >= this.#slotsMax) return;
    const passedOver: Waiting[] = [];
    let at = 0;
    for (; at < this.#waiting.length && this.#usedCount < this.#slotsMax; at += 1) {
      const next = this.#waiting[at] as Waiting;
      if (next.hasRoom !== undefined && !next.hasRoom()) {
        passedOver.push(next);
        continue;
      }
      this.#usedCount += 1;
      next.begin();
    }
    this.#waiting = passedOver.length === 0 ? this.#waiting.slice(at) : [...passedOver, ...this.#waiting.slice(at)];
    if (passedOver.length === 0 || this.#recheck !== undefined) return;
    this.#recheck = this.#timers
      .setTimeout(() => {
        this.#recheck = undefined;
        this.#admit();
      }, recheckMs)
      .unref();
  }
}
