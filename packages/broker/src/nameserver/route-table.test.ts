import type { TopicConfig } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { type BrokerRegistration, RouteTable } from './route-table.js';

const topic = (topicName: string, queueNums = 4, perm = 6): TopicConfig => ({
  topicName,
  readQueueNums: queueNums,
  writeQueueNums: queueNums,
  perm,
  topicFilterType: 'SINGLE_TAG',
  topicSysFlag: 0,
  order: false,
  attributes: {},
});

const tableOf = (...topics: readonly TopicConfig[]) => Object.fromEntries(topics.map((entry) => [entry.topicName, entry]));

const registration = (overrides: Partial<BrokerRegistration<string>> = {}): BrokerRegistration<string> => ({
  clusterName: 'c',
  brokerName: 'a',
  brokerAddr: '10.0.0.1:10911',
  brokerId: 0,
  haServerAddr: '10.0.0.1:10912',
  enableActingMaster: false,
  timeoutMs: 120_000,
  dataVersion: { counter: 1, timestamp: 1, stateVersion: 0 },
  topics: tableOf(topic('T'), topic('U')),
  connection: 'x',
  ...overrides,
});

const slave = (overrides: Partial<BrokerRegistration<string>> = {}) =>
  registration({ brokerId: 1, brokerAddr: '10.0.0.2:10911', haServerAddr: '10.0.0.2:10912', connection: 'y', ...overrides });

const newTable = (brokerCountMax = 100) => new RouteTable<string>({ brokerCountMax });

test('a registered topic has a route, an unknown one none', () => {
  const routes = newTable();
  expect(routes.register(registration(), 0)).toEqual({ status: 'registered' });
  expect(routes.route('T')).toEqual({
    queueDatas: [{ brokerName: 'a', readQueueNums: 4, writeQueueNums: 4, perm: 6, topicSysFlag: 0 }],
    brokerDatas: [{ brokerName: 'a', cluster: 'c', brokerAddrs: { 0: '10.0.0.1:10911' } }],
  });
  expect(routes.route('V')).toBeUndefined();
});

test('a table with the same version is not taken again, one with another version is', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  const wider = tableOf(topic('T', 8), topic('U'));
  routes.register(registration({ topics: wider }), 1);
  expect(routes.route('T')?.queueDatas[0]?.writeQueueNums).toBe(4);
  routes.register(registration({ topics: wider, dataVersion: { counter: 2, timestamp: 1, stateVersion: 0 } }), 2);
  expect(routes.route('T')?.queueDatas[0]?.writeQueueNums).toBe(8);
});

test('with the same version a topic not seen before is added, and none is removed', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  routes.register(registration({ topics: tableOf(topic('V'), topic('U', 9)) }), 1);
  expect(routes.route('V')).toBeDefined();
  expect(routes.route('T')).toBeDefined();
  expect(routes.route('U')?.queueDatas[0]?.writeQueueNums).toBe(4);
});

test('a single topic does not make a broker known, and is taken once it is', () => {
  const routes = newTable();
  const single = registration({ topics: tableOf(topic('T')) });
  expect(routes.register(single, 0)).toEqual({ status: 'refused', reason: 'register broker failed' });
  expect(routes.clusterInfo()).toEqual({ brokerAddrTable: {}, clusterAddrTable: {} });
  routes.register(registration(), 1);
  const changed = registration({ topics: tableOf(topic('V')), dataVersion: { counter: 2, timestamp: 1, stateVersion: 0 } });
  expect(routes.register(changed, 2)).toEqual({ status: 'registered' });
  expect(routes.route('V')).toBeDefined();
});

test('several brokers share a topic; the last to leave takes it away', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  routes.register(registration({ brokerName: 'b', brokerAddr: '10.0.0.9:10911', connection: 'z' }), 0);
  expect(routes.route('T')?.queueDatas.map((data) => data.brokerName)).toEqual(['a', 'b']);
  expect(routes.clusterInfo().clusterAddrTable).toEqual({ c: ['a', 'b'] });
  routes.unregister(registration());
  expect(routes.route('T')?.brokerDatas.map((data) => data.brokerName)).toEqual(['b']);
  routes.unregister(registration({ brokerName: 'b', brokerAddr: '10.0.0.9:10911' }));
  expect(routes.route('T')).toBeUndefined();
  expect(routes.clusterInfo()).toEqual({ brokerAddrTable: {}, clusterAddrTable: {} });
});

