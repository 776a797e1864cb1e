/** Concurrency, batches, failures, time limits (pages 05 §6, 06 §2-3; promises I9, I12). */
import { TransportError } from '@orbitmq/core/kernel';
import {
  consumerSendMessageBackHeader,
  createResponse,
  deadLetterTopic,
  decodeProperties,
  PropertyName,
  RequestCode,
  ResponseCode,
  retryTopic,
  sendMessageV2Header,
} from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { ack, after, fixture, group, recorder, retry, topic } from './test-support/consumer-fixture.js';

test('at most `concurrency` handlers at once over all queues, and no less when there is work', async () => {
  const f = fixture(4);
  for (let index = 0; index < 200; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: index % 4 });
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 100);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { concurrency: 7 }).start());
  await f.pass(50);
  expect(handler.runningCount).toBe(7);
  await f.pass(10_000);
  expect([handler.runningMax, handler.bodies.length]).toEqual([7, 200]);
});

test('queues take turns: a long one does not starve a short one', async () => {
  const f = fixture(2);
  for (let index = 0; index < 500; index += 1) f.cluster.publish(topic, 'long', { queueId: 0 });
  f.cluster.publish(topic, 'short', { queueId: 1 });
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 10);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { concurrency: 2 }).start());
  await f.pass(1000);
  expect(handler.bodies.indexOf('short')).toBeLessThan(6);
});

test('the offset waits for the lowest unfinished message', async () => {
  const f = fixture();
  for (let index = 0; index < 10; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, async (delivery) => {
    await after(f.environment, delivery.bodies[0] === 'm3' ? 30_000 : 1);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(29_000);
  expect(f.cluster.committed(group, topic)).toBe(3);
  await f.pass(30_000);
  expect(f.cluster.committed(group, topic)).toBe(10);
});

test('batches are full when there is enough, and never mix queues', async () => {
  const f = fixture(2);
  for (let index = 0; index < 40; index += 1) f.cluster.publish(topic, `q${index % 2}-${index}`, { queueId: index % 2 });
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver, { batchSizeMax: 8 }).start());
  await f.pass(100);
  expect(handler.bodies.length).toBe(40);
  for (const delivery of handler.deliveries) {
    expect(delivery.messages.length).toBeLessThanOrEqual(8);
    expect(new Set(delivery.messages.map((message) => message.queueId)).size).toBe(1);
  }
  expect(handler.deliveries.map((delivery) => delivery.messages.length).sort((a, b) => a - b)).toEqual([4, 4, 8, 8, 8, 8]);
});

test('a batch waits to fill, but not longer than batchWaitMs', async () => {
  const f = fixture();
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver, { batchSizeMax: 4, batchWaitMs: 500 }).start());
  await f.pass(1000);
  f.cluster.publish(topic, 'a');
  await f.pass(100);
  f.cluster.publish(topic, 'b');
  await f.pass(350);
  expect(handler.deliveries).toEqual([]);
  await f.pass(100);
  expect(handler.deliveries.map((delivery) => delivery.bodies)).toEqual([['a', 'b']]);
  for (const body of ['c', 'd', 'e', 'f', 'g']) f.cluster.publish(topic, body);
  await f.pass(10);
  expect(handler.deliveries.at(-1)?.bodies).toEqual(['c', 'd', 'e', 'f']);
  await f.pass(500);
  expect(handler.deliveries.at(-1)?.bodies).toEqual(['g']);
});

test('a failed message goes back to the broker, and the offset advances after the broker has it', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad', { properties: { UNIQ_KEY: 'U1', TAGS: 'x' } });
  f.cluster.publish(topic, 'good');
  const handler = recorder(f.environment, (delivery) =>
    delivery.bodies[0] === 'bad' && delivery.reconsumeTimes[0] === 0 ? retry() : ack,
  );
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(100);
  const sent = f.cluster.requests.find((request) => request.code === RequestCode.CONSUMER_SEND_MSG_BACK);
  expect(consumerSendMessageBackHeader.decode(sent?.command.extFields)).toMatchObject({
    offset: 0,
    group,
    delayLevel: 0,
    originMsgId: 'U1',
    originTopic: topic,
    maxReconsumeTimes: 16,
    brokerName: 'broker-a',
  });
  await f.pass(10_100);
  const again = handler.deliveries.at(-1);
  expect([again?.bodies, again?.reconsumeTimes, again?.messages[0]?.topic, again?.messages[0]?.messageId]).toEqual([
    ['bad'],
    [1],
    topic,
    'U1',
  ]);
  await f.pass(10_000);
  expect([f.cluster.committed(group, topic), f.cluster.committed(group, retryTopic(group))]).toEqual([2, 1]);
});

