/** Orderly consumption: one handler per queue, in order, under the broker's lock (page 05 §5; promise I7). */
import { TransportError } from '@orbitmq/core/kernel';
import { createResponse, deadLetterTopic, RequestCode, ResponseCode, sendMessageV2Header } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { createPushConsumer } from './push-consumer.js';
import {
  ack,
  after,
  type Delivery,
  definition,
  fixture,
  group,
  recorder,
  retry,
  topic,
} from './test-support/consumer-fixture.js';

const orderly = { orderly: true } as const;
const keys = (...queueIds: number[]): string[] => queueIds.map((queueId) => `${topic}@broker-a@${queueId}`);

function ofQueue(deliveries: readonly Delivery[], queueId: number): string[] {
  return deliveries.filter((delivery) => delivery.messages[0]?.queueId === queueId).flatMap((delivery) => delivery.bodies);
}

test('each queue in order with one handler at a time; queues beside each other, within the bound', async () => {
  const f = fixture(4);
  for (let index = 0; index < 80; index += 1) f.cluster.publish(topic, `${index}`, { queueId: index % 4 });
  const running = new Map<number, number>();
  const handler = recorder(f.environment, async (delivery) => {
    const queueId = delivery.messages[0]?.queueId ?? -1;
    running.set(queueId, (running.get(queueId) ?? 0) + 1);
    expect(running.get(queueId)).toBe(1);
    await after(f.environment, 5 + (Number(delivery.bodies[0]) % 7));
    running.set(queueId, 0);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { ...orderly, concurrency: 3 }).start());
  await f.pass(5000);
  expect(handler.runningMax).toBe(3);
  for (let queueId = 0; queueId < 4; queueId += 1) {
    expect(ofQueue(handler.deliveries, queueId)).toEqual(Array.from({ length: 20 }, (_, index) => `${index * 4 + queueId}`));
  }
});

test('a failure blocks its queue, not the others; the try is counted here', async () => {
  const f = fixture(2);
  for (let index = 0; index < 6; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: index % 2 });
  const handler = recorder(f.environment, (delivery) =>
    delivery.bodies[0] === 'm2' && (delivery.reconsumeTimes[0] ?? 0) < 3 ? retry() : ack,
  );
  await f.time.settle(f.consumer('c1', handler.deliver, orderly).start());
  await f.pass(500);
  expect(ofQueue(handler.deliveries, 1)).toEqual(['m1', 'm3', 'm5']);
  expect(ofQueue(handler.deliveries, 0)).toEqual(['m0', 'm2']);
  await f.pass(3000);
  expect(ofQueue(handler.deliveries, 0)).toEqual(['m0', 'm2', 'm2', 'm2', 'm2', 'm4']);
  expect(f.cluster.count(RequestCode.CONSUMER_SEND_MSG_BACK)).toBe(0);
});

test.each([
  [1, 10],
  [500, 500],
  [100_000, 30_000],
])('a pause of %d ms is one of %d ms', async (suspendCurrentQueueTimeMs, pauseMs) => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, (delivery) => (delivery.reconsumeTimes[0] === 0 ? retry() : ack));
  await f.time.settle(f.consumer('c1', handler.deliver, { ...orderly, suspendCurrentQueueTimeMs }).start());
  await f.pass(60_000);
  const [first, second] = handler.deliveries;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(pauseMs);
});

test('a batch that failed in the middle goes on from there', async () => {
  const f = fixture();
  for (let index = 0; index < 6; index += 1) f.cluster.publish(topic, `m${index}`);
  let failures = 1;
  const handler = recorder(f.environment, (delivery) => {
    if (delivery.messages.length < 2 || failures === 0) return ack;
    failures -= 1;
    return retry(2);
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { ...orderly, batchSizeMax: 3 }).start());
  await f.pass(2000);
  expect(handler.deliveries.map((delivery) => delivery.bodies)).toEqual([['m0', 'm1', 'm2'], ['m2', 'm3', 'm4'], ['m5']]);
  expect(handler.deliveries[1]?.reconsumeTimes).toEqual([1, 0, 0]);
});

test('without a limit it is tried for ever', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad');
  const handler = recorder(f.environment, () => retry());
  await f.time.settle(f.consumer('c1', handler.deliver, orderly).start());
  await f.pass(40_500);
  expect(handler.bodies.length).toBe(41);
});

test('past the limit the message is a dead letter with its count, and the queue goes on', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad', { properties: { UNIQ_KEY: 'U1' } });
  f.cluster.publish(topic, 'good');
  const handler = recorder(f.environment, (delivery) => (delivery.bodies[0] === 'bad' ? retry() : ack));
  await f.time.settle(f.consumer('c1', handler.deliver, { ...orderly, maxReconsumeTimes: 2 }).start());
  await f.pass(3000);
  expect(handler.bodies).toEqual(['bad', 'bad', 'bad', 'good']);
  const [dead] = f.cluster.stored(deadLetterTopic(group));
  expect(dead?.body.toString()).toBe('bad');
  expect([dead?.reconsumeTimes, dead?.properties.RETRY_TOPIC, dead?.properties.DELAY]).toEqual([3, topic, undefined]);
  const sent = f.cluster.requests.find((request) => request.code === RequestCode.SEND_MESSAGE_V2);
  expect(sendMessageV2Header.decode(sent?.command.extFields)).toMatchObject({ reconsumeTimes: 3, maxReconsumeTimes: 2 });
});

