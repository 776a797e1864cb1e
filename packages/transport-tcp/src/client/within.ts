import type { Timers } from '@orbitmq/core/kernel';

/** Settles as `promise` does, or rejects with `createError()` after `timeoutMs`; the promise itself goes on. */
export function within<T>(timers: Timers, timeoutMs: number, promise: Promise<T>, createError: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.setTimeout(() => reject(createError()), timeoutMs);
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
