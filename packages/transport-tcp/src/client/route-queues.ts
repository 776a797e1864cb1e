import { type BrokerData, type MessageQueue, Permission, type QueueData, type TopicRouteData } from '@orbitmq/protocol';

/**
 * How a route becomes queues (Java: MQClientInstance.topicRouteData2TopicPublishInfo and …SubscribeInfo; page 02 §7).
 * Pure functions: every member of a group must come to the same list from the same route.
 */

export const masterId = '0';

/** Queues to send to: those of `orderTopicConf` when the topic has one, else of writable brokers that have a master. */
export function publishQueuesOf(topic: string, route: TopicRouteData): MessageQueue[] {
  if (route.orderTopicConf !== undefined && route.orderTopicConf !== '') return orderedQueues(topic, route.orderTopicConf);
  const withMaster = new Set(route.brokerDatas.filter(hasMaster).map((broker) => broker.brokerName));
  return route.queueDatas
    .filter((queues) => (queues.perm & Permission.WRITE) !== 0 && withMaster.has(queues.brokerName))
    .toSorted(byBrokerName)
    .flatMap((queues) => queuesOf(topic, queues.brokerName, queues.writeQueueNums));
}

/** Queues to read: of every readable broker, with or without a master. */
export function subscribeQueuesOf(topic: string, route: TopicRouteData): MessageQueue[] {
  return route.queueDatas
    .filter((queues) => (queues.perm & Permission.READ) !== 0)
    .toSorted(byBrokerName)
    .flatMap((queues) => queuesOf(topic, queues.brokerName, queues.readQueueNums));
}

/**
 * The route a producer uses for a topic that no broker has yet, made from the route of the template topic: the broker
 * creates the topic when the first message arrives (Java: defaultTopicQueueNums, default 4).
 */
export function routeFromTemplate(template: TopicRouteData, queueCountMax: number): TopicRouteData {
  const queueDatas = template.queueDatas.map((queues) => {
    const count = Math.min(queueCountMax, queues.readQueueNums);
    return { ...queues, readQueueNums: count, writeQueueNums: count };
  });
  return { ...template, queueDatas };
}

function hasMaster(broker: BrokerData): boolean {
  return broker.brokerAddrs[masterId] !== undefined;
}

function byBrokerName(a: QueueData, b: QueueData): number {
  if (a.brokerName === b.brokerName) return 0;
  return a.brokerName < b.brokerName ? -1 : 1;
}

function queuesOf(topic: string, brokerName: string, count: number): MessageQueue[] {
  return Array.from({ length: count }, (_, queueId) => ({ topic, brokerName, queueId }));
}

/** `broker-a:4;broker-b:4` in the order written there; a part without a number is skipped. */
function orderedQueues(topic: string, orderTopicConf: string): MessageQueue[] {
  return orderTopicConf.split(';').flatMap((part) => {
    const colon = part.lastIndexOf(':');
    const count = Number(part.slice(colon + 1));
    if (colon <= 0 || !Number.isInteger(count) || count < 0 || count > queueNumsMax) return [];
    return queuesOf(topic, part.slice(0, colon), count);
  });
}

/** Far above any real topic; keeps a wrong configuration from filling the memory. */
const queueNumsMax = 65_536;
