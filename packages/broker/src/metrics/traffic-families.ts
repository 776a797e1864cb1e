/** What comes in and goes out, and what nobody could handle (page 34 §3.2). */
import { deadLetterTopicPrefix, retryTopicPrefix } from '@orbitmq/protocol';
import type { Turns } from '../metadata/turns.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import { messageTypeNames } from '../stats/message-type.js';
import { isSystemGroup } from './is-system-group.js';
import { counter, histogram, type Labels, type MetricFamily, type Sample } from './metric-family.js';

export type TrafficSource = Pick<BrokerStats, 'allTopicPuts' | 'allGroupGets' | 'allDeadLetters'>;

export async function trafficFamilies(
  stats: TrafficSource,
  isSystemTopic: (topic: string) => boolean,
  turns: Turns,
): Promise<readonly MetricFamily[]> {
  return [...(await incoming(stats, turns)), ...(await outgoing(stats, turns)), deadLetters(stats, isSystemTopic)];
}

async function incoming({ allTopicPuts }: TrafficSource, turns: Turns): Promise<readonly MetricFamily[]> {
  const messages: Sample[] = [];
  const bytes: Sample[] = [];
  const sizes: Parameters<typeof histogram>[2][number][] = [];
  for (const { inflow, isSystem, topic } of allTopicPuts) {
    const pause = turns.step();
    if (pause !== undefined) await pause;
    for (const [type, name] of messageTypeNames.entries()) {
      const count = inflow?.messages[type] ?? 0;
      if (inflow === undefined || count === 0) continue;
      const labels: Labels = { is_system: String(isSystem), message_type: name, topic };
      messages.push({ labels, value: count });
      bytes.push({ labels, value: inflow.bytes[type] ?? 0 });
      const ofType = inflow.sizes[type];
      if (ofType !== undefined) sizes.push({ labels, histogram: ofType });
    }
  }
  return [
    counter('messages_in_total', messages),
    counter('throughput_in_total', bytes),
    histogram('message_size', 'Incoming messages size', sizes),
  ];
}

/** As at Apache not of retries and dead letters. */
async function outgoing({ allGroupGets }: TrafficSource, turns: Turns): Promise<readonly MetricFamily[]> {
  const messages: Sample[] = [];
  const bytes: Sample[] = [];
  for (const [topic, groups] of allGroupGets) {
    if (topic.startsWith(retryTopicPrefix) || topic.startsWith(deadLetterTopicPrefix)) continue;
    for (const [group, gets] of groups) {
      const pause = turns.step();
      if (pause !== undefined) await pause;
      const labels: Labels = {
        consumer_group: group,
        is_system: String(gets.isSystem || isSystemGroup(group)),
        topic,
      };
      messages.push({ labels, value: gets.nums.value });
      bytes.push({ labels, value: gets.sizes.value });
    }
  }
  return [counter('messages_out_total', messages), counter('throughput_out_total', bytes)];
}

function deadLetters({ allDeadLetters }: TrafficSource, isSystemTopic: (topic: string) => boolean): MetricFamily {
  const samples = allDeadLetters.map(({ count, group, topic }) => ({
    labels: { consumer_group: group, is_system: String(isSystemTopic(topic) || isSystemGroup(group)), topic },
    value: count,
  }));
  return counter('send_to_dlq_messages_total', samples);
}
