import { Permission, type TopicRouteData } from '@orbitmq/protocol';

const masterId = 0;
/** Topics by which brokers find each other: their routes tell who is there, not who stands in. */
const memberTopicPrefix = 'rmq_sys_SYNC_BROKER_MEMBER_';

/**
 * The route as it is shown while masters are away, with `supportActingMaster` (Java: RouteInfoManager.pickupTopicRouteData;
 * page 02 §6): of a broker that allows it, has no master, and whose queues of the topic take no writes, the slave with the lowest
 * id goes as id 0. Consumers pull there and commit offsets; nobody sends.
 */
export function presentActingMasters(topic: string, route: TopicRouteData): TopicRouteData {
  if (topic.startsWith(memberTopicPrefix)) return route;
  const isReadOnly = (brokerName: string): boolean =>
    route.queueDatas.some((queue) => queue.brokerName === brokerName && (queue.perm & Permission.WRITE) === 0);
  const brokerDatas = route.brokerDatas.map((broker) => {
    const ids = Object.keys(broker.brokerAddrs).map(Number);
    if (broker.enableActingMaster !== true || ids.length === 0 || ids.includes(masterId)) return broker;
    if (!isReadOnly(broker.brokerName)) return broker;
    const lowest = Math.min(...ids);
    const addresses = Object.entries(broker.brokerAddrs).map(([id, address]) => [Number(id) === lowest ? masterId : id, address]);
    return { ...broker, brokerAddrs: Object.fromEntries(addresses) as Record<string, string> };
  });
  return { ...route, brokerDatas };
}
