import {
  booleanField,
  integerField,
  listField,
  objectField,
  objectOf,
  optionalTextField,
  parseBody,
  textField,
  textTable,
} from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import type { BrokerData, QueueData, TopicRouteData } from './route.js';
import { topicQueueMappingText } from './topic-queue-mapping.js';

/** Broker ids as Java's old writers put them: bare. Only readers older than 4.9.4 need that (page 02 §7). */
function addressesText(brokerAddrs: Readonly<Record<string, string>>, standardJson: boolean): string {
  if (standardJson) return JSON.stringify(brokerAddrs);
  const members = Object.entries(brokerAddrs).map(([id, address]) => {
    const key = /^\d+$/.test(id) ? id : JSON.stringify(id);
    return `${key}:${JSON.stringify(address)}`;
  });
  return `{${members.join(',')}}`;
}

export function brokerDataText(broker: BrokerData, standardJson: boolean): string {
  const rest = JSON.stringify({
    brokerName: broker.brokerName,
    cluster: broker.cluster,
    enableActingMaster: broker.enableActingMaster ?? false,
    zoneName: broker.zoneName,
  });
  return `{"brokerAddrs":${addressesText(broker.brokerAddrs, standardJson)},${rest.slice(1)}`;
}

export function brokerDataFromJson(object: JsonObject): BrokerData {
  const zoneName = optionalTextField(object, 'zoneName');
  return {
    cluster: textField(object, 'cluster', ''),
    brokerName: textField(object, 'brokerName'),
    brokerAddrs: textTable(objectField(object, 'brokerAddrs')),
    ...(booleanField(object, 'enableActingMaster', false) ? { enableActingMaster: true } : {}),
    ...(zoneName === undefined ? {} : { zoneName }),
  };
}

function queueDataToJson(queue: QueueData): object {
  return {
    brokerName: queue.brokerName,
    perm: queue.perm,
    readQueueNums: queue.readQueueNums,
    topicSysFlag: queue.topicSysFlag,
    writeQueueNums: queue.writeQueueNums,
  };
}

function queueDataFromJson(object: JsonObject): QueueData {
  return {
    brokerName: textField(object, 'brokerName'),
    readQueueNums: integerField(object, 'readQueueNums', 0),
    writeQueueNums: integerField(object, 'writeQueueNums', 0),
    perm: integerField(object, 'perm', 0),
    // Up to 4.8 the member is misspelt.
    topicSysFlag: integerField(object, 'topicSysFlag', integerField(object, 'topicSynFlag', 0)),
  };
}

function mappingsText(mappings: TopicRouteData['queueMappings'], standardJson: boolean): string {
  if (mappings === undefined || mappings.size === 0) return '';
  const members = Array.from(mappings, ([brokerName, mapping]) => {
    return `${JSON.stringify(brokerName)}:${topicQueueMappingText(mapping, standardJson)}`;
  });
  return `,"topicQueueMappingByBroker":{${members.join(',')}}`;
}

/** Body of the answer to GET_ROUTEINFO_BY_TOPIC; both lists are always there (page 02 §7). */
export function encodeRoute(route: TopicRouteData, options: { readonly standardJson: boolean }): Buffer {
  const brokerDatas = route.brokerDatas.map((broker) => brokerDataText(broker, options.standardJson));
  const orderTopicConf = route.orderTopicConf === undefined ? '' : `"orderTopicConf":${JSON.stringify(route.orderTopicConf)},`;
  const queueDatas = JSON.stringify(route.queueDatas.map(queueDataToJson));
  const filterServers = JSON.stringify(Object.fromEntries(route.filterServers ?? []));
  const mappings = mappingsText(route.queueMappings, options.standardJson);
  const text = `{"brokerDatas":[${brokerDatas.join(',')}],"filterServerTable":${filterServers},${orderTopicConf}"queueDatas":${queueDatas}${mappings}}`;
  return Buffer.from(text, 'utf8');
}

/** `limits`: for a body that anyone may send; the answer of a NameServer has none but those of its frame. */
export function decodeRoute(
  body: Buffer,
  limits: { readonly bytesMax?: number | undefined; readonly valuesMax?: number | undefined } = {},
): TopicRouteData {
  const object = parseBody(body, limits.bytesMax, limits.valuesMax);
  return {
    queueDatas: listField(object, 'queueDatas').map((entry) => queueDataFromJson(objectOf(entry, 'queueDatas'))),
    brokerDatas: listField(object, 'brokerDatas').map((entry) => brokerDataFromJson(objectOf(entry, 'brokerDatas'))),
    orderTopicConf: optionalTextField(object, 'orderTopicConf'),
  };
}
