import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { TimerTraffic } from '../timer/timer-traffic.js';
import type { MetricFamily, Sample } from './metric-family.js';
import { timerFamilies } from './timer-families.js';

const { clock } = virtualEnvironment(1);

function familiesOf(waitMs: readonly number[], offsetBehind = 0, traffic = new TimerTraffic()): Promise<readonly MetricFamily[]> {
  const start = Math.floor(clock.now() / 1000) * 1000;
  return timerFamilies({
    clock,
    store: { maxOffset: () => 10, storeTime: async (_topic, _queueId, offset) => clock.now() - offset },
    timer: () => ({
      status: {
        readBehindMs: 7,
        offsetBehind,
        pendingCount: 3,
        enqueuedCount: 0,
        dequeuedCount: 0,
        cancelledCount: 0,
        enqueuedPerSecond: 0,
        dequeuedPerSecond: 0,
        lostCount: 0,
      },
      waiting: new Map([['T', { count: 2 }]]),
      traffic,
      precisionMs: 1000,
      countOf: (tickMs) => waitMs.filter((ms) => start + ms === tickMs).length,
    }),
  });
}

async function values(waitMs: readonly number[], offsetBehind = 0): Promise<Record<string, unknown>> {
  const families = (await familiesOf(waitMs, offsetBehind)).filter(({ samples }) => samples.length > 0);
  return Object.fromEntries(
    families.map(({ name, samples }) => {
      const found = (samples as readonly Sample[]).map(({ value }) => value);
      return [name.replace('rocketmq_', ''), found.length === 1 ? found[0] : found];
    }),
  );
}

it('tells how far the timer is, each class of waiting without the ones before it', async () => {
  expect(await values([0, 4000, 5000, 59_000, 60_000, 86_399_000, 86_400_000])).toEqual({
    timer_enqueue_lag: 0,
    timer_enqueue_latency_milliseconds: 0,
    timer_dequeue_lag: 3,
    timer_dequeue_latency_milliseconds: 7,
    timer_message_snapshot: [2, 2, 1, 0, 0, 0, 0, 1],
    timing_messages: 2,
  });
});

it('tells the age of the oldest message that is not taken in', async () => {
  expect(await values([], 4)).toMatchObject({ timer_enqueue_lag: 4, timer_enqueue_latency_milliseconds: 6 });
});

it('tells nothing without a timer', async () => {
  const store = { maxOffset: () => 0, storeTime: async () => -1 };
  expect(await timerFamilies({ clock, store, timer: () => undefined })).toEqual([]);
});

it('tells of each topic what came in and what went out, once there is something', async () => {
  const traffic = new TimerTraffic();
  traffic.enqueued('A', 61_000);
  traffic.enqueued('ahead', -5000);
  traffic.dequeued('A');
  const families = await familiesOf([], 0, traffic);
  const found = (name: string): unknown => families.find((family) => family.name === `rocketmq_${name}`)?.samples;
  const labels = (topic: string) => ({ storage_medium: 'disk', storage_type: 'local', topic });
  expect(found('timer_enqueue_total')).toEqual([
    { labels: labels('A'), value: 1 },
    { labels: labels('ahead'), value: 1 },
  ]);
  expect(found('timer_dequeue_total')).toEqual([{ labels: labels('A'), value: 1 }]);
  expect(found('delay_message_latency_seconds')).toEqual([
    { labels: labels('A'), sum: 61, counts: new Float64Array([0, 1, 0, 0, 0, 0, 0]) },
  ]);
});