test('delayLevel -1 on a group without a limit: a dead letter at once', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad');
  f.cluster.publish(topic, 'good');
  const handler = recorder(f.environment, (delivery) => (delivery.bodies[0] === 'bad' ? retry(0, -1) : ack));
  await f.time.settle(f.consumer('c1', handler.deliver, orderly).start());
  await f.pass(7000);
  expect(handler.bodies.at(-1)).toBe('good');
  const sent = f.cluster.requests.find((request) => request.code === RequestCode.SEND_MESSAGE_V2);
  const header = sendMessageV2Header.decode(sent?.command.extFields);
  expect(header.reconsumeTimes).toBeGreaterThan(header.maxReconsumeTimes ?? 0);
});

test('a verdict that comes when the lease is over does not count, even before anybody looked', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 31_000);
    return ack;
  });
  const tuning = { lockTickMs: 1_000_000 };
  await f.time.settle(f.consumer('c1', handler.deliver, orderly, tuning).start());
  await f.pass(60_000);
  expect(f.cluster.committed(group, topic) ?? 0).toBe(0);
});

test('while the dead letter cannot be stored the queue stays blocked', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad');
  f.cluster.publish(topic, 'good');
  f.cluster.intercept(RequestCode.SEND_MESSAGE_V2, (request) =>
    createResponse(request.command, ResponseCode.SERVICE_NOT_AVAILABLE),
  );
  const handler = recorder(f.environment, (delivery) => (delivery.bodies[0] === 'bad' ? retry() : ack));
  await f.time.settle(f.consumer('c1', handler.deliver, { ...orderly, maxReconsumeTimes: 0 }).start());
  await f.pass(5000);
  expect(handler.bodies.every((body) => body === 'bad')).toBe(true);
  f.cluster.intercept(RequestCode.SEND_MESSAGE_V2, undefined);
  await f.pass(1100);
  expect(handler.bodies.at(-1)).toBe('good');
});

test('a queue whose lock somebody else holds is not pulled; it is taken when the lock is free', async () => {
  const f = fixture(2);
  f.cluster.locks.set(`${group}@${topic}@1`, { clientId: 'other', atMs: 0 });
  f.cluster.publish(topic, 'a', { queueId: 1 });
  const handler = recorder(f.environment);
  const consuming = f.consumer('c1', handler.deliver, orderly);
  await f.time.settle(consuming.start());
  await f.pass(20_000);
  expect([consuming.assignment, handler.bodies]).toEqual([keys(0), []]);
  f.cluster.locks.delete(`${group}@${topic}@1`);
  await f.pass(1100);
  expect([consuming.assignment, handler.bodies]).toEqual([keys(0, 1), ['a']]);
});

test('locks are renewed every 20 s for as long as the queue is ours', async () => {
  const f = fixture(2);
  await f.time.settle(f.consumer('c1', recorder(f.environment).deliver, orderly).start());
  const before = f.cluster.count(RequestCode.LOCK_BATCH_MQ);
  await f.pass(200_000);
  const renewals = f.cluster.count(RequestCode.LOCK_BATCH_MQ) - before;
  expect(renewals).toBeGreaterThanOrEqual(9);
  expect(renewals).toBeLessThanOrEqual(22);
  const now = f.environment.clock.monotonic();
  for (const lock of f.cluster.locks.values()) expect(now - lock.atMs).toBeLessThan(22_000);
});

test('a renewal refused: the handler is told, its verdict does not count, the queue is taken again from the committed offset', async () => {
  const f = fixture();
  for (let index = 0; index < 3; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, async (delivery) => {
    if (delivery.bodies[0] === 'm1' && handler.deliveries.length === 2) await after(f.environment, 40_000);
    return ack;
  });
  const consuming = f.consumer('c1', handler.deliver, orderly);
  await f.time.settle(consuming.start());
  await f.pass(15_000);
  f.cluster.locks.set(`${group}@${topic}@0`, { clientId: 'other', atMs: f.environment.clock.monotonic() });
  await f.pass(10_000);
  expect(handler.deliveries[1]?.context.signal.reason).toMatchObject({ kind: 'lock-lost' });
  expect(consuming.assignment).toEqual([]);
  f.cluster.locks.clear();
  f.cluster.offsets.set(`${group}@${topic}@0`, 1);
  await f.pass(10_000);
  // The old handler still runs: nobody else may, though the lock is free.
  expect(handler.deliveries.length).toBe(2);
  await f.pass(15_000);
  expect(handler.bodies).toEqual(['m0', 'm1', 'm1', 'm2']);
  expect(handler.runningMax).toBe(1);
});

