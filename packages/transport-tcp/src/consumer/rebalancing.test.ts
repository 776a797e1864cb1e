/** Who consumes what, and what happens when that changes (page 05 §3). */
import { TransportError } from '@orbitmq/core/kernel';
import {
  createResponse,
  encodeConsumerIdList,
  pullMessageHeader,
  RequestCode,
  ResponseCode,
  retryTopic,
} from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { createPushConsumer } from './push-consumer.js';
import { ack, after, definition, fixture, group, recorder, topic } from './test-support/consumer-fixture.js';

const keys = (...queueIds: number[]): string[] => queueIds.map((queueId) => `${topic}@broker-a@${queueId}`);

test('two consumers share the queues; when one leaves, the other has all again; nothing is lost', async () => {
  const f = fixture(4);
  const one = recorder(f.environment);
  const two = recorder(f.environment);
  const first = f.consumer('c1', one.deliver);
  await f.time.settle(first.start());
  expect(first.assignment).toEqual(keys(0, 1, 2, 3));

  const second = f.consumer('c2', two.deliver);
  await f.time.settle(second.start());
  await f.pass(100);
  expect([first.assignment, second.assignment]).toEqual([keys(0, 1), keys(2, 3)]);

  for (let index = 0; index < 100; index += 1) f.cluster.publish(topic, `a${index}`, { queueId: index % 4 });
  await f.pass(100);
  expect([one.bodies.length, two.bodies.length]).toEqual([50, 50]);

  await f.time.settle(second.stop());
  await f.pass(100);
  expect(first.assignment).toEqual(keys(0, 1, 2, 3));
  for (let index = 0; index < 100; index += 1) f.cluster.publish(topic, `b${index}`, { queueId: index % 4 });
  await f.pass(100);
  const all = [...one.bodies, ...two.bodies];
  expect(all.length).toBe(200);
  expect(new Set(all).size).toBe(200);
});

test('a dropped queue: waiting messages stay here, running handlers are told, the offset is committed', async () => {
  const f = fixture(2);
  for (let index = 0; index < 10; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: 1 });
  const one = recorder(f.environment, async () => {
    await after(f.environment, 1000);
    return ack;
  });
  const first = f.consumer('c1', one.deliver, { concurrency: 1 });
  await f.time.settle(first.start());
  await f.pass(2500);
  expect(one.bodies).toEqual(['m0', 'm1', 'm2']);
  const two = recorder(f.environment);
  await f.time.settle(f.consumer('c2', two.deliver).start());
  await f.pass(100);
  expect(first.assignment).toEqual(keys(0));
  expect(one.deliveries.at(-1)?.context.signal.reason).toMatchObject({ kind: 'rebalanced' });
  await f.pass(10_000);
  expect(one.bodies.length).toBe(3);
  // m2 was in a handler here: it is the one that may come twice.
  expect(two.bodies.slice(-8)).toEqual(['m2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
});

test('the commit of a dropped queue does not take back what the new owner has committed', async () => {
  const f = fixture(2);
  for (let index = 0; index < 3; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: 1 });
  const first = f.consumer('c1', recorder(f.environment).deliver);
  await f.time.settle(first.start());
  await f.pass(100);
  f.cluster.offsets.set(`${group}@${topic}@1`, 90);
  f.cluster.intercept(RequestCode.PULL_MESSAGE, (request) => createResponse(request.command, ResponseCode.SYSTEM_BUSY));
  await f.time.settle(f.consumer('c2', recorder(f.environment).deliver).start());
  await f.pass(100);
  expect(first.assignment).toEqual(keys(0));
  expect(f.cluster.committed(group, topic, 1)).toBe(90);
});

test('each change of the set raises the version, heartbeats, and only then pulls: no pull meets an older version', async () => {
  const f = fixture(4);
  const refused: number[] = [];
  const client = f.client('c1');
  const before = client.heartbeat.bind(client);
  let slow = 0;
  client.heartbeat = async () => {
    await after(f.environment, slow);
    await before();
  };
  const first = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  await f.time.settle(first.start());
  const versionAtStart = client.consumers.get(group)?.heartbeatData().subscriptionDataSet[0]?.subVersion ?? 0;
  slow = 200;
  f.cluster.intercept(RequestCode.PULL_MESSAGE, (request) => {
    const header = pullMessageHeader.decodeCommand(request.command);
    const known = f.cluster.members
      .get(group)
      ?.get('c1')
      ?.subscriptionDataSet.find((entry) => entry.topic === header.topic);
    if (request.clientId === 'c1' && (known?.subVersion ?? 0) < header.subVersion) refused.push(request.atMs);
    return undefined;
  });
  await f.time.settle(f.consumer('c2', recorder(f.environment).deliver).start());
  for (let index = 0; index < 50; index += 1) {
    f.cluster.publish(topic, `m${index}`, { queueId: index % 4 });
    await f.pass(7);
  }
  expect(refused).toEqual([]);
  const version = client.consumers
    .get(group)
    ?.heartbeatData()
    .subscriptionDataSet.find((entry) => entry.topic === topic)?.subVersion;
  expect(version).toBeGreaterThan(versionAtStart);
});

