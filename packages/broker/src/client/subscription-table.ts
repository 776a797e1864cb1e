/** A group's subscriptions as its members' heartbeats merge them (Java: ConsumerGroupInfo.updateSubscription; page 05 §2). */
import type { SubscriptionData } from '@orbitmq/protocol';

/**
 * Takes over a heartbeat's subscriptions: new topics are added, known ones replaced when their version is larger, topics not
 * listed removed. True when the set of topics changed, which makes members rebalance.
 */
export function mergeSubscriptions(table: Map<string, SubscriptionData>, listed: readonly SubscriptionData[]): boolean {
  let isChanged = false;
  for (const subscription of listed) {
    const known = table.get(subscription.topic);
    if (known === undefined) isChanged = true;
    if (known === undefined || subscription.subVersion > known.subVersion) table.set(subscription.topic, subscription);
  }
  const topics = new Set(listed.map((subscription) => subscription.topic));
  for (const topic of table.keys()) {
    if (topics.has(topic)) continue;
    table.delete(topic);
    isChanged = true;
  }
  return isChanged;
}
