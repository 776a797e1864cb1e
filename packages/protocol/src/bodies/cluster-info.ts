import { listField, objectField, objectOf, parseBody, textOf } from './json-fields.js';
import type { BrokerData } from './route.js';
import { brokerDataFromJson, brokerDataText } from './route-codec.js';

/** Answer to GET_BROKER_CLUSTER_INFO (106): page 02 §8. */
export interface ClusterInfo {
  /** Broker name → its addresses. */
  readonly brokerAddrTable: Readonly<Record<string, BrokerData>>;
  /** Cluster → broker names. */
  readonly clusterAddrTable: Readonly<Record<string, readonly string[]>>;
}

/** Broker ids are quoted: every Java version reads them, and so does `JSON.parse`. */
export function encodeClusterInfo(info: ClusterInfo): Buffer {
  const brokers = Object.entries(info.brokerAddrTable).map(
    ([name, broker]) => `${JSON.stringify(name)}:${brokerDataText(broker, true)}`,
  );
  return Buffer.from(
    `{"brokerAddrTable":{${brokers.join(',')}},"clusterAddrTable":${JSON.stringify(info.clusterAddrTable)}}`,
    'utf8',
  );
}

export function decodeClusterInfo(body: Buffer): ClusterInfo {
  const object = parseBody(body);
  const brokers = objectField(object, 'brokerAddrTable');
  const clusters = objectField(object, 'clusterAddrTable');
  const brokerAddrTable = Object.create(null) as Record<string, BrokerData>;
  for (const name of Object.keys(brokers)) brokerAddrTable[name] = brokerDataFromJson(objectOf(brokers[name], name));
  const clusterAddrTable = Object.create(null) as Record<string, string[]>;
  for (const name of Object.keys(clusters))
    clusterAddrTable[name] = listField(clusters, name).map((broker) => textOf(broker, name));
  return { brokerAddrTable, clusterAddrTable };
}
