import type { TopicRouteData } from '@orbitmq/protocol';

/** Whether two routes say the same, whatever the order a NameServer lists brokers and queues in (Java: topicRouteDataChanged). */
export function isSameRoute(a: TopicRouteData, b: TopicRouteData): boolean {
  return a === b || fingerprint(a) === fingerprint(b);
}

function fingerprint(route: TopicRouteData): string {
  const queues = route.queueDatas
    .map((q) => `${q.brokerName} ${q.readQueueNums} ${q.writeQueueNums} ${q.perm} ${q.topicSysFlag}`)
    .toSorted();
  const brokers = route.brokerDatas
    .map((b) => `${b.cluster} ${b.brokerName} ${JSON.stringify(Object.entries(b.brokerAddrs).toSorted(byId))}`)
    .toSorted();
  return JSON.stringify([queues, brokers, route.orderTopicConf ?? '']);
}

function byId(a: readonly [string, string], b: readonly [string, string]): number {
  return Number(a[0]) - Number(b[0]);
}