test('a lock that cannot be renewed is dead after 30 s, before the broker gives it to somebody else', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, () => new Promise(() => undefined));
  const consuming = f.consumer('c1', handler.deliver, orderly);
  await f.time.settle(consuming.start());
  f.cluster.intercept(
    RequestCode.LOCK_BATCH_MQ,
    () => new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' }),
  );
  await f.pass(28_000);
  expect(handler.deliveries[0]?.context.signal.aborted).toBe(false);
  // The failed renewal is repeated every second.
  expect(f.cluster.count(RequestCode.LOCK_BATCH_MQ)).toBeGreaterThan(5);
  await f.pass(4000);
  expect(handler.deliveries[0]?.context.signal.reason).toMatchObject({ kind: 'lock-lost' });
  expect(consuming.assignment).toEqual([]);
});

test('rebalance: the handler ends, then the commit, then the unlock, and only then the other starts', async () => {
  const f = fixture(2);
  for (let index = 0; index < 4; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: 1 });
  const log: string[] = [];
  const one = recorder(f.environment, async (delivery) => {
    await after(f.environment, 5000);
    log.push(`c1 ${delivery.bodies[0]}`);
    return ack;
  });
  const two = recorder(f.environment, (delivery) => {
    log.push(`c2 ${delivery.bodies[0]}`);
    return ack;
  });
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, () => {
    log.push(`unlock at ${f.cluster.committed(group, topic, 1)}`);
    return undefined;
  });
  const first = f.consumer('c1', one.deliver, orderly);
  await f.time.settle(first.start());
  await f.pass(6000);
  const second = f.consumer('c2', two.deliver, orderly);
  await f.time.settle(second.start());
  await f.pass(20_000);
  expect([first.assignment, second.assignment]).toEqual([keys(0), keys(1)]);
  expect(log).toEqual(['c1 m0', 'c1 m1', 'unlock at 2', 'c2 m2', 'c2 m3']);
});

test('the lock is given back after the commit was answered, however long that takes', async () => {
  const f = fixture(2);
  f.cluster.publish(topic, 'm0', { queueId: 1 });
  const client = f.client('c1');
  client.latencyMs = (code) => (code === RequestCode.UPDATE_CONSUMER_OFFSET ? 700 : 1);
  const one = recorder(f.environment);
  const first = createPushConsumer({ instance: client, definition: definition(orderly), deliver: one.deliver });
  await f.time.settle(first.start());
  await f.pass(1000);
  const two = recorder(f.environment);
  await f.time.settle(f.consumer('c2', two.deliver, orderly).start());
  await f.pass(5000);
  expect([one.bodies, two.bodies]).toEqual([['m0'], []]);
});

test('rebalance with a handler that does not end: it is told after 20 s, and the lock stays until it ends', async () => {
  const f = fixture(2);
  f.cluster.publish(topic, 'm0', { queueId: 1 });
  const one = recorder(f.environment, async () => {
    await after(f.environment, 90_000);
    return ack;
  });
  const first = f.consumer('c1', one.deliver, orderly);
  await f.time.settle(first.start());
  await f.pass(1000);
  const two = recorder(f.environment);
  const second = f.consumer('c2', two.deliver, orderly);
  await f.time.settle(second.start());
  await f.pass(19_000);
  expect(one.deliveries[0]?.context.signal.aborted).toBe(false);
  await f.pass(2000);
  expect(one.deliveries[0]?.context.signal.reason).toMatchObject({ kind: 'rebalanced' });
  await f.pass(60_000);
  expect([two.bodies, second.assignment]).toEqual([[], []]);
  await f.pass(15_000);
  expect(second.assignment).toEqual(keys(1));
  // What the handler finished counts: nothing comes again.
  expect(two.bodies).toEqual([]);
  expect(f.cluster.committed(group, topic, 1)).toBe(1);
});

test('a queue dropped and given back while its handler runs is taken again after the handler ended', async () => {
  const f = fixture(2);
  for (let index = 0; index < 3; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: 1 });
  const one = recorder(f.environment, async () => {
    await after(f.environment, 10_000);
    return ack;
  });
  const first = f.consumer('c1', one.deliver, orderly);
  await f.time.settle(first.start());
  await f.pass(1000);
  const second = f.consumer('c2', recorder(f.environment).deliver, orderly);
  await f.time.settle(second.start());
  await f.time.settle(second.stop());
  await f.pass(2000);
  expect(one.bodies).toEqual(['m0']);
  await f.pass(40_000);
  expect([one.bodies, one.runningMax]).toEqual([['m0', 'm1', 'm2'], 1]);
  expect(first.assignment).toEqual(keys(0, 1));
});
