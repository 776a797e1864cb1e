/** The real environment: the only file of the kernel that touches the platform's clock, timers and entropy. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from './clock.js';
import type { Environment } from './environment.js';
import { type Logger, silentLogger } from './logger.js';
import type { Random } from './random.js';
import type { Timer, Timers } from './timers.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Node fires a longer delay at once, so longer ones are waited for in steps. */
const timeoutStepMaxMs = 2 ** 31 - 1;

class SystemTimeout implements Timer {
  #handle: NodeJS.Timeout;
  #isRef = true;

  constructor(callback: () => void, delayMs: number) {
    this.#handle = this.#step(callback, delayMs);
  }

  #step(callback: () => void, delayMs: number): NodeJS.Timeout {
    if (delayMs <= timeoutStepMaxMs) return setTimeout(callback, delayMs);
    return setTimeout(() => {
      this.#handle = this.#step(callback, delayMs - timeoutStepMaxMs);
      if (!this.#isRef) this.#handle.unref();
    }, timeoutStepMaxMs);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  unref(): Timer {
    this.#isRef = false;
    this.#handle.unref();
    return this;
  }
}

class SystemInterval implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(callback: () => void, periodMs: number) {
    this.#handle = setInterval(callback, periodMs);
  }

  cancel(): void {
    clearInterval(this.#handle);
  }

  unref(): Timer {
    this.#handle.unref();
    return this;
  }
}

class SystemImmediate implements Timer {
  readonly #handle: NodeJS.Immediate;

  constructor(callback: () => void) {
    this.#handle = setImmediate(callback);
  }

  cancel(): void {
    clearImmediate(this.#handle);
  }

  unref(): Timer {
    this.#handle.unref();
    return this;
  }
}

export const systemTimers: Timers = {
  setTimeout: (callback, delayMs) => new SystemTimeout(callback, delayMs),
  setInterval: (callback, periodMs) => new SystemInterval(callback, periodMs),
  setImmediate: (callback) => new SystemImmediate(callback),
};

export const systemRandom: Random = {
  next: () => Math.random(),
  int: (exclusiveMax) => Math.floor(Math.random() * exclusiveMax),
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
};

/** The environment of a real process; `logger` defaults to silence. */
export function systemEnvironment(logger: Logger = silentLogger): Environment {
  return { clock: systemClock, timers: systemTimers, random: systemRandom, logger };
}
