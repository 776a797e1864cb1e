import type { TopicConfig, TopicQueueMapping } from '@orbitmq/protocol';
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

const newTable = (brokerCountMax = 100) => new RouteTable<string>({ limits: { brokersMax: brokerCountMax } });

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

test('permission to write is taken and given back, and lasts until the broker changes its topics', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  const perms = () => ['T', 'U'].map((name) => routes.route(name)?.queueDatas[0]?.perm);
  expect(routes.setWritable('a', false)).toBe(2);
  expect(perms()).toEqual([4, 4]);
  routes.register(registration(), 1);
  expect(perms()).toEqual([4, 4]);
  routes.register(registration({ dataVersion: { counter: 2, timestamp: 1, stateVersion: 0 } }), 2);
  expect(perms()).toEqual([6, 6]);
  routes.setWritable('a', false);
  expect(routes.setWritable('a', true)).toBe(2);
  expect(perms()).toEqual([6, 6]);
  expect(routes.setWritable('nobody', false)).toBe(0);
});

test('a topic is deleted everywhere, or in one cluster', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  routes.register(registration({ clusterName: 'd', brokerName: 'b', brokerAddr: '10.0.0.9:10911', connection: 'z' }), 0);
  routes.deleteTopic('T', 'd');
  expect(routes.route('T')?.queueDatas.map((queue) => queue.brokerName)).toEqual(['a']);
  routes.deleteTopic('T', 'nobody');
  routes.deleteTopic('T', 'c');
  routes.deleteTopic('U');
  expect(routes.topicNames()).toEqual([]);
});

test('a topic is added for brokers that are registered, and for no others', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  const queue = (brokerName: string) => ({ brokerName, readQueueNums: 2, writeQueueNums: 2, perm: 6, topicSysFlag: 0 });
  expect(routes.addTopic('V', [queue('nobody'), queue('a')])).toBeUndefined();
  expect(routes.route('V')?.queueDatas).toEqual([queue('a')]);
  expect(routes.addTopic('W', [queue('nobody')])).toBeUndefined();
  expect(routes.route('W')).toBeUndefined();
});

test('lists: of a cluster, and of the system with the address of a broker', () => {
  const routes = newTable();
  expect(routes.systemTopics()).toEqual({ topicList: [], brokerAddr: undefined });
  routes.register(registration(), 0);
  routes.register(
    registration({ clusterName: 'd', brokerName: 'b', brokerAddr: '10.0.0.9:10911', topics: tableOf(topic('T'), topic('V')) }),
    0,
  );
  expect(routes.topicsOfCluster('c')).toEqual(['T', 'U']);
  expect(routes.topicsOfCluster('d')).toEqual(['T', 'V']);
  expect(routes.topicsOfCluster('nobody')).toEqual([]);
  expect(routes.systemTopics()).toEqual({ topicList: ['c', 'a', 'd', 'b'], brokerAddr: '10.0.0.1:10911' });
  expect(routes.broker('b')?.brokerAddrs).toEqual({ 0: '10.0.0.9:10911' });
  expect(routes.broker('nobody')).toBeUndefined();
});

test('with deleteTopicWithBrokerRegistration what a whole table does not name goes, and a single topic removes nothing', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  const version = (counter: number) => ({ counter, timestamp: 1, stateVersion: 0 });
  const removing = { removesOtherTopics: true } as const;
  routes.register(registration({ ...removing, topics: tableOf(topic('T', 8)), dataVersion: version(2) }), 1);
  expect(routes.topicNames()).toEqual(['T', 'U']);
  routes.register(registration({ ...removing, topics: tableOf(topic('T'), topic('V')), dataVersion: version(3) }), 2);
  expect(routes.topicNames()).toEqual(['T', 'V']);
});

test('who has the lowest id is told when it changes, and only then', () => {
  const changes: unknown[] = [];
  const routes = new RouteTable<string>({
    onMinBrokerIdChange: ({ brokerAddrs, ...change }) =>
      changes.push({ ...change, brokerAddrs: Object.fromEntries(brokerAddrs) }),
  });
  routes.register(slave({ enableActingMaster: true }), 0);
  routes.register(slave({ enableActingMaster: true, brokerId: 2, brokerAddr: '10.0.0.3:10911' }), 0);
  expect(changes).toEqual([]);
  routes.register(registration({ enableActingMaster: true }), 0);
  const slaves = { 1: '10.0.0.2:10911', 2: '10.0.0.3:10911' };
  const came = { brokerName: 'a', offlineBrokerAddr: undefined, haBrokerAddr: '10.0.0.1:10912' };
  expect(changes).toEqual([{ ...came, brokerAddrs: { 0: '10.0.0.1:10911', ...slaves } }]);
  routes.unregister(registration());
  const went = { brokerName: 'a', offlineBrokerAddr: '10.0.0.1:10911', haBrokerAddr: undefined };
  expect(changes.slice(1)).toEqual([{ ...went, brokerAddrs: slaves }]);
  routes.unregister(slave({ brokerId: 2, brokerAddr: '10.0.0.3:10911' }));
  routes.unregister(slave());
  expect(changes.length).toBe(2);
});

