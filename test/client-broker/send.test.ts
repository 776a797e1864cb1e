/** Our producer against our broker, byte for byte over the wire format, on virtual time. */
import type { SendReceipt } from '@orbitmq/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { bodies, Cluster, createConsumer, createProducer, order } from './cluster.js';

let cluster: Cluster;

beforeEach(() => {
  cluster = new Cluster();
});

afterEach(async () => {
  await cluster.stop();
});

test('a message of each kind arrives with body, tag, keys and properties unchanged', async () => {
  verifies('send-modes');
  await cluster.start();
  const transport = cluster.transport();
  const producer = createProducer(transport);
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  const fields = { tag: 'placed', keys: ['k1', 'k2'], properties: { note: 'quote " backslash \\ newline \n umlaut ä €' } };
  const large = 'x'.repeat(10_000);
  const sent = await cluster.settle(producer.send(order('plain', fields)));
  await cluster.settle(producer.sendOneway(order('one-way', fields)));
  const batch = await cluster.settle(producer.sendBatch([order('batch-1', fields), order('batch-2', fields)]));
  await cluster.settle(producer.send(order(large, fields)));
  await cluster.until(() => received.length === 5);
  expect(bodies(received).toSorted()).toEqual(['batch-1', 'batch-2', 'one-way', 'plain', large].toSorted());
  for (const message of received) {
    expect(message).toMatchObject({ topic: 'orders', tag: 'placed', keys: ['k1', 'k2'], reconsumeTimes: 0 });
    expect(message.properties['note']).toBe(fields.properties.note);
  }
  const plain = received.find((message) => bodies([message])[0] === 'plain');
  expect(plain).toMatchObject(placeOf(sent));
  for (const receipt of batch) expect(received).toContainEqual(expect.objectContaining(placeOf(receipt)));
  expect(new Set(received.map((message) => message.messageId)).size).toBe(5);
});

test('what was acknowledged first has the smaller offset; a key keeps its queue', async () => {
  verifies('send-order', 'send-sharding');
  await cluster.start({ brokerName: 'broker-a' }, { brokerName: 'broker-b', listenPort: 10921 });
  const transport = cluster.transport();
  const producer = createProducer(transport);
  await cluster.settle(transport.start());
  const places = new Map<string, { queue: string; offset: number }>();
  for (let round = 0; round < 30; round++) {
    const shardingKey = `customer-${round % 5}`;
    const receipt = await cluster.settle(producer.send(order(String(round), { shardingKey })));
    const place = { queue: `${receipt.brokerName}/${receipt.queueId}`, offset: receipt.queueOffset };
    const before = places.get(shardingKey) ?? { queue: place.queue, offset: -1 };
    expect(place.queue).toBe(before.queue);
    expect(place.offset).toBeGreaterThan(before.offset);
    places.set(shardingKey, place);
  }
});

test('concurrent sends to one queue are stored in the order of the calls', async () => {
  verifies('send-order');
  await cluster.start();
  const transport = cluster.transport();
  const producer = createProducer(transport, { topics: [] });
  await cluster.settle(transport.start());
  const receipts = await cluster.settle(
    Promise.all(Array.from({ length: 200 }, (_, index) => producer.send(order(String(index), { shardingKey: 'one' })))),
  );
  expect(receipts.map((receipt) => receipt.queueOffset)).toEqual(Array.from({ length: 200 }, (_, index) => index));
});

test('a flush that takes longer than the broker waits: stored, but no plain success', async () => {
  verifies('send-weaker');
  await cluster.start({ syncFlushTimeout: 500 });
  const transport = cluster.transport();
  const producer = createProducer(transport);
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  await cluster.settle(producer.send(order('first')));
  cluster.disk.flushDelayMs = 1500;
  const error = await cluster.settle(producer.send(order('weak')).catch((reason: unknown) => reason));
  expect(error).toMatchObject({ code: 'SEND_WEAKER_DURABILITY', retryable: false, details: { status: 'FLUSH_DISK_TIMEOUT' } });
  cluster.disk.flushDelayMs = 0;
  await cluster.until(() => received.length === 2);
  const { details } = error as { details: Record<string, unknown> };
  expect(received[1]).toMatchObject({ messageId: details['messageId'], queueOffset: details['queueOffset'] });
});

test('no answer within the budget is unknown, and the id tells that the message was stored after all', async () => {
  verifies('send-unknown');
  await cluster.start({ syncFlushTimeout: 10_000 });
  const transport = cluster.transport();
  const producer = createProducer(transport);
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  await cluster.settle(producer.send(order('first')));
  cluster.disk.flushDelayMs = 2000;
  const error = await cluster.settle(producer.send(order('late'), { timeoutMs: 300 }).catch((reason: unknown) => reason));
  expect(error).toMatchObject({ code: 'SEND_OUTCOME_UNKNOWN', outcome: 'unknown' });
  cluster.disk.flushDelayMs = 0;
  await cluster.until(() => received.length === 2);
  expect((error as { details: Record<string, unknown> }).details['messageId']).toBe(received[1]?.messageId);
});

test('a topic that nobody made is made by the first send, and its consumer finds it soon', async () => {
  await cluster.start();
  const transport = cluster.transport();
  const producer = createProducer(transport, { topics: [] });
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  await cluster.advance(5000);
  const begin = cluster.environment.time.monotonic();
  await cluster.settle(producer.send(order('hello')));
  await cluster.until(() => received.length === 1);
  expect(cluster.environment.time.monotonic() - begin).toBeLessThan(5000);
});

test('a broker that stops is passed; what is sent meanwhile goes to the other', async () => {
  await cluster.start();
  const second = await cluster.startBroker({ brokerName: 'broker-b', listenPort: 10921 });
  const transport = cluster.transport();
  const producer = createProducer(transport);
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  for (let index = 0; index < 8; index++) await cluster.settle(producer.send(order(`before-${index}`)));
  await cluster.until(() => received.length === 8);
  await cluster.settle(second.stop());
  const receipts = [];
  for (let index = 0; index < 16; index++) receipts.push(await cluster.settle(producer.send(order(`after-${index}`))));
  expect(new Set(receipts.map((receipt) => receipt.brokerName))).toEqual(new Set(['broker-a']));
  await cluster.until(() => received.length === 24);
});

test('refusals of the broker come with its words', async () => {
  await cluster.start({ autoCreateTopicEnable: false, maxMessageSize: 1000 });
  const transport = cluster.transport();
  const producer = createProducer(transport, { topics: [] });
  await cluster.settle(transport.start());
  await expect(cluster.settle(producer.send(order('x')))).rejects.toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  const noise = Buffer.from(cluster.environment.random.bytes(3000));
  await expect(cluster.settle(producer.send({ ...order(''), topic: 'broker-a', body: noise }))).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    responseCode: 13,
  });
});

/** What sender and consumer both know of a message. */
function placeOf({ messageId, offsetMessageId, brokerName, queueId, queueOffset }: SendReceipt): Partial<SendReceipt> {
  return { messageId, offsetMessageId, brokerName, queueId, queueOffset };
}
