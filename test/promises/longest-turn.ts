import { openSync, readSync } from 'node:fs';

/**
 * How long the event loop was not free, by the CPU time of its thread: a neighbour that takes the processor away is no stall of ours,
 * nor is what other threads of this process do meanwhile, such as those that look for garbage. Turns are told apart by immediates, so
 * that everything between two of them counts as one.
 */
export class LongestTurn {
  static readonly #cpuMs = threadCpuMs();
  #longestMs = 0;
  #last = LongestTurn.#cpuMs();
  #isOn = true;

  private constructor() {
    this.#next();
  }

  static watch(): LongestTurn {
    return new LongestTurn();
  }

  /** Milliseconds of the longest turn so far. */
  stop(): number {
    this.#isOn = false;
    return this.#longestMs;
  }

  #next(): void {
    setImmediate(() => {
      const now = LongestTurn.#cpuMs();
      this.#longestMs = Math.max(this.#longestMs, now - this.#last);
      this.#last = now;
      if (this.#isOn) this.#next();
    });
  }
}

/** Milliseconds of CPU of this thread so far; of the whole process where the system does not tell them apart. */
function threadCpuMs(): () => number {
  const file = ownSchedulerStatistics();
  if (file === undefined) {
    return () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    };
  }
  const bytes = Buffer.alloc(64);
  return () => Number.parseInt(bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0)), 10) / 1e6;
}

/** Linux: nanoseconds on a processor, nanoseconds of waiting for one, slices. */
function ownSchedulerStatistics(): number | undefined {
  try {
    const file = openSync('/proc/thread-self/schedstat', 'r');
    return readSync(file, Buffer.alloc(64), 0, 64, 0) > 0 ? file : undefined;
  } catch {
    return undefined;
  }
}
