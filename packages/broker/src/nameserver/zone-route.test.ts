import type { TopicRouteData } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { routeOfZone } from './zone-route.js';

const queues = (brokerName: string) => ({ brokerName, readQueueNums: 4, writeQueueNums: 4, perm: 6, topicSysFlag: 0 });
const route: TopicRouteData = {
  queueDatas: [queues('east'), queues('west'), queues('orphaned'), queues('nowhere')],
  brokerDatas: [
    { brokerName: 'east', cluster: 'c', brokerAddrs: { 0: 'e:1' }, zoneName: 'East' },
    { brokerName: 'west', cluster: 'c', brokerAddrs: { 0: 'w:1' }, zoneName: 'west' },
    { brokerName: 'orphaned', cluster: 'c', brokerAddrs: { 1: 'o:1' }, zoneName: 'west' },
    { brokerName: 'nowhere', cluster: 'c', brokerAddrs: { 0: 'n:1' } },
  ],
};

const all = ['east', 'west', 'orphaned', 'nowhere'];

test.each([
  ['no zone', undefined, undefined, all],
  ['a name without the mode', undefined, 'east', all],
  ['the mode without a name', true, '  ', all],
  ['a zone, whatever its letters: its brokers, and those without a master', true, 'EAST', ['east', 'orphaned']],
  ['a zone where nobody is', true, 'north', ['orphaned']],
])('%s', (_name, zoneMode, zoneName, expected) => {
  const shown = routeOfZone(route, { zoneMode, zoneName });
  expect(shown.brokerDatas.map((broker) => broker.brokerName)).toEqual(expected);
  expect(shown.queueDatas.map((queue) => queue.brokerName)).toEqual(expected);
});
