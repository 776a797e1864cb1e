import type { Clock } from '@orbitmq/core/kernel';

const spanSeconds = 10;

/** How many per second, over the last ten whole seconds. It needs no timer of its own. */
export class RecentRate {
  readonly #clock: Clock;
  /** By second, modulo their number; one more for the second that is not over. */
  readonly #counts = new Float64Array(spanSeconds + 1);
  readonly #seconds = new Float64Array(spanSeconds + 1).fill(-1);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(count: number): void {
    const second = this.#second();
    const at = second % this.#counts.length;
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second;
      this.#counts[at] = 0;
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  get perSecond(): number {
    const now = this.#second();
    let sum = 0;
    for (const [at, second] of this.#seconds.entries()) {
      if (second >= now - spanSeconds && second < now) sum += this.#counts[at] ?? 0;
    }
    return sum / spanSeconds;
  }

  #second(): number {
    return Math.floor(this.#clock.monotonic() / 1000);
  }
}
