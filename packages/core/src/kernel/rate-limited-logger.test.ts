import { expect, test } from 'vitest';
import type { Clock } from './clock.js';
import type { LogFields, Logger } from './logger.js';
import { rateLimitedLogger } from './rate-limited-logger.js';
import type { Timer, Timers } from './timers.js';

/** Time that passes by call; one-shot timers only. */
class FakeTime implements Clock, Timers {
  readonly #timers = new Map<Timer, { readonly dueMs: number; readonly callback: () => void }>();
  #nowMs = 0;

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const timer: Timer = { cancel: () => void this.#timers.delete(timer), unref: () => timer };
    this.#timers.set(timer, { dueMs: this.#nowMs + delayMs, callback });
    return timer;
  }

  setInterval(): Timer {
    throw new Error('not used');
  }

  setImmediate(): Timer {
    throw new Error('not used');
  }

  advance(delayMs: number): void {
    this.#nowMs += delayMs;
    for (const [timer, { dueMs, callback }] of this.#timers) {
      if (dueMs > this.#nowMs) continue;
      timer.cancel();
      callback();
    }
  }
}

function setup(options: { readonly linesMax?: number; readonly kindsMax?: number } = {}) {
  const time = new FakeTime();
  const lines: (readonly [string, LogFields?])[] = [];
  const plain = (base: LogFields): Logger => {
    const log =
      (level: string) =>
      (message: string, fields?: LogFields): void => {
        lines.push([`${level} ${message}`, { ...base, ...fields }]);
      };
    return {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      child: (more) => plain({ ...base, ...more }),
    };
  };
  const logger = rateLimitedLogger(plain({}), { clock: time, timers: time, linesMax: 2, periodMs: 1000, ...options });
  return { time, lines, logger };
}

test('so many of a kind pass in a period, the rest is counted, and the count is told though nothing more comes', () => {
  const { time, lines, logger } = setup();
  for (let n = 0; n < 1000; n += 1) logger.warn('closed', { n });
  expect(lines).toEqual([
    ['warn closed', { n: 0 }],
    ['warn closed', { n: 1 }],
  ]);
  time.advance(1000);
  expect(lines.slice(2)).toEqual([['warn closed', { suppressed: 998, periodMs: 1000 }]]);
  time.advance(100_000);
  expect(lines).toHaveLength(3);
  logger.warn('closed', { n: -1 });
  expect(lines[3]).toEqual(['warn closed', { n: -1 }]);
});

test('kinds do not take the room of each other, children share it, and debug has no limit', () => {
  const { lines, logger } = setup();
  const child = logger.child({ part: 'p' });
  for (let n = 0; n < 3; n += 1) {
    logger.warn('closed');
    child.warn('closed');
    logger.error('closed');
    logger.info('closed');
    logger.debug('closed');
  }
  const count = (text: string): number => lines.filter(([line]) => line === text).length;
  expect(['warn closed', 'error closed', 'info closed', 'debug closed'].map(count)).toEqual([2, 2, 2, 3]);
  expect(lines).toContainEqual(['warn closed', { part: 'p' }]);
});

test('messages without end are one kind, so the memory has a bound', () => {
  const { time, lines, logger } = setup({ kindsMax: 3 });
  for (let n = 0; n < 100; n += 1) logger.warn(`message ${n}`);
  expect(lines.map(([line]) => line)).toEqual([0, 1, 2, 3, 4].map((n) => `warn message ${n}`));
  time.advance(1000);
  expect(lines.at(-1)).toEqual(['warn records of other kinds', { suppressed: 95, periodMs: 1000 }]);
});
