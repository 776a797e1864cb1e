import { expect, test } from 'vitest';
import { ConsumptionStats, type TopicConsumption } from './consumption-stats.js';

type Counts = Omit<TopicConsumption, 'copy'>;

const second = 1000;

function counted(startedAtMs = 0) {
  const stats = new ConsumptionStats(startedAtMs);
  const add = (atMs: number, counts: Partial<Counts>, topic = 'T'): void => {
    stats.sampleWhenDue(atMs);
    const counters = stats.of(topic);
    for (const key of Object.keys(counts) as (keyof Counts)[]) counters[key] += counts[key] ?? 0;
  };
  return { stats, add };
}

test('rates and averages are those of the last minute', () => {
  const { stats, add } = counted();
  const pull = { pulls: 1, pullMs: 4, pulledMessages: 32, calls: 16, callMs: 32, consumed: 30, failed: 2 };
  for (let at = 0; at < 20 * second; at += second) add(at, pull);
  expect(stats.status('T', 20 * second)).toEqual({
    pullRT: 4,
    pullTPS: 32,
    consumeRT: 2,
    consumeOKTPS: 30,
    consumeFailedTPS: 2,
    consumeFailedMsgs: 40,
  });
  expect(stats.status('another', 20 * second)).toMatchObject({ pullRT: 0, pullTPS: 0, consumeFailedMsgs: 0 });
});

test('what is older than the samples of a minute does not count; the time of a call and failures are kept for an hour', () => {
  const { stats, add } = counted();
  add(0, { pulls: 1, pullMs: 9, pulledMessages: 10, calls: 1, callMs: 5, consumed: 7, failed: 3 });
  expect(stats.status('T', 70 * second).pullTPS).toBeCloseTo(10 / 70);
  const later = { pullRT: 0, pullTPS: 0, consumeRT: 5, consumeOKTPS: 0, consumeFailedTPS: 0, consumeFailedMsgs: 3 };
  expect(stats.status('T', 70 * second + 1)).toEqual(later);
  add(100 * second, { pulls: 1, pullMs: 1, pulledMessages: 5 });
  expect(stats.status('T', 110 * second)).toMatchObject({ pullRT: 1, pullTPS: 0.5, consumeRT: 5, consumeFailedMsgs: 3 });
  expect(stats.status('T', 70 * 60 * second)).toMatchObject({ consumeRT: 5, consumeFailedMsgs: 3 });
  expect(stats.status('T', 70 * 60 * second + 1)).toMatchObject({ consumeRT: 0, consumeFailedMsgs: 0 });
});

test('a busy hour keeps seven samples of each kind', () => {
  const { stats, add } = counted();
  for (let at = 0; at < 3 * 3600 * second; at += second) add(at, { failed: 1, pulledMessages: 2 });
  const { pullTPS, consumeFailedMsgs } = stats.status('T', 3 * 3600 * second);
  expect(pullTPS).toBe(2);
  expect(consumeFailedMsgs).toBe(70 * 60);
});
