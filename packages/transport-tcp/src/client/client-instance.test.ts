import { consumerGroupHeader, createRequest, encodeRecord, RequestCode, recordSizeBytes } from '@orbitmq/protocol';
import { createRemotingClient } from '@orbitmq/remoting';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeCluster, routeOf } from '../test-support/fake-cluster.js';
import { FakeNameServer } from '../test-support/fake-name-server.js';
import type { ClientInstance, RegisteredConsumer } from './client-instance.js';
import { type ClientInstanceOptions, createClientInstance } from './remoting-client-instance.js';

let cluster: FakeCluster;
const started: ClientInstance[] = [];

beforeEach(async () => {
  cluster = new FakeCluster();
  await cluster.start();
});

afterEach(async () => {
  for (const instance of started.splice(0)) await cluster.settle(instance.stop());
});

function instanceOf(options: Partial<ClientInstanceOptions> = {}): ClientInstance {
  const { environment, network } = cluster;
  const instance = createClientInstance({
    environment,
    remoting: createRemotingClient({ environment, dialer: network }),
    clientId: 'c@1',
    namesrvAddr: [cluster.nameServer.address],
    ...options,
  });
  started.push(instance);
  return instance;
}

function withSlave(): { name: string; address: string; slave: string } {
  const { name, address } = cluster.brokerA;
  return { name, address, slave: cluster.brokerB.address };
}

function consumerOf(group: string): RegisteredConsumer & { readonly rebalanceSoon: ReturnType<typeof vi.fn> } {
  return {
    group,
    heartbeatData: () => ({
      groupName: group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
      subscriptionDataSet: [],
      unitMode: false,
    }),
    rebalanceSoon: vi.fn<() => void>(),
  };
}

