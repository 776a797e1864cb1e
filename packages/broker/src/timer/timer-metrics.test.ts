import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import { TimerMetrics } from './timer-metrics.js';

const { clock } = virtualEnvironment(1);
/** As Apache 5.5.0 writes it. */
const apaches =
  '{"dataVersion":{"counter":6,"stateVersion":0,"timestamp":1795298476019},"timingCount":{"TopicT":{"count":-2,"timeStamp":1795298476019}}}';

describe('timermetrics', () => {
  it('counts by topic, in the JSON of Apache', () => {
    const metrics = new TimerMetrics(clock);
    metrics.add('TopicT', 2);
    metrics.add('TopicT', -1);
    metrics.add('TopicU', 1);
    expect(metrics.isChanged).toBe(true);
    const now = clock.now();
    expect(JSON.parse(metrics.encode())).toEqual({
      dataVersion: { counter: 3, timestamp: now, stateVersion: 0 },
      timingCount: { TopicT: { count: 1, timeStamp: now }, TopicU: { count: 1, timeStamp: now } },
    });
    expect(metrics.isChanged).toBe(false);
    metrics.markChanged();
    expect(metrics.isChanged).toBe(true);
  });

  it("takes over Apache's file", () => {
    const metrics = new TimerMetrics(clock);
    expect(metrics.load(Buffer.from(apaches))).toBe(true);
    expect(JSON.parse(metrics.describe())).toEqual(JSON.parse(apaches));
    metrics.add('TopicT', 3);
    expect(metrics.countOf('TopicT')).toBe(1);
    metrics.clear();
    expect(metrics.countOf('TopicT')).toBe(0);
  });

  it.each(['', '{', '[]', '{"timingCount":{"T":{"count":"x"}}}', '{"timingCount":{"T":7}}'])('leaves %j alone', (content) => {
    const metrics = new TimerMetrics(clock);
    expect(metrics.load(Buffer.from(content))).toBe(false);
    metrics.add('TopicT', 1);
    expect(metrics.countOf('TopicT')).toBe(1);
  });

  it('counts a limited number of topics', () => {
    const metrics = new TimerMetrics(clock);
    for (let i = 0; i <= 65_536; i += 1) metrics.add(`T${i}`, 1);
    expect([metrics.countOf('T65535'), metrics.countOf('T65536')]).toEqual([1, 0]);
  });
});
