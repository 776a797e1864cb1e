import type { Timers } from '@orbitmq/core/kernel';

/** Waits for `work`, but no longer than `limitMs`; true when it was done in time. `work` must not reject. */
export function within(timers: Timers, limitMs: number, work: Promise<unknown> | undefined): Promise<boolean> {
  if (work === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = timers.setTimeout(() => resolve(false), limitMs);
    void work.then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}
