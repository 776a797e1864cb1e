import type { Clock } from '@orbitmq/core/kernel';

/** A wall clock that was set back by less is not told apart from one that runs slowly. */
const jumpToleranceMs = 1000;

/**
 * How long a delayed message has to wait. Its delivery time is a wall-clock time; it is kept to, so nothing comes early. A delivery
 * time further away than the message's own delay, the one it was stored with, means that the clock was set back since: then that delay
 * is waited once more, on the monotonic clock, from the moment that this was seen. So a jump back delays by at most one delay, and
 * never loses or hurries a message (promises I10; Java delivers such a message at once, and all that wait when their level gets shorter).
 */
export class DueTimeRule {
  readonly #clock: Clock;
  #heldSinceMs: number | undefined;
  #heldSkewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until delivery; 0 when it is due. `delayMs`: from when it was stored to `deliverAt`. */
  waitMs(deliverAt: number, delayMs: number): number {
    const now = this.#clock.now();
    if (deliverAt - now <= delayMs) {
      this.#heldSinceMs = undefined;
      return Math.max(0, deliverAt - now);
    }
    const monotonic = this.#clock.monotonic();
    const skew = now - monotonic;
    if (this.#heldSinceMs === undefined || skew < this.#heldSkewMs - jumpToleranceMs) {
      this.#heldSinceMs = monotonic;
      this.#heldSkewMs = skew;
    }
    return Math.max(0, this.#heldSinceMs + delayMs - monotonic);
  }
}