describe('NameServers', () => {
  test('a silent one costs one time limit, then the client stays with the next', async () => {
    const second = new FakeNameServer(cluster.environment, cluster.network, 9877);
    second.routes.set('orders', routeOf([cluster.brokerA]));
    await cluster.settle(second.start());
    cluster.nameServer.mood = 'silent';
    const instance = instanceOf({ namesrvAddr: [cluster.nameServer.address, second.address] });
    await cluster.settle(instance.start());
    const asked = cluster.nameServer.asked.length;
    const begin = cluster.time.monotonic();
    await cluster.settle(instance.route('orders'));
    expect(cluster.time.monotonic() - begin).toBeLessThan(100);
    expect(cluster.nameServer.asked.length).toBe(asked);
    expect(asked).toBeLessThanOrEqual(1);
  });

  test('the first one asked is chosen by chance', async () => {
    const second = new FakeNameServer(cluster.environment, cluster.network, 9877);
    await cluster.settle(second.start());
    const namesrvAddr = [cluster.nameServer.address, second.address];
    for (let round = 0; round < 20; round++) await cluster.settle(instanceOf({ namesrvAddr }).start());
    expect(cluster.nameServer.asked.length).toBeGreaterThan(2);
    expect(second.asked.length).toBeGreaterThan(2);
  });

  test('start fails when none answers, names them, and leaves nothing open', async () => {
    const instance = instanceOf({ namesrvAddr: ['127.0.0.1:1', '127.0.0.1:2'] });
    await expect(cluster.settle(instance.start())).rejects.toThrow(/no NameServer answered \(asked 127.0.0.1:1, 127.0.0.1:2/);
    expect(cluster.brokerA.connectionCount).toBe(0);
  });

  test('an error answer passes on to the next, and is told when all refuse', async () => {
    cluster.nameServer.mood = 'refusing';
    const instance = instanceOf();
    await expect(cluster.settle(instance.start())).rejects.toMatchObject({ code: 'BROKER_REFUSED', responseCode: 1 });
  });
});

describe('routes', () => {
  test('lookups of one topic at the same time are one request', async () => {
    const instance = instanceOf();
    await cluster.settle(instance.start());
    await cluster.settle(
      Promise.all([instance.route('orders'), instance.refreshRoute('orders'), instance.publishQueues('orders')]),
    );
    expect(cluster.nameServer.countOf('orders')).toBe(1);
  });

  test('every known route is asked for again every 30 s; a change reaches the consumers', async () => {
    const instance = instanceOf();
    const consumer = consumerOf('billing');
    instance.registerConsumer(consumer);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    expect(instance.subscribeQueues('orders')).toHaveLength(4);
    await cluster.time.advance(29_900);
    expect(cluster.nameServer.countOf('orders')).toBe(1);
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA], 8));
    consumer.rebalanceSoon.mockClear();
    await cluster.time.advance(200);
    expect(cluster.nameServer.countOf('orders')).toBe(2);
    expect(instance.subscribeQueues('orders')).toHaveLength(8);
    expect(consumer.rebalanceSoon).toHaveBeenCalledTimes(1);
    await cluster.time.advance(30_000);
    expect(consumer.rebalanceSoon).toHaveBeenCalledTimes(1);
  });

  test('a topic that vanished keeps its route', async () => {
    const instance = instanceOf();
    await cluster.settle(instance.start());
    const route = await cluster.settle(instance.route('orders'));
    cluster.nameServer.routes.delete('orders');
    await cluster.time.advance(31_000);
    expect(instance.cachedRoute('orders')).toBe(route);
    expect(await cluster.settle(instance.publishQueues('orders'))).toHaveLength(4);
  });

  test('the template serves producers only, and the own route replaces it soon after the first send', async () => {
    const instance = instanceOf();
    await cluster.settle(instance.start());
    expect(await cluster.settle(instance.publishQueues('fresh'))).toHaveLength(4);
    await expect(cluster.settle(instance.route('fresh'))).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    expect(instance.subscribeQueues('fresh')).toBeUndefined();
    instance.messageStored('fresh', 'broker-b');
    await cluster.time.advance(100);
    cluster.nameServer.routes.set('fresh', routeOf([cluster.brokerB], 2));
    await cluster.time.advance(500);
    expect(instance.subscribeQueues('fresh')).toHaveLength(2);
    // Sends go on to the template's other broker, until the next poll says where the topic is.
    expect(instance.cachedPublishQueues('fresh')).toHaveLength(6);
    await cluster.time.advance(30_000);
    expect(instance.cachedPublishQueues('fresh')).toHaveLength(2);
  });

  test('without topic and template a send is refused with a reason', async () => {
    cluster.nameServer.routes.delete('TBW102');
    const instance = instanceOf();
    await cluster.settle(instance.start());
    await expect(cluster.settle(instance.publishQueues('nowhere'))).rejects.toThrow(
      /no broker has the topic "nowhere".*autoCreateTopicEnable/,
    );
  });

  test('a read-only topic has no queue to send to', async () => {
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA], 4, 4));
    const instance = instanceOf();
    await cluster.settle(instance.start());
    await expect(cluster.settle(instance.publishQueues('orders'))).rejects.toMatchObject({ code: 'NO_WRITABLE_QUEUE' });
  });

  test('a failing route is asked for at most once a second', async () => {
    const instance = instanceOf();
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    for (let round = 0; round < 50; round++) instance.refreshRouteInBackground('orders');
    await cluster.time.advance(10);
    for (let round = 0; round < 50; round++) instance.refreshRouteInBackground('orders');
    await cluster.time.advance(10);
    expect(cluster.nameServer.countOf('orders')).toBe(2);
  });
});

