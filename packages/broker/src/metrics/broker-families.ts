/** What the broker is and how full its tables and queues are (page 34 §3.2). */
import type { BrokerConfig } from '../config/broker-config.js';
import type { SubscriptionGroupManager } from '../group/subscription-group-manager.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { gauge, type MetricFamily } from './metric-family.js';

export interface BrokerSources {
  readonly config: Pick<BrokerConfig, 'brokerPermission'>;
  readonly topics: Pick<TopicConfigManager, 'all'>;
  readonly groups: Pick<SubscriptionGroupManager, 'all'>;
  /** What waits in the broker. */
  readonly gauges: {
    readonly sendsInFlight: () => number;
    readonly queriesInFlight: () => number;
    readonly repliesInFlight?: (() => number) | undefined;
  };
}

/** Java's thread pools. One loop does all the work here, so that only sends and queries wait, for the disk, and replies, for their requesters. */
const processors = [
  'ack',
  'admin',
  'async_put',
  'client_manager',
  'consumer_manager',
  'heartbeat',
  'lite_pull',
  'pull',
  'query_message',
  'reply',
  'send',
  'transaction',
] as const;

export function brokerFamilies({ config, gauges, groups, topics }: BrokerSources): readonly MetricFamily[] {
  const waiting: Readonly<Record<string, () => number>> = {
    send: gauges.sendsInFlight,
    query_message: gauges.queriesInFlight,
    ...(gauges.repliesInFlight === undefined ? {} : { reply: gauges.repliesInFlight }),
  };
  return [
    gauge(
      'processor_watermark',
      processors.map((processor) => ({ labels: { processor }, value: waiting[processor]?.() ?? 0 })),
    ),
    gauge('broker_permission', [{ labels: {}, value: config.brokerPermission }]),
    gauge('topic_number', [{ labels: {}, value: topics.all().size }]),
    gauge('consumer_group_number', [{ labels: {}, value: groups.all().size }]),
  ];
}
