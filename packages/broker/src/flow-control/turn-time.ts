import type { Clock } from '@orbitmq/core/kernel';

/**
 * Monotonic time, read from the clock once for all that happens without a pause: where messages come by the hundred, a look at the
 * clock for each costs more than what is done with it. Invariant: never older than the beginning of the turn that asks.
 */
export class TurnTime {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #ms = 0;
  #isRead = false;
  #isEndAwaited = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Milliseconds. */
  get ms(): number {
    if (!this.#isRead) this.#read();
    return this.#ms;
  }

  /** The next look reads the clock. */
  renew(): void {
    this.#isRead = false;
  }

  #read(): void {
    this.#ms = this.#clock.monotonic();
    this.#isRead = true;
    if (this.#isEndAwaited) return;
    this.#isEndAwaited = true;
    queueMicrotask(this.#end);
  }

  readonly #end = (): void => {
    this.#isRead = false;
    this.#isEndAwaited = false;
  };
}
