import type { Timer, Timers } from '@orbitmq/core/kernel';

/** Runs a function after `firstMs` and then every `periodMs`, until stopped. */
export class PeriodicTask {
  readonly #timers: Timers;
  readonly #firstMs: number;
  readonly #periodMs: number;
  readonly #run: () => void;
  #timer: Timer | undefined;

  constructor(timers: Timers, firstMs: number, periodMs: number, run: () => void) {
    this.#timers = timers;
    this.#firstMs = firstMs;
    this.#periodMs = periodMs;
    this.#run = run;
  }

  start(): void {
    this.#arm(this.#firstMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#timers.setTimeout(() => {
      this.#arm(this.#periodMs);
      this.#run();
    }, delayMs);
  }
}
