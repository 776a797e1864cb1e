/** How far timed messages are (page 34 §3.2), as the timer tells it. */
import type { Clock } from '@orbitmq/core/kernel';
import { SystemTopic } from '@orbitmq/protocol';
import type { MessageStore } from '../store/message-store.js';
import type { TimerGauges } from '../timer/timer-service.js';
import { tickOf } from '../timer/timer-time.js';
import { counter, gauge, histogram, type Labels, type MetricFamily, type Sample } from './metric-family.js';
import { storageLabels } from './storage-families.js';

/** Classes of the time that messages still have to wait. */
const snapshotBoundsSeconds = [5, 60, 300, 900, 3600, 14_400, 28_800, 86_400];

export interface TimerSources {
  readonly clock: Clock;
  readonly store: Pick<MessageStore, 'maxOffset' | 'storeTime'>;
  /** Undefined while the broker takes no timed messages. */
  readonly timer: () => TimerGauges | undefined;
}

export async function timerFamilies(sources: TimerSources): Promise<readonly MetricFamily[]> {
  const timer = sources.timer();
  if (timer === undefined) return [];
  const { offsetBehind, pendingCount, readBehindMs } = timer.status;
  const one = (name: string, value: number): MetricFamily => gauge(name, [{ labels: storageLabels, value }]);
  return [
    one('timer_enqueue_lag', offsetBehind),
    one('timer_enqueue_latency_milliseconds', await enqueueLatencyMs(sources, offsetBehind)),
    // As at Apache all that wait, whether they are late or not.
    one('timer_dequeue_lag', pendingCount),
    one('timer_dequeue_latency_milliseconds', readBehindMs),
    gauge('timer_message_snapshot', snapshot(timer, sources.clock.now())),
    gauge(
      'timing_messages',
      Array.from(timer.waiting, ([topic, { count }]) => ({ labels: labelsOf(topic), value: count })),
    ),
    ...trafficFamilies(timer),
  ];
}

const labelsOf = (topic: string): Labels => ({ ...storageLabels, topic });

/** A topic is named when there is something to say of it. */
function trafficFamilies({ traffic: { byTopic } }: TimerGauges): readonly MetricFamily[] {
  const counts = (name: string, count: 'enqueued' | 'dequeued'): MetricFamily => {
    const samples = Array.from(byTopic, ([topic, traffic]) => ({ labels: labelsOf(topic), value: traffic[count] }));
    return counter(
      name,
      samples.filter(({ value }) => value > 0),
    );
  };
  const delays = Array.from(byTopic, ([topic, { delaySeconds }]) => ({ labels: labelsOf(topic), histogram: delaySeconds }));
  return [
    counts('timer_enqueue_total', 'enqueued'),
    counts('timer_dequeue_total', 'dequeued'),
    histogram(
      'delay_message_latency_seconds',
      'Timer message set latency distribution',
      delays.filter((delay) => delay.histogram.counts.some((count) => count > 0)),
    ),
  ];
}

/** Age of the oldest message that is not taken into the wheel yet. */
async function enqueueLatencyMs({ clock, store }: TimerSources, offsetBehind: number): Promise<number> {
  if (offsetBehind <= 0) return 0;
  const oldest = store.maxOffset(SystemTopic.TIMER, 0) - offsetBehind;
  const storedAt = await store.storeTime(SystemTopic.TIMER, 0, oldest);
  return storedAt < 0 ? 0 : Math.max(0, clock.now() - storedAt);
}

/** Each class holds what waits longer than the one before it. */
function snapshot(timer: TimerGauges, nowMs: number): readonly Sample[] {
  const { precisionMs } = timer;
  const start = tickOf(nowMs, precisionMs);
  let waitMs = 0;
  return snapshotBoundsSeconds.map((bound) => {
    let value = 0;
    for (; waitMs < bound * 1000; waitMs += precisionMs) value += timer.countOf(start + waitMs);
    return { labels: { ...storageLabels, timer_bound_s: String(bound) }, value };
  });
}
