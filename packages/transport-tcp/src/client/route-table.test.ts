import { expect, test } from 'vitest';
import { routeOf } from '../test-support/fake-cluster.js';
import { isRouteIncomplete, RouteTable } from './route-table.js';

const a = { name: 'broker-a', address: '10.0.0.1:10911', slave: '10.0.0.3:10911' };
const b = { name: 'broker-b', address: '10.0.0.2:10911' };
const table = (topicsMax = 100): RouteTable => new RouteTable({ topicsMax, templateQueueNums: 4 });

test('only a change rebuilds the queues, so their array can be compared by identity', () => {
  const routes = table();
  const entry = routes.ensure('t');
  expect(routes.applyRoute(entry, routeOf([a, b]), false)).toEqual({ changed: true, newAddress: true });
  const queues = entry.publishQueues;
  expect(routes.applyRoute(entry, routeOf([b, a]), false)).toEqual({ changed: false, newAddress: false });
  expect(entry.publishQueues).toBe(queues);
  expect(routes.applyRoute(entry, routeOf([a]), false)).toEqual({ changed: true, newAddress: false });
  expect(entry.publishQueues).not.toBe(queues);
});

test('addresses are replaced, not merged, and forgotten with the last route that names the broker', () => {
  const routes = table();
  routes.applyRoute(routes.ensure('t'), routeOf([a, b]), false);
  routes.applyRoute(routes.ensure('u'), routeOf([b]), false);
  routes.applyRoute(routes.ensure('t'), routeOf([{ name: 'broker-a', address: '10.0.0.4:10911' }]), false);
  expect(routes.addresses.all().toSorted()).toEqual(['10.0.0.2:10911', '10.0.0.4:10911']);
  routes.applyRoute(routes.ensure('u'), routeOf([{ name: 'broker-a', address: '10.0.0.4:10911' }]), false);
  expect(routes.addresses.all()).toEqual(['10.0.0.4:10911']);
  expect(routes.addresses.master('broker-b')).toBeUndefined();
});

test('reading prefers the id asked for, then the next slave, then anything', () => {
  const routes = table();
  routes.applyRoute(routes.ensure('t'), routeOf([a, { name: 'broker-b', address: '', slave: '10.0.0.5:10911' }]), false);
  const { addresses } = routes;
  expect(addresses.readable('broker-a', 0)).toBe(a.address);
  expect(addresses.readable('broker-a', 1)).toBe(a.slave);
  expect(addresses.readable('broker-a', 7)).toBe(a.address);
  expect(addresses.readable('broker-b', 0)).toBe('10.0.0.5:10911');
  expect(addresses.readable('broker-c', 0)).toBeUndefined();
  expect(addresses.masters()).toEqual([a.address]);
});

test('a template route serves sends until the topic has its own', () => {
  const routes = table();
  const entry = routes.ensure('t');
  routes.applyTemplate(entry, routeOf([a], 8, 7));
  expect(entry.publishQueues).toHaveLength(4);
  expect(entry.subscribeQueues).toBeUndefined();
  routes.applyRoute(entry, routeOf([b], 2), false);
  expect(entry.publishQueues).toHaveLength(2);
  expect(routes.addresses.all()).toEqual([b.address]);
});

test("while the template is kept, sends go on to its brokers that the topic's own route lacks; reads do not", () => {
  const routes = table();
  const entry = routes.ensure('t');
  const brokers = (queues: typeof entry.publishQueues) => new Set(queues?.map((queue) => queue.brokerName));
  routes.applyTemplate(entry, routeOf([a, b], 8, 7));
  expect(routes.applyRoute(entry, routeOf([a]), true).changed).toBe(true);
  expect(brokers(entry.publishQueues)).toEqual(new Set(['broker-a', 'broker-b']));
  expect(brokers(entry.subscribeQueues)).toEqual(new Set(['broker-a']));
  entry.expectedBrokers.add('broker-a');
  expect(isRouteIncomplete(entry)).toBe(false);
  entry.expectedBrokers.add('broker-b');
  expect(isRouteIncomplete(entry)).toBe(true);
  routes.applyRoute(entry, routeOf([a]), false);
  expect(brokers(entry.publishQueues)).toEqual(new Set(['broker-a']));
  expect(routes.addresses.master('broker-b')).toBeUndefined();
});

test('topicsMax: the oldest topic that nobody watches goes; when all are watched it is a configuration error', () => {
  const routes = table(2);
  routes.ensure('watched').isWatched = true;
  routes.ensure('old');
  routes.ensure('new');
  expect(routes.entries().map((entry) => entry.topic)).toEqual(['watched', 'new']);
  routes.ensure('new').isWatched = true;
  expect(() => routes.ensure('more')).toThrow(/topicsMax = 2/);
});