describe('heartbeats', () => {
  test('producers are told to masters only, at start and every 30 s; the answer shows the version', async () => {
    cluster.nameServer.routes.set('orders', routeOf([withSlave()]));
    const instance = instanceOf();
    instance.registerProducer('shop', undefined);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    expect(cluster.brokerA.heartbeats).toHaveLength(1);
    expect(cluster.brokerB.heartbeats).toHaveLength(0);
    expect(cluster.brokerA.heartbeats[0]).toMatchObject({
      clientId: 'c@1',
      producerGroups: ['CLIENT_INNER_PRODUCER', 'shop'],
      consumers: [],
      heartbeatFingerprint: 0,
    });
    expect(instance.brokerVersion(cluster.brokerA.address)).toBeGreaterThan(400);
    await cluster.time.advance(30_100);
    expect(cluster.brokerA.heartbeats).toHaveLength(2);
  });

  test('with a consumer slaves hear of it too', async () => {
    cluster.nameServer.routes.set('orders', routeOf([withSlave()]));
    const instance = instanceOf();
    instance.registerConsumer(consumerOf('billing'));
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    expect(cluster.brokerB.heartbeats[0]?.consumers.map((consumer) => consumer.groupName)).toEqual(['billing']);
  });

  test('one that is asked for during a round is sent after it, with the newest data', async () => {
    const instance = instanceOf();
    instance.registerProducer('shop', undefined);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    const first = instance.heartbeat();
    instance.registerProducer('late', undefined);
    await cluster.settle(Promise.all([first, instance.heartbeat(), instance.heartbeat()]));
    expect(cluster.brokerA.heartbeats).toHaveLength(3);
    expect(cluster.brokerA.heartbeats[2]?.producerGroups).toContain('late');
  });

  test('a lost connection is followed by a heartbeat soon', async () => {
    const instance = instanceOf();
    instance.registerProducer('shop', undefined);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    cluster.brokerA.hangUp();
    await cluster.time.advance(1000);
    expect(cluster.brokerA.heartbeats).toHaveLength(2);
  });

  test('a broker that hangs holds up nobody else, and is told again soon', async () => {
    const instance = instanceOf();
    instance.registerProducer('shop', undefined);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    cluster.brokerA.isHeartbeatIgnored = true;
    const hanging = instance.heartbeat();
    await cluster.time.advance(100);
    void instance.heartbeat();
    await cluster.time.advance(100);
    expect([cluster.brokerA.heartbeats.length, cluster.brokerB.heartbeats.length]).toEqual([2, 3]);
    await cluster.settle(hanging);
    cluster.brokerA.isHeartbeatIgnored = false;
    const before = cluster.brokerA.heartbeats.length;
    await cluster.time.advance(6000);
    const after = cluster.brokerA.heartbeats.length;
    expect(after).toBeGreaterThan(before);
    await cluster.time.advance(10_000);
    expect(cluster.brokerA.heartbeats).toHaveLength(after);
  });

  test('members are asked of brokers that have taken our heartbeat on the open connection', async () => {
    const instance = instanceOf();
    instance.watchTopic('orders');
    instance.registerConsumer(consumerOf('billing'));
    cluster.brokerA.isHeartbeatIgnored = true;
    await cluster.settle(instance.start());
    const { brokerA, brokerB } = cluster;
    expect(instance.brokersThatKnow('billing', 'orders')).toEqual([brokerB.address]);
    expect(instance.brokersThatKnow('other', 'orders')).toEqual([]);
    expect(instance.brokersThatKnow('billing', 'unknown')).toEqual([]);
    cluster.brokerA.isHeartbeatIgnored = false;
    await cluster.settle(instance.heartbeat());
    expect(instance.brokersThatKnow('billing', 'orders')).toEqual([brokerB.address, brokerA.address]);
    brokerB.hangUp();
    await cluster.time.advance(10);
    expect(instance.brokersThatKnow('billing', 'orders')).toEqual([brokerA.address]);
    await cluster.time.advance(1000);
    // It knows us again, but maybe not yet the others.
    expect(brokerB.heartbeats.length).toBeGreaterThan(2);
    expect(instance.brokersThatKnow('billing', 'orders')).toEqual([brokerA.address]);
    await cluster.time.advance(3000);
    expect(instance.brokersThatKnow('billing', 'orders')).toEqual([brokerA.address, brokerB.address]);
  });

  test('a broker that appears in a route is told at once', async () => {
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA]));
    const instance = instanceOf();
    instance.registerConsumer(consumerOf('billing'));
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA, cluster.brokerB]));
    await cluster.settle(instance.refreshRoute('orders'));
    await cluster.time.advance(10);
    expect(cluster.brokerB.heartbeats).toHaveLength(1);
  });

  test('a broker that is down delays the round by its time limit and fails nobody', async () => {
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA, { name: 'gone', address: '127.0.0.1:10999' }]));
    const instance = instanceOf();
    instance.registerProducer('shop', undefined);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    expect(cluster.brokerA.heartbeats).toHaveLength(1);
  });
});

