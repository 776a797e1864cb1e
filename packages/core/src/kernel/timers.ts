/** A scheduled callback. `cancel` is idempotent; `unref` lets the process end while it is pending. */
export interface Timer {
  cancel(): void;
  unref(): Timer;
}

/** Where delays come from. No other file of the product calls the global timer functions. */
export interface Timers {
  /** Runs `callback` once after at least `delayMs` milliseconds; any non-negative delay is allowed (long ones are chunked). */
  setTimeout(callback: () => void, delayMs: number): Timer;
  /** Runs `callback` every `periodMs` milliseconds, first after one period. */
  setInterval(callback: () => void, periodMs: number): Timer;
  /** Runs `callback` once, when the I/O of this turn of the event loop has been handed out. */
  setImmediate(callback: () => void): Timer;
}

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it aborts. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = timers.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