test('a slave learns its master and changes no topic', () => {
  const routes = newTable();
  expect(routes.register(slave({ enableActingMaster: undefined }), 0)).toEqual({ status: 'registered' });
  expect(routes.route('T')).toBeUndefined();
  routes.register(registration(), 0);
  expect(routes.register(slave(), 0)).toEqual({
    status: 'registered',
    masterAddr: '10.0.0.1:10911',
    haServerAddr: '10.0.0.1:10912',
  });
  routes.unregister(registration());
  expect(routes.route('T')?.brokerDatas[0]?.brokerAddrs).toEqual({ 1: '10.0.0.2:10911' });
});

test('the lowest slave of a 5.x set stands in for the master, without the right to write', () => {
  const routes = newTable();
  routes.register(slave({ enableActingMaster: true }), 0);
  expect(routes.route('T')?.queueDatas[0]?.perm).toBe(4);
});

test('with acting masters the right to write leaves with the master', () => {
  const routes = newTable();
  routes.register(registration({ enableActingMaster: true }), 0);
  routes.register(slave({ enableActingMaster: true }), 0);
  expect(routes.route('T')?.queueDatas[0]?.perm).toBe(6);
  routes.unregister(registration());
  expect(routes.route('T')?.queueDatas[0]?.perm).toBe(4);
});

test('a process that changed its role keeps one id', () => {
  const routes = newTable();
  routes.register(slave(), 0);
  routes.register(slave({ brokerId: 0 }), 1);
  expect(routes.route('T')?.brokerDatas[0]?.brokerAddrs).toEqual({ 0: '10.0.0.2:10911' });
});

test('an older state of the same id is ignored while the newer one lives', () => {
  const routes = newTable();
  routes.register(registration({ dataVersion: { counter: 1, timestamp: 1, stateVersion: 5 } }), 0);
  const old = registration({ brokerAddr: '10.0.0.3:10911', dataVersion: { counter: 9, timestamp: 9, stateVersion: 4 } });
  expect(routes.register(old, 1)).toEqual({ status: 'stale' });
  expect(routes.route('T')?.brokerDatas[0]?.brokerAddrs).toEqual({ 0: '10.0.0.1:10911' });
  const newer = registration({ brokerAddr: '10.0.0.3:10911', dataVersion: { counter: 1, timestamp: 1, stateVersion: 6 } });
  expect(routes.register(newer, 2)).toEqual({ status: 'registered' });
  expect(routes.route('T')?.brokerDatas[0]?.brokerAddrs).toEqual({ 0: '10.0.0.3:10911' });
});

test('a broker is gone with the connection of its last registration, not with an earlier one', () => {
  const routes = newTable();
  routes.register(registration({ connection: 'old' }), 0);
  routes.register(registration({ connection: 'new' }), 1);
  expect(routes.removeConnection('old')).toEqual([]);
  expect(routes.route('T')).toBeDefined();
  expect(routes.removeConnection('new')).toHaveLength(1);
  expect(routes.route('T')).toBeUndefined();
});

test('silence ends a broker after its own time-out, to the millisecond', () => {
  const routes = newTable();
  routes.register(registration({ timeoutMs: 10_000 }), 0);
  expect(routes.removeExpired(10_000)).toEqual([]);
  expect(routes.touch(registration(), 10_000)).toEqual({ counter: 1, timestamp: 1, stateVersion: 0 });
  expect(routes.removeExpired(20_000)).toEqual([]);
  expect(routes.removeExpired(20_001)).toHaveLength(1);
  expect(routes.route('T')).toBeUndefined();
  expect(routes.touch(registration(), 20_001)).toBeUndefined();
});

test('further brokers than the limit are refused; known ones go on', () => {
  const routes = newTable(1);
  routes.register(registration(), 0);
  expect(routes.register(registration({ brokerName: 'b', brokerAddr: '10.0.0.9:10911' }), 0).status).toBe('refused');
  expect(routes.register(registration(), 1).status).toBe('registered');
});