describe('groups', () => {
  test('the last producer of a group unregisters it at every broker', async () => {
    const instance = instanceOf();
    instance.registerProducer('shop', undefined);
    instance.registerProducer('shop', undefined);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    await cluster.settle(instance.unregisterProducer('shop'));
    expect(cluster.brokerA.unregistered).toEqual([]);
    await cluster.settle(instance.unregisterProducer('shop'));
    for (const broker of [cluster.brokerA, cluster.brokerB]) {
      expect(broker.unregistered).toEqual([{ clientID: 'c@1', producerGroup: 'shop' }]);
    }
    await cluster.settle(instance.unregisterProducer('shop'));
  });

  test('a consumer group is registered once, and unregisters itself', async () => {
    const instance = instanceOf();
    instance.registerConsumer(consumerOf('billing'));
    expect(() => instance.registerConsumer(consumerOf('billing'))).toThrow(/registered twice/);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    await cluster.settle(instance.unregisterConsumer('billing'));
    expect(cluster.brokerB.unregistered).toEqual([{ clientID: 'c@1', consumerGroup: 'billing' }]);
  });

  test('a change of membership (40) reaches its consumer; one for a group elsewhere, or without header, nobody', async () => {
    const instance = instanceOf();
    const consumer = consumerOf('billing');
    instance.registerConsumer(consumer);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    consumer.rebalanceSoon.mockClear();
    const notice = (extFields: Record<string, string>) =>
      createRequest(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, { extFields }, true);
    cluster.brokerA.notify(notice(consumerGroupHeader.encode({ consumerGroup: 'other' })));
    cluster.brokerA.notify(notice({}));
    await cluster.time.advance(10);
    expect(consumer.rebalanceSoon).not.toHaveBeenCalled();
    cluster.brokerA.notify(notice(consumerGroupHeader.encode({ consumerGroup: 'billing' })));
    await cluster.time.advance(10);
    expect(consumer.rebalanceSoon).toHaveBeenCalledTimes(1);
  });

  test('a check (39) goes to the group that the message names; garbage is dropped', async () => {
    const instance = instanceOf();
    const handler = vi.fn<() => void>();
    instance.registerProducer('shop', handler);
    instance.watchTopic('orders');
    await cluster.settle(instance.start());
    const check = (body: Buffer) =>
      createRequest(
        RequestCode.CHECK_TRANSACTION_STATE,
        { extFields: { tranStateTableOffset: '1', commitLogOffset: '2' }, body },
        true,
      );
    cluster.brokerA.notify(check(Buffer.from('garbage')));
    cluster.brokerA.notify(check(recordOf('PGROUP\u0001elsewhere')));
    cluster.brokerA.notify(check(recordOf('PGROUP\u0001shop')));
    await cluster.time.advance(10);
    expect(handler).toHaveBeenCalledTimes(1);
    expect(handler).toHaveBeenCalledWith(expect.objectContaining({ code: 39 }), cluster.brokerA.address);
  });
});

function recordOf(properties: string): Buffer {
  const parts = {
    topicBytes: Buffer.from('orders'),
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: Buffer.alloc(8),
    storeHost: Buffer.alloc(8),
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from('x'),
    properties: Buffer.from(properties),
  };
  const record = Buffer.alloc(recordSizeBytes(parts));
  encodeRecord(record, 0, parts, { queueOffset: 0, physicalOffset: 0, storeTimestamp: 1 });
  return record;
}
