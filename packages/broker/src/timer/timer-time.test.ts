import { describe, expect, it } from 'vitest';
import { lastOverTick, outTick, tickOf, usablePrecisionMs } from './timer-time.js';

describe('the tick of a timed message', () => {
  it.each([
    [10_001, 10_000],
    [10_500, 10_000],
    [10_999, 10_000],
    [11_000, 10_000],
    [11_001, 11_000],
  ])('asked for at %i is %i', (deliverMs, tick) => {
    expect(outTick(deliverMs, 1000)).toBe(tick);
  });

  it.each([100, 200, 500, 1000])('of %i ms is over at the asked time or less than a tick later', (precision) => {
    for (let deliverMs = 1_795_216_927_000; deliverMs < 1_795_216_929_001; deliverMs += 1) {
      const tick = outTick(deliverMs, precision);
      let deliveredAt = deliverMs - precision;
      while (lastOverTick(deliveredAt, precision) < tick) deliveredAt += 1;
      expect(deliveredAt - deliverMs).toBeGreaterThanOrEqual(0);
      expect(deliveredAt - deliverMs).toBeLessThan(precision);
    }
  });
});

it.each([
  [999, -1000],
  [1000, 0],
  [1999, 0],
  [2000, 1000],
])('at %i the newest tick that is over is %i', (nowMs, tick) => {
  expect(lastOverTick(nowMs, 1000)).toBe(tick);
  expect(tickOf(nowMs, 1000)).toBe(tick + 1000);
});

it.each([
  [1000, 1000],
  [5000, 1000],
  [999, 500],
  [250, 200],
  [100, 100],
  [1, 100],
])('a precision of %i ms counts as %i', (configured, used) => {
  expect(usablePrecisionMs(configured)).toBe(used);
});
