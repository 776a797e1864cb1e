import type { TopicRouteData } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { routeOf } from '../test-support/fake-cluster.js';
import { publishQueuesOf, routeFromTemplate, subscribeQueuesOf } from './route-queues.js';

const a = { name: 'broker-a', address: '10.0.0.1:10911' };
const b = { name: 'broker-b', address: '10.0.0.2:10911' };
const named = (queues: readonly { brokerName: string; queueId: number }[]): string[] =>
  queues.map((queue) => `${queue.brokerName}/${queue.queueId}`);

test('queues are ordered by broker name, then id, whatever the order of the answer', () => {
  expect(named(publishQueuesOf('t', routeOf([b, a], 2)))).toEqual(['broker-a/0', 'broker-a/1', 'broker-b/0', 'broker-b/1']);
  expect(named(subscribeQueuesOf('t', routeOf([b, a], 1)))).toEqual(['broker-a/0', 'broker-b/0']);
});

test('a broker without master is read from, not sent to', () => {
  const route = routeOf([{ name: 'broker-a', address: '', slave: '10.0.0.3:10911' }, b], 1);
  expect(named(publishQueuesOf('t', route))).toEqual(['broker-b/0']);
  expect(named(subscribeQueuesOf('t', route))).toEqual(['broker-a/0', 'broker-b/0']);
});

test('permissions decide', () => {
  expect(publishQueuesOf('t', routeOf([a], 2, 4))).toEqual([]);
  expect(subscribeQueuesOf('t', routeOf([a], 2, 4))).toHaveLength(2);
  expect(publishQueuesOf('t', routeOf([a], 2, 2))).toHaveLength(2);
  expect(subscribeQueuesOf('t', routeOf([a], 2, 2))).toEqual([]);
});

test('read and write counts are independent', () => {
  const route: TopicRouteData = {
    ...routeOf([a]),
    queueDatas: [{ brokerName: 'broker-a', readQueueNums: 3, writeQueueNums: 1, perm: 6, topicSysFlag: 0 }],
  };
  expect(publishQueuesOf('t', route)).toHaveLength(1);
  expect(subscribeQueuesOf('t', route)).toHaveLength(3);
});

test('an order configuration names the queues and their order; nonsense in it is skipped', () => {
  const route = { ...routeOf([a, b], 4), orderTopicConf: 'broker-b:1;broker-a:2;;x:;y:-1;z:1e9;:3' };
  expect(named(publishQueuesOf('t', route))).toEqual(['broker-b/0', 'broker-a/0', 'broker-a/1']);
});

test('the template route has at most the default number of queues, and no more than the template', () => {
  expect(publishQueuesOf('t', routeFromTemplate(routeOf([a], 8, 7), 4))).toHaveLength(4);
  expect(publishQueuesOf('t', routeFromTemplate(routeOf([a], 2, 7), 4))).toHaveLength(2);
});
