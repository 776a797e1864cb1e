import { expect, test } from 'vitest';
import { delayLevelMax, delayLevelOf, isTimedDelay, timedDelayOf } from './delay.js';

test('the 18 durations are the levels 1 to 18', () => {
  expect(delayLevelOf('1s')).toBe(1);
  expect(delayLevelOf('10s')).toBe(3);
  expect(delayLevelOf('1m')).toBe(5);
  expect(delayLevelOf('2h')).toBe(18);
});

test('a level is taken as it is, within bounds', () => {
  expect(delayLevelOf({ level: 1 })).toBe(1);
  expect(delayLevelOf({ level: delayLevelMax })).toBe(delayLevelMax);
  for (const level of [0, -1, 1.5, delayLevelMax + 1, Number.NaN]) {
    expect(() => delayLevelOf({ level })).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
  }
});

test('a duration that is no level names the levels', () => {
  expect(() => delayLevelOf('2s' as '1s')).toThrow(/'2s'.*1s 5s 10s/);
});

test('a moment of its own is a time, or a number of milliseconds', () => {
  expect(['1s' as const, { level: 1 }, { ms: 1 }, { until: 1 }].map(isTimedDelay)).toEqual([false, false, true, true]);
  expect(timedDelayOf({ ms: 1500 })).toEqual({ delayMs: 1500 });
  expect(timedDelayOf({ until: 1_795_216_927_000 })).toEqual({ deliverAtMs: 1_795_216_927_000 });
  expect(timedDelayOf({ until: new Date(1_795_216_927_000) })).toEqual({ deliverAtMs: 1_795_216_927_000 });
});

test.each([
  { ms: 0 },
  { ms: 1.5 },
  { ms: Number.NaN },
  { until: new Date(Number.NaN) },
  { until: -1 },
  { until: 'x' as never },
  { ms: 1, until: 1 },
])('%o is no moment', (delay) => {
  expect(() => timedDelayOf(delay)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
});
