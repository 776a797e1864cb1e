import { expect, test } from 'vitest';
import { routeOf } from '../test-support/fake-cluster.js';
import { isSameRoute } from './route-equality.js';

const a = { name: 'broker-a', address: '10.0.0.1:10911', slave: '10.0.0.3:10911' };
const b = { name: 'broker-b', address: '10.0.0.2:10911' };

test('the order of brokers and of addresses does not matter', () => {
  const one = routeOf([a, b]);
  const [first, second] = routeOf([b, a]).brokerDatas;
  const other = {
    ...routeOf([b, a]),
    brokerDatas: [first, { ...second, brokerAddrs: { '1': a.slave, '0': a.address } }].map((broker) => ({
      cluster: 'c',
      brokerName: broker?.brokerName ?? '',
      brokerAddrs: broker?.brokerAddrs ?? {},
    })),
  };
  expect(isSameRoute(one, other)).toBe(true);
});

test.each([
  ['a permission', routeOf([a], 4, 4)],
  ['a count', routeOf([a], 5)],
  ['an address', routeOf([{ ...a, address: '10.0.0.9:10911' }])],
  ['a lost slave', routeOf([{ name: a.name, address: a.address }])],
  ['a broker', routeOf([a, b])],
  ['an order configuration', { ...routeOf([a]), orderTopicConf: 'broker-a:4' }],
])('%s makes a difference', (_what, other) => {
  expect(isSameRoute(routeOf([a]), other)).toBe(false);
});
