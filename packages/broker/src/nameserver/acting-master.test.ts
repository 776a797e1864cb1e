import type { BrokerData, TopicRouteData } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { presentActingMasters } from './acting-master.js';

const route = (broker: Partial<BrokerData>, perm = 4): TopicRouteData => ({
  queueDatas: [{ brokerName: 'a', readQueueNums: 4, writeQueueNums: 4, perm, topicSysFlag: 0 }],
  brokerDatas: [{ brokerName: 'a', cluster: 'c', enableActingMaster: true, brokerAddrs: { 1: 'x:1', 3: 'y:1' }, ...broker }],
});

test.each<[string, string, TopicRouteData, Record<string, string>]>([
  ['the lowest slave stands in', 'T', route({}), { 0: 'x:1', 3: 'y:1' }],
  ['one slave alone too', 'T', route({ brokerAddrs: { 7: 'z:1' } }), { 0: 'z:1' }],
  ['not beside a master', 'T', route({ brokerAddrs: { 0: 'm:1', 1: 'x:1' } }), { 0: 'm:1', 1: 'x:1' }],
  ['not where it is not allowed', 'T', route({ enableActingMaster: false }), { 1: 'x:1', 3: 'y:1' }],
  ['not while the queues take writes', 'T', route({}, 6), { 1: 'x:1', 3: 'y:1' }],
  ['not in the topic by which brokers look for each other', 'rmq_sys_SYNC_BROKER_MEMBER_a', route({}), { 1: 'x:1', 3: 'y:1' }],
  ['not for nobody', 'T', route({ brokerAddrs: {} }), {}],
])('%s', (_name, topic, known, shown) => {
  expect(presentActingMasters(topic, known).brokerDatas[0]?.brokerAddrs).toEqual(shown);
});
