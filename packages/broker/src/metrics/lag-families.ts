import type { Clock } from '@orbitmq/core/kernel';
import type { Turns } from '../metadata/turns.js';
import { type GroupLagSources, groupLags } from './group-lag.js';
import { isSystemGroup } from './is-system-group.js';
import { gauge, type MetricFamily, type Sample } from './metric-family.js';

export interface LagOptions extends GroupLagSources {
  readonly clock: Clock;
  readonly isSystemTopic: (topic: string) => boolean;
}

/** How far live groups are behind, in messages and in time (page 34 §3.2). */
export async function lagFamilies(options: LagOptions, turns: Turns): Promise<readonly MetricFamily[]> {
  const lag: Sample[] = [];
  const inFlight: Sample[] = [];
  const ready: Sample[] = [];
  const lagLatency: Sample[] = [];
  const queueingLatency: Sample[] = [];
  const now = options.clock.now();
  for await (const one of groupLags(options, turns)) {
    const isSystem = options.isSystemTopic(one.topic) || isSystemGroup(one.group);
    const labels = { consumer_group: one.group, is_retry: 'false', is_system: String(isSystem), topic: one.topic };
    const age = (since: number): number => (since === 0 ? 0 : Math.max(0, now - since));
    lag.push({ labels, value: one.lag });
    inFlight.push({ labels, value: one.inFlight });
    ready.push({ labels, value: one.ready });
    lagLatency.push({ labels, value: age(one.unconsumedSince) });
    queueingLatency.push({ labels, value: age(one.unpulledSince) });
  }
  return [
    gauge('consumer_lag_messages', lag),
    gauge('consumer_lag_latency_milliseconds', lagLatency),
    gauge('consumer_inflight_messages', inFlight),
    gauge('consumer_queueing_latency_milliseconds', queueingLatency),
    gauge('consumer_ready_messages', ready),
  ];
}
