import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { msUntilMorning } from './day-edges.js';
import { LatencyHistogram } from './latency-histogram.js';
import { LatencyPercentiles } from './latency-percentiles.js';
import { RateHistory } from './rate-history.js';
import { StoreStats } from './store-stats.js';

it.each([
  [0, '[<=0ms]'],
  [1, '[0~10ms]'],
  [9, '[0~10ms]'],
  [10, '[10~50ms]'],
  [49, '[10~50ms]'],
  [50, '[50~100ms]'],
  [100, '[100~200ms]'],
  [200, '[200~500ms]'],
  [500, '[500ms~1s]'],
  [999, '[500ms~1s]'],
  [1000, '[1~2s]'],
  [2000, '[2~3s]'],
  [3000, '[3~4s]'],
  [4000, '[4~5s]'],
  [5000, '[5~10s]'],
  [9999, '[5~10s]'],
  [10_000, '[10s~]'],
  [1_000_000, '[10s~]'],
])('a put of %i ms is in the class %s', (elapsedMs, name) => {
  const histogram = new LatencyHistogram();
  histogram.add(elapsedMs);
  expect(histogram.text()).toContain(`${name}:1 `);
  expect(histogram.text().match(/:1 /g)).toHaveLength(1);
  expect(histogram.maxMs).toBe(elapsedMs);
});

it('percentiles are of the minute that is over, never below the truth and at most a class above', () => {
  const percentiles = new LatencyPercentiles();
  for (let ms = 1; ms <= 1000; ms += 1) percentiles.add(ms);
  expect(percentiles.below(0.99)).toBe(0);
  percentiles.turn();
  for (const share of [0.01, 0.5, 0.99, 0.999, 1]) {
    const found = percentiles.below(share);
    expect(found).toBeGreaterThanOrEqual(share * 1000);
    expect(found).toBeLessThanOrEqual(share * 1000 * 1.06 + 1);
  }
  percentiles.add(1_000_000);
  percentiles.turn();
  expect(percentiles.below(0.5)).toBeGreaterThanOrEqual(60_000);
  percentiles.turn();
  expect(percentiles.below(0.5)).toBe(0);
});

it('rates are of the samples there are, at most of ten minutes', () => {
  const rates = new RateHistory(['a', 'b']);
  expect(rates.perSecond('a', 10)).toBe(0);
  rates.sample(0, { a: 0, b: 0 });
  expect(rates.perSecond('a', 10)).toBe(0);
  // One a second; from second 1000 on ten.
  let a = 0;
  for (let second = 1; second <= 1300; second += 1) {
    a += second <= 1000 ? 1 : 10;
    rates.sample(second * 1000, { a, b: 2 * a });
    if (second === 4) expect([rates.perSecond('a', 10), rates.perSecond('b', 600)]).toEqual([1, 2]);
    if (second === 1000) expect([rates.perSecond('a', 10), rates.perSecond('b', 600)]).toEqual([1, 2]);
    if (second === 1010) expect([rates.perSecond('a', 10), rates.perSecond('a', 60)]).toEqual([10, 2.5]);
  }
  expect([rates.perSecond('a', 60), rates.perSecond('a', 600)]).toEqual([10, 5.5]);
});

const fiveMinutesToMidnight = new Date(2024, 4, 5, 23, 55).getTime();

it('the day ends at midnight, local time', () => {
  expect(msUntilMorning(fiveMinutesToMidnight)).toBe(300_000);
  expect(msUntilMorning(fiveMinutesToMidnight + 299_999)).toBe(1);
  expect(msUntilMorning(new Date(2024, 4, 6).getTime())).toBe(86_400_000);
});

it('notes the totals at each midnight', async () => {
  const environment = virtualEnvironment(1, { startMs: fiveMinutesToMidnight });
  let totals = { put: 10, got: 4 };
  const stats = new StoreStats({ ...environment, totals: () => totals });
  await stats.start();
  await environment.time.advance(299_999);
  expect(stats.days.todayMorning).toEqual({ put: 0, got: 0 });
  await environment.time.advance(1);
  expect(stats.days.todayMorning).toEqual(totals);
  expect(stats.days.yesterdayMorning).toEqual({ put: 0, got: 0 });
  totals = { put: 30, got: 20 };
  await environment.time.advance(86_400_000);
  expect(stats.days.todayMorning).toEqual(totals);
  expect(stats.days.yesterdayMorning).toEqual({ put: 10, got: 4 });
  await stats.stop();
});

it('counts batches and reads', async () => {
  const environment = virtualEnvironment(1);
  const stats = new StoreStats({ ...environment, totals: () => ({ put: 0, got: 0 }) });
  await stats.start();
  const startedMs = [0, 0.5, 3];
  await environment.time.advance(12);
  stats.published(4, 400, startedMs);
  stats.read(3, 7);
  stats.read(0, 2);
  expect(stats).toMatchObject({ putCount: 4, putBytes: 400, readsFound: 1, readsMissed: 1, messagesRead: 3, readMaxMs: 7 });
  expect(stats.putTimes.text()).toContain('[0~10ms]:1 [10~50ms]:2 ');
  expect(stats.putTimes.maxMs).toBe(12);
  await environment.time.advance(60_000);
  expect(stats.putPercentiles.below(0.99)).toBe(13);
  expect(stats.rates.perSecond('put', 10)).toBe(0);
  expect(stats.rates.perSecond('transferred', 60)).toBeCloseTo(3 / 60, 6);
  await stats.stop();
});
