import type { Timers } from '@orbitmq/core/kernel';

/** Counts what is under way, and tells when nothing is. */
export class Drain {
  #count = 0;
  #onEmpty: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    this.#count--;
    if (this.#count === 0) this.#onEmpty?.();
  }

  /** Resolves when the count is 0, at the latest after `deadlineMs`. */
  empty(timers: Timers, deadlineMs: number): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = timers.setTimeout(() => this.#onEmpty?.(), deadlineMs);
      this.#onEmpty = () => {
        this.#onEmpty = undefined;
        timer.cancel();
        resolve();
      };
    });
  }
}
