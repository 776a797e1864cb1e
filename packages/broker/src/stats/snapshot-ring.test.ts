import { describe, expect, it } from 'vitest';
import { SnapshotRing } from './snapshot-ring.js';
import { StatsItem, samplePeriodsMs } from './stats-item.js';

const rings = [
  { ring: 'minute', periodMs: 10_000, periodsMax: 6 },
  { ring: 'hour', periodMs: 600_000, periodsMax: 6 },
  { ring: 'day', periodMs: 3_600_000, periodsMax: 24 },
] as const;

it('is all zero before the first sample', () => {
  expect(new SnapshotRing(10_000, 7).sum()).toEqual({ sum: 0, tps: 0, avgpt: 0 });
});

it('takes what came before the first sample for one period', () => {
  const ring = new SnapshotRing(10_000, 7);
  ring.sample(3, 50, 5);
  expect(ring.sum()).toEqual({ sum: 50, tps: 5, avgpt: 10 });
});

it('has no rate when no time passed, and no mean when nothing was added', () => {
  const ring = new SnapshotRing(0, 7);
  ring.sample(3, 50, 0);
  expect(ring.sum()).toEqual({ sum: 50, tps: 0, avgpt: 0 });
});

describe.each(rings)('$ring', ({ ring, periodMs, periodsMax }) => {
  /** One more in the first period, two in the second, and so on. */
  const sampled = (periods: number): StatsItem => {
    const item = new StatsItem();
    for (let period = 1; period <= periods; period += 1) {
      item.add(period * 10, period);
      item[ring].sample(period * periodMs, item.value, item.times);
    }
    return item;
  };
  const gained = (from: number, to: number): number => {
    let sum = 0;
    for (let period = from; period <= to; period += 1) sum += period * 10;
    return sum;
  };

  it('is sampled as often as Apache samples', () => {
    expect(samplePeriodsMs[ring]).toBe(periodMs);
  });

  it.each(Array.from({ length: periodsMax + 3 }, (_, index) => index + 1))('after %i periods', (periods) => {
    const spanned = Math.min(periods, periodsMax);
    const sum = gained(periods - spanned + 1, periods);
    const result = sampled(periods)[ring].sum();
    expect(result.sum).toBe(sum);
    expect(result.tps).toBeCloseTo((sum * 1000) / (spanned * periodMs), 9);
    expect(result.avgpt).toBeCloseTo(10, 9);
  });

  it('forgets what was added longer ago than it spans, and not a sample earlier', () => {
    const item = new StatsItem();
    item.add(7, 1);
    let period = 1;
    for (; period <= periodsMax; period += 1) {
      item[ring].sample(period * periodMs, item.value, item.times);
      expect(item[ring].sum().sum).toBe(7);
    }
    item[ring].sample(period * periodMs, item.value, item.times);
    expect(item[ring].sum().sum).toBe(0);
  });
});
