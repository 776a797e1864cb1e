import { expect, test } from 'vitest';
import { parseFastjson } from './parse-fastjson.js';
import { decodeRegisterBrokerBody } from './register-broker-body.js';
import { encodeRoute } from './route-codec.js';
import type { TopicQueueMapping } from './topic-queue-mapping.js';

const text =
  '{"bname":"broker-a","currIdMap":{0:3,1:4},"dirty":false,"epoch":1795217682989,"scope":"__global__","topic":"T","totalQueues":8}';
const mapping: TopicQueueMapping = {
  topic: 'T',
  scope: '__global__',
  totalQueues: 8,
  brokerName: 'broker-a',
  epoch: 1_795_217_682_989,
  isDirty: false,
  queueIds: new Map([
    [0, 3],
    [1, 4],
  ]),
};
const read = (body: string) => decodeRegisterBrokerBody(Buffer.from(body), { compressed: false, senderVersion: 473 });
const wrapped = (mappings: string): string =>
  `{"filterServerList":["f:1"],"topicConfigSerializeWrapper":{"dataVersion":{"counter":1,"timestamp":1},"topicConfigTable":{},"topicQueueMappingInfoMap":${mappings}}}`;

test('a 5.x broker registers the queues of its static topics', () => {
  expect(read(wrapped(`{"T":${text}}`))).toMatchObject({ filterServerList: ['f:1'], topicQueueMappings: [mapping] });
  expect(read(wrapped('{}')).topicQueueMappings).toBeUndefined();
  for (const wrong of ['{"T":1}', '{"T":{"currIdMap":{"x":1}}}', '{"T":{"currIdMap":{"0":"x"}}}']) {
    expect(() => read(wrapped(wrong)), wrong).toThrow();
  }
});

test('more queues than a topic may have are refused', () => {
  const ids = (count: number): string => `{${Array.from({ length: count }, (_, id) => `${id}:${id}`).join(',')}}`;
  expect(read(wrapped(`{"T":{"currIdMap":${ids(65_536)}}}`)).topicQueueMappings?.[0]?.queueIds.size).toBe(65_536);
  expect(() => read(wrapped(`{"T":{"currIdMap":${ids(65_537)}}}`))).toThrow('65537 queues');
});

test('a route hands them on, with bare keys for old readers', () => {
  const route = { queueDatas: [], brokerDatas: [], queueMappings: new Map([['broker-a', mapping]]) };
  const end = (standardJson: boolean): string => encodeRoute(route, { standardJson }).toString();
  const empty = '{"brokerDatas":[],"filterServerTable":{},"queueDatas":[]';
  expect(end(false)).toBe(`${empty},"topicQueueMappingByBroker":{"broker-a":${text}}}`);
  expect(JSON.parse(end(true)).topicQueueMappingByBroker).toEqual({
    'broker-a': JSON.parse(text.replace('0:3', '"0":3').replace('1:4', '"1":4')),
  });
  expect(encodeRoute({ ...route, queueMappings: undefined }, { standardJson: true }).toString()).toBe(`${empty}}`);
  const servers = new Map([['10.0.0.1:10911', ['f:1']]]);
  const withServers = encodeRoute({ ...route, queueMappings: undefined, filterServers: servers }, { standardJson: true });
  expect(parseFastjson(withServers.toString())).toMatchObject({ filterServerTable: { '10.0.0.1:10911': ['f:1'] } });
});