test('a topic that appears later is found within seconds, and the retry topic within its announcement', async () => {
  const f = fixture(0);
  const handler = recorder(f.environment);
  const consuming = f.consumer('c1', handler.deliver);
  await f.time.settle(consuming.start());
  expect(consuming.assignment).toEqual([]);
  await f.pass(60_000);
  f.cluster.addTopic(topic, 4);
  f.cluster.publish(topic, 'first', { queueId: 2 });
  await f.pass(3100);
  expect(consuming.assignment).toEqual(keys(0, 1, 2, 3));
  expect(handler.bodies).toEqual(['first']);
  const pulled = f.cluster.requests
    .filter((request) => request.code === RequestCode.PULL_MESSAGE)
    .map((request) => ({ topic: pullMessageHeader.decodeCommand(request.command).topic, atMs: request.atMs }));
  expect(pulled.find((pull) => pull.topic === retryTopic(group))?.atMs).toBeLessThan(1000);
});

test('when the members cannot be asked nothing changes, and the question is repeated', async () => {
  const f = fixture(4);
  const first = f.consumer('c1', recorder(f.environment).deliver);
  await f.time.settle(first.start());
  f.cluster.intercept(
    RequestCode.GET_CONSUMER_LIST_BY_GROUP,
    () => new TransportError('CONNECT_FAILED', 'planted', { outcome: 'not-sent' }),
  );
  const before = f.cluster.count(RequestCode.GET_CONSUMER_LIST_BY_GROUP);
  await f.pass(60_000);
  expect(first.assignment).toEqual(keys(0, 1, 2, 3));
  expect(f.cluster.count(RequestCode.GET_CONSUMER_LIST_BY_GROUP) - before).toBeGreaterThan(30);
  f.cluster.intercept(RequestCode.GET_CONSUMER_LIST_BY_GROUP, undefined);
});

test('a list of members without ourselves changes nothing: a broker that has just come back may miss anybody', async () => {
  const f = fixture(4);
  const one = recorder(f.environment);
  const first = f.consumer('c1', one.deliver);
  await f.time.settle(first.start());
  f.cluster.intercept(RequestCode.GET_CONSUMER_LIST_BY_GROUP, ({ command }) =>
    createResponse(command, ResponseCode.SUCCESS, { body: encodeConsumerIdList(['c2']) }),
  );
  first.rebalanceSoon();
  await f.pass(5000);
  expect(first.assignment).toEqual(keys(0, 1, 2, 3));
  f.cluster.publish(topic, 'still here', { queueId: 3 });
  await f.pass(100);
  expect(one.bodies).toEqual(['still here']);
});

test('a broker that hangs delays neither the start nor a rebalance for long', async () => {
  const f = fixture(4);
  const client = f.client('c1');
  const heartbeat = client.heartbeat.bind(client);
  client.heartbeat = async () => {
    await heartbeat();
    await after(f.environment, 30_000);
  };
  const first = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  await f.time.settle(first.start());
  expect(first.assignment).toEqual(keys(0, 1, 2, 3));
  expect(f.time.monotonic()).toBeLessThan(3000);
});

test('a broker that forgot the group hears of it again', async () => {
  const f = fixture(4);
  const client = f.client('c1');
  const first = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  await f.time.settle(first.start());
  f.cluster.members.clear();
  await f.pass(21_000);
  expect(f.cluster.members.get(group)?.has('c1')).toBe(true);
  expect(first.assignment).toEqual(keys(0, 1, 2, 3));
});

test('a notice during a round is one more round, however many there are', async () => {
  const f = fixture(4);
  const first = f.consumer('c1', recorder(f.environment).deliver);
  await f.time.settle(first.start());
  await f.pass(5000);
  const before = f.cluster.count(RequestCode.GET_CONSUMER_LIST_BY_GROUP);
  for (let index = 0; index < 100; index += 1) first.rebalanceSoon();
  await f.pass(100);
  expect(f.cluster.count(RequestCode.GET_CONSUMER_LIST_BY_GROUP) - before).toBe(2);
});

test('without notices the change is seen within 20 s', async () => {
  const f = fixture(4);
  f.cluster.onMembersChanged = () => undefined;
  const first = f.consumer('c1', recorder(f.environment).deliver);
  await f.time.settle(first.start());
  f.cluster.onMembersChanged = () => undefined;
  const second = f.consumer('c2', recorder(f.environment).deliver);
  f.cluster.onMembersChanged = () => undefined;
  await f.time.settle(second.start());
  expect(first.assignment.length).toBe(4);
  await f.pass(20_100);
  expect([first.assignment, second.assignment]).toEqual([keys(0, 1), keys(2, 3)]);
});

test('many queues are taken at once without a warning of Node about listeners', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const f = fixture(16);
  const consumer = f.consumer('c1', recorder(f.environment).deliver);
  await f.time.settle(consumer.start());
  await f.pass(100);
  process.off('warning', onWarning);
  expect([consumer.assignment.length, warnings]).toEqual([16, []]);
});