test('a message that always fails is tried 1 + maxReconsumeTimes times, then it is a dead letter', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad');
  const handler = recorder(f.environment, () => retry());
  await f.time.settle(f.consumer('c1', handler.deliver, { maxReconsumeTimes: 3 }).start());
  await f.pass(600_000);
  expect(handler.deliveries.map((delivery) => delivery.reconsumeTimes[0])).toEqual([0, 1, 2, 3]);
  expect(f.cluster.stored(deadLetterTopic(group)).map((message) => message.body.toString())).toEqual(['bad']);
});

test('of a batch, what was acknowledged before the failure is done', async () => {
  const f = fixture();
  for (let index = 0; index < 4; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, (delivery) => (delivery.messages.length === 4 ? retry(2, 1) : ack));
  await f.time.settle(f.consumer('c1', handler.deliver, { batchSizeMax: 4 }).start());
  await f.pass(1500);
  expect(handler.bodies).toEqual(['m0', 'm1', 'm2', 'm3', 'm2', 'm3']);
});

test('of a batch, only what failed goes back when the rest behind it is done', async () => {
  const f = fixture();
  for (let index = 0; index < 4; index += 1) f.cluster.publish(topic, `m${index}`);
  const first = { ...retry(1, 1), alsoAcked: [2, 3] };
  const handler = recorder(f.environment, (delivery) => (delivery.reconsumeTimes[0] === 0 ? first : ack));
  await f.time.settle(f.consumer('c1', handler.deliver, { batchSizeMax: 4 }).start());
  await f.pass(30_000);
  expect(handler.bodies).toEqual(['m0', 'm1', 'm2', 'm3', 'm1']);
  expect(f.cluster.committed(group, topic)).toBe(4);
});

test.each([-3, 99, 2.5])('an ackedCount of %d is taken for what it can mean', async (ackedCount) => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, (delivery) => (delivery.reconsumeTimes[0] === 0 ? retry(ackedCount, 1) : ack));
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(2000);
  expect(handler.bodies.length).toBe(ackedCount < 0 ? 2 : 1);
});

test('delayLevel -1: a dead letter at once', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad');
  await f.time.settle(f.consumer('c1', recorder(f.environment, () => retry(0, -1)).deliver).start());
  await f.pass(100);
  expect(f.cluster.stored(deadLetterTopic(group)).length).toBe(1);
});

test('deliver that throws or rejects counts as a failure', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  f.cluster.publish(topic, 'b');
  let calls = 0;
  const consuming = f.consumer('c1', () => {
    calls += 1;
    if (calls === 1) throw new Error('planted');
    if (calls === 2) return Promise.reject(new Error('planted'));
    return Promise.resolve(ack);
  });
  await f.time.settle(consuming.start());
  await f.pass(11_000);
  expect(calls).toBe(4);
});

test('when the send-back fails an ordinary send to the retry topic replaces it', async () => {
  const f = fixture();
  const body = Buffer.from('compressed bytes, say');
  const refuse = (request: { command: Parameters<typeof createResponse>[0] }) =>
    createResponse(request.command, ResponseCode.SYSTEM_ERROR);
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, refuse);
  const consuming = f.consumer('c1', () => Promise.resolve(retry()));
  await f.time.settle(consuming.start());
  await f.pass(1000);
  f.cluster.publish(topic, body, {
    sysFlag: 0x309,
    reconsumeTimes: 2,
    properties: { UNIQ_KEY: 'U1', DELAY: '5', REAL_TOPIC: 'x', REAL_QID: '1', TRAN_MSG: 'true', WAIT: 'false', color: 'red' },
  });
  await f.pass(1000);
  const sent = f.cluster.requests.find((request) => request.code === RequestCode.SEND_MESSAGE_V2);
  const header = sendMessageV2Header.decode(sent?.command.extFields);
  expect(header).toMatchObject({
    producerGroup: 'CLIENT_INNER_PRODUCER',
    topic: retryTopic(group),
    sysFlag: 0x301,
    reconsumeTimes: 3,
    maxReconsumeTimes: 16,
    batch: false,
  });
  expect({ ...decodeProperties(header.properties ?? '') }).toEqual({
    UNIQ_KEY: 'U1',
    color: 'red',
    RETRY_TOPIC: topic,
    ORIGIN_MESSAGE_ID: 'U1',
    RECONSUME_TIME: '3',
    MAX_RECONSUME_TIMES: '16',
    [PropertyName.DELAY]: '5',
  });
  expect(sent?.command.body).toEqual(body);
  await f.pass(10_000);
  expect(f.cluster.committed(group, topic)).toBe(1);
});

test('stored-but-weaker answers to that send are accepted: refusing them would multiply the message', async () => {
  const f = fixture();
  f.cluster.intercept(
    RequestCode.CONSUMER_SEND_MSG_BACK,
    () => new TransportError('REQUEST_TIMEOUT', 'x', { outcome: 'unknown' }),
  );
  f.cluster.intercept(RequestCode.SEND_MESSAGE_V2, (request) =>
    createResponse(request.command, ResponseCode.FLUSH_SLAVE_TIMEOUT),
  );
  const handler = recorder(f.environment, () => retry());
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(1000);
  f.cluster.publish(topic, 'bad');
  await f.pass(60_000);
  expect([handler.bodies.length, f.cluster.count(RequestCode.SEND_MESSAGE_V2)]).toEqual([1, 1]);
});