test('topics beyond the limit are refused, those that are known go on', () => {
  const routes = new RouteTable<string>({ limits: { topicEntriesMax: 3 } });
  routes.register(registration(), 0);
  const queue = (brokerName: string) => ({ brokerName, readQueueNums: 2, writeQueueNums: 2, perm: 6, topicSysFlag: 0 });
  const other = { brokerName: 'b', brokerAddr: '10.0.0.9:10911', connection: 'z' };
  expect(routes.register(registration(other), 0)).toMatchObject({
    status: 'refused',
    reason: expect.stringContaining('allowed are 3'),
  });
  expect(routes.broker('b')).toBeUndefined();
  expect(routes.addTopic('V', [queue('a')])).toBeUndefined();
  expect(routes.addTopic('W', [queue('a')])).toContain('allowed are 3');
  expect(routes.route('W')).toBeUndefined();
  expect(routes.register(registration(), 1)).toEqual({ status: 'registered' });
  routes.deleteTopic('V');
  expect(routes.addTopic('W', [queue('a')])).toBeUndefined();
});

test('a broker that changes its cluster lives in the new one only; who unregisters it, by whatever cluster, leaves nothing', () => {
  const routes = newTable();
  routes.register(registration(), 0);
  routes.register(registration({ clusterName: 'd' }), 100_000);
  expect(routes.removeExpired(130_000)).toEqual([]);
  expect(routes.route('T')).toBeDefined();
  routes.unregister(registration({ clusterName: 'c' }));
  expect(routes.route('T')).toBeUndefined();
  expect(routes.touch(registration({ clusterName: 'd' }), 130_000)).toBeUndefined();
});

test('a topic with too long a name is refused, alone and in a registration', () => {
  const routes = newTable();
  const longest = 'x'.repeat(512);
  expect(routes.register(registration({ topics: tableOf(topic('T'), topic(`${longest}x`)) }), 0)).toEqual({
    status: 'refused',
    reason: 'register broker failed: the name of a topic has 513 characters, allowed are 512',
  });
  expect(routes.register(registration({ topics: tableOf(topic('T'), topic(longest)) }), 0)).toMatchObject({
    status: 'registered',
  });
  expect(routes.addTopic(`${longest}x`, [])).toContain('513 characters, allowed are 512');
});

const mapping = (name: string, brokerName: string, count = 2): TopicQueueMapping => ({
  topic: name,
  scope: '__global__',
  totalQueues: 8,
  brokerName,
  epoch: 1,
  isDirty: false,
  queueIds: new Map(Array.from({ length: count }, (_, id) => [id, id + 1])),
});

test('the queues of a static topic and filter servers are part of the route, and go with their broker, topic or registration', () => {
  const routes = newTable();
  const known = mapping('T', 'a');
  routes.register(registration({ queueMappings: [known, mapping('X', 'a'), mapping('U', 'b')], filterServers: ['f:1'] }), 0);
  const other = { brokerName: 'b', brokerAddr: '10.0.0.9:10911', connection: 'z' };
  routes.register(registration({ ...other, queueMappings: [mapping('T', 'b')] }), 0);
  expect(routes.route('T')?.filterServers).toEqual(new Map([['10.0.0.1:10911', ['f:1']]]));
  expect(routes.route('T')?.queueMappings).toEqual(
    new Map([
      ['a', known],
      ['b', mapping('T', 'b')],
    ]),
  );
  // Not for a topic that the broker does not have, nor in another broker's name.
  expect([routes.route('X'), routes.route('U')?.queueMappings]).toEqual([undefined, undefined]);
  routes.unregister(registration(other));
  expect(routes.route('T')?.queueMappings).toEqual(new Map([['a', known]]));
  routes.register(registration({ filterServers: [] }), 1);
  expect(routes.route('T')?.filterServers).toBeUndefined();
  routes.deleteTopic('T');
  routes.register(registration(), 2);
  expect(routes.route('T')?.queueMappings).toBeUndefined();
});

test('as many mapped queues and filter servers as allowed, and not one more', () => {
  const routes = new RouteTable<string>({ limits: { mappedQueuesMax: 3, filterServersMax: 1 } });
  const register = (count: number, servers: readonly string[] = []) =>
    routes.register(registration({ queueMappings: [mapping('T', 'a', count)], filterServers: servers }), 0);
  expect(register(3, ['f:1'])).toEqual({ status: 'registered' });
  expect(register(4)).toMatchObject({ status: 'refused', reason: expect.stringContaining('static topics') });
  expect(register(3, ['f:1', 'f:2'])).toMatchObject({ status: 'refused', reason: expect.stringContaining('filter servers') });
  expect(register(2)).toEqual({ status: 'registered' });
  expect(register(3)).toEqual({ status: 'registered' });
});

test('as many mapped queues of one topic on all brokers as allowed, and not one more', () => {
  const routes = new RouteTable<string>({ limits: { mappedQueuesOfTopicMax: 5 } });
  const topics = tableOf(topic('T'), topic('U'));
  const register = (brokerName: string, mappings: readonly TopicQueueMapping[]) => {
    const broker = { brokerName, brokerAddr: `${brokerName}:10911`, connection: brokerName, topics };
    return routes.register(registration({ ...broker, queueMappings: mappings }), 0).status;
  };
  expect(register('a', [mapping('T', 'a', 3), mapping('U', 'a', 5)])).toBe('registered');
  expect(register('b', [mapping('T', 'b', 3)])).toBe('refused');
  expect(register('b', [mapping('T', 'b', 2)])).toBe('registered');
  expect(register('a', [mapping('T', 'a', 4)])).toBe('refused');
  expect(register('a', [mapping('T', 'a', 1)])).toBe('registered');
  expect(register('b', [mapping('T', 'b', 4)])).toBe('registered');
  const queues = [...(routes.route('T')?.queueMappings?.values() ?? [])].map(({ queueIds }) => queueIds.size);
  expect(queues).toEqual([1, 4]);
});
