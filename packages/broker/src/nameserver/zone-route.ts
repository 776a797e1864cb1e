import type { TopicRouteData, ZoneHeader } from '@orbitmq/protocol';

/**
 * The part of a route that a client of a zone asked for (Java: ZoneRouteRPCHook; page 02 §7): brokers of its zone, and those
 * without a master, whose slaves may be the only ones left to read from.
 */
export function routeOfZone(route: TopicRouteData, { zoneMode, zoneName }: ZoneHeader): TopicRouteData {
  if (zoneMode !== true || zoneName === undefined || zoneName.trim() === '') return route;
  const wanted = zoneName.toLowerCase();
  const brokerDatas = route.brokerDatas.filter(
    (broker) => broker.brokerAddrs['0'] === undefined || broker.zoneName?.toLowerCase() === wanted,
  );
  const kept = new Set(brokerDatas.map((broker) => broker.brokerName));
  return { ...route, brokerDatas, queueDatas: route.queueDatas.filter((queue) => kept.has(queue.brokerName)) };
}