test('when both fail the message is tried again here every 5 s, counted, and holds the offset', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'bad');
  f.cluster.publish(topic, 'good');
  const cut = () => new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' });
  const handler = recorder(f.environment, (delivery) => (delivery.bodies[0] === 'bad' ? retry() : ack));
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, cut);
  f.cluster.intercept(RequestCode.SEND_MESSAGE_V2, cut);
  await f.pass(16_000);
  const tries = handler.deliveries
    .filter((delivery) => delivery.bodies[0] === 'bad')
    .map((delivery) => delivery.reconsumeTimes[0]);
  expect(tries).toEqual([0, 1, 2, 3]);
  expect(f.cluster.committed(group, topic) ?? 0).toBe(0);
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, undefined);
  await f.pass(21_000);
  expect(f.cluster.committed(group, topic)).toBe(2);
  expect(handler.deliveries.filter((delivery) => delivery.bodies[0] === 'bad').length).toBeGreaterThanOrEqual(5);
});

test('a call above the time limit is aborted and sent back with level 3; its late verdict changes nothing', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'slow');
  f.cluster.publish(topic, 'fast');
  const handler = recorder(f.environment, async (delivery) => {
    if (delivery.bodies[0] === 'slow' && delivery.reconsumeTimes[0] === 0) await after(f.environment, 100_000);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { consumeTimeoutMs: 60_000 }).start());
  await f.pass(59_000);
  const { signal } = handler.deliveries[0]?.context ?? {};
  expect(signal?.aborted).toBe(false);
  await f.pass(1100);
  expect(signal?.reason).toMatchObject({ kind: 'timeout', code: 'ABORTED' });
  const sent = f.cluster.requests.find((request) => request.code === RequestCode.CONSUMER_SEND_MSG_BACK);
  expect(consumerSendMessageBackHeader.decode(sent?.command.extFields).delayLevel).toBe(3);
  await f.pass(16_000);
  expect(handler.bodies).toEqual(['slow', 'fast', 'slow']);
  expect(f.cluster.committed(group, topic)).toBe(2);
  await f.pass(60_000);
  expect(f.cluster.count(RequestCode.CONSUMER_SEND_MSG_BACK)).toBe(1);
});

test('a hanging handler keeps its place: the bound holds', async () => {
  const f = fixture();
  for (let index = 0; index < 5; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, (delivery) =>
    delivery.bodies[0] === 'm0' && delivery.reconsumeTimes[0] === 0 ? new Promise(() => undefined) : ack,
  );
  await f.time.settle(f.consumer('c1', handler.deliver, { concurrency: 2, consumeTimeoutMs: 1000 }).start());
  await f.pass(30_000);
  expect(handler.runningCount).toBe(1);
  expect(f.cluster.committed(group, topic)).toBe(5);
});

test('the send-back of an expired call is repeated until it is stored', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'slow');
  const cut = () => new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' });
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, cut);
  f.cluster.intercept(RequestCode.SEND_MESSAGE_V2, cut);
  const handler = recorder(f.environment, () => new Promise(() => undefined));
  await f.time.settle(f.consumer('c1', handler.deliver, { consumeTimeoutMs: 1000, concurrency: 1 }).start());
  await f.pass(20_000);
  expect(f.cluster.committed(group, topic) ?? 0).toBe(0);
  expect(handler.bodies.length).toBe(1);
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, undefined);
  await f.pass(20_000);
  expect(f.cluster.committed(group, topic)).toBe(1);
});

test('a full cache of quick handlers leaves room for the sockets in each turn', async () => {
  const f = fixture();
  for (let index = 0; index < 900; index += 1) f.cluster.publish(topic, `m${index}`);
  const perTurn = new Map<number, number>();
  const handler = recorder(f.environment, () => {
    const turn = f.time.firedCount;
    perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { pullBatchSize: 900 }, { deliveriesPerTurnMax: 100 }).start());
  await f.pass(10);
  expect(handler.bodies.length).toBe(900);
  expect(Math.max(...perTurn.values())).toBe(100);
});

test('the signal costs nothing until it is asked for, and is right when it is asked for late', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'slow');
  const handler = recorder(f.environment, () => new Promise(() => undefined));
  await f.time.settle(f.consumer('c1', handler.deliver, { consumeTimeoutMs: 1000 }).start());
  await f.pass(3000);
  expect(handler.deliveries[0]?.context.signal.aborted).toBe(true);
  expect(handler.deliveries[0]?.context.group).toBe(group);
});
