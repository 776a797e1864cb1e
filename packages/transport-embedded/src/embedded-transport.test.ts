import type { ConsumerDefinition, IncomingMessage, OutgoingMessage, ProducerDefinition, Transport } from '@orbitmq/core';
import { consume, defineTopic, MqRuntime, parseMqUrl, producer as producerOf, providedComponents } from '@orbitmq/core';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { embeddedTransport } from './index.js';

const producerDefinition: ProducerDefinition = {
  group: 'shop',
  topics: ['orders'],
  sendTimeoutMs: 3000,
  retryTimesWhenSendFailed: 2,
  compressBodyOverBytes: 4096,
  maxMessageSizeBytes: 4_194_304,
};

const consumerDefinition: ConsumerDefinition = {
  group: 'billing',
  subscriptions: [{ topic: 'orders', filter: { kind: 'tags', tags: ['placed'] } }],
  orderly: false,
  consumeFrom: 'first',
  concurrency: 20,
  batchSizeMax: 1,
  batchWaitMs: 0,
  maxReconsumeTimes: -1,
  pullBatchSize: 32,
  pullThresholdForQueue: 1000,
  pullThresholdSizeMiBForQueue: 100,
  consumeConcurrentlyMaxSpan: 2000,
  consumeTimeoutMs: 900_000,
  suspendCurrentQueueTimeMs: 1000,
};

function message(body: string, tag: string): OutgoingMessage {
  return { topic: 'orders', body: Buffer.from(body), tag, keys: [], properties: {} };
}

function setUp(url = 'embedded:') {
  const environment = virtualEnvironment(1);
  const transport = embeddedTransport().create(parseMqUrl(url), environment);
  const received: IncomingMessage[] = [];
  const producer = transport.createProducer(producerDefinition);
  transport.createConsumer(consumerDefinition, async (messages) => {
    received.push(...messages);
    return { status: 'ack' };
  });
  return { environment, transport, producer, received };
}

test('a broker in memory: what is sent is delivered, filtered by tag, on virtual time', async () => {
  const { environment, transport, producer, received } = setUp();
  const { time } = environment;
  expect(transport.features).toMatchObject({ durability: 'memory', transactions: true, orderly: true, delayLevels: true });
  await time.settle(transport.start());
  await time.settle(producer.send(message('a', 'placed')));
  await time.settle(producer.send(message('b', 'cancelled')));
  await time.settle(producer.send(message('c', 'placed')));
  await time.runUntil(() => received.length === 2, 60_000);
  expect(new Set(received.map(({ body }) => Buffer.from(body).toString()))).toEqual(new Set(['a', 'c']));
  await time.settle(transport.stop({ deadlineMs: 1000 }));
  await expect(producer.send(message('d', 'placed'))).rejects.toMatchObject({ code: 'STOPPED' });
});

test('a full memory refuses sends, which may be repeated, and goes on delivering', { timeout: 60_000 }, async () => {
  const mebibyte = 1024 * 1024;
  const environment = virtualEnvironment(1);
  const url = parseMqUrl(`embedded:?memoryBytesMax=${64 * mebibyte}`);
  const transport = embeddedTransport().create(url, environment);
  const { time } = environment;
  const producer = transport.createProducer({ ...producerDefinition, compressBodyOverBytes: 100 * mebibyte });
  const received: IncomingMessage[] = [];
  transport.createConsumer(consumerDefinition, async (messages) => {
    received.push(...messages);
    return { status: 'ack' };
  });
  await time.settle(transport.start());
  const body = Buffer.alloc(mebibyte, 'x');
  let sent = 0;
  let error: unknown;
  while (error === undefined && sent < 100) {
    error = await time.settle(producer.send({ ...message('', 'placed'), body })).then(
      () => void sent++,
      (reason: unknown) => reason,
    );
  }
  expect(error).toMatchObject({ name: 'BrokerError', code: 'BROKER_REFUSED', retryable: true });
  expect(sent).toBeGreaterThan(40);
  expect(sent).toBeLessThan(64);
  await time.runUntil(() => received.length === sent, 60_000);
  await time.settle(transport.stop());
});

test('two brokers in memory know nothing of each other', async () => {
  const one = setUp();
  const other = setUp();
  await one.environment.time.settle(one.transport.start());
  await other.environment.time.settle(other.transport.start());
  await one.environment.time.settle(one.producer.send(message('a', 'placed')));
  await one.environment.time.runUntil(() => one.received.length === 1, 60_000);
  await other.environment.time.advance(60_000);
  expect(other.received).toEqual([]);
  await one.environment.time.settle(one.transport.stop());
  await other.environment.time.settle(other.transport.stop());
});

test('it starts once, and stops before and after as often as one likes', async () => {
  const { environment, transport } = setUp();
  const { time } = environment;
  await time.settle(transport.start());
  await expect(transport.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' });
  await time.settle(Promise.all([transport.stop(), transport.stop()]));
  await time.run();
  const idle = setUp();
  await idle.environment.time.settle(idle.transport.stop());
});

function create(url: string, broker: Readonly<Record<string, unknown>> = {}): Transport {
  return embeddedTransport({ broker }).create(parseMqUrl(url), virtualEnvironment(1));
}

test('durability follows from the place and the flush', () => {
  expect(create('embedded:').features.durability).toBe('memory');
  expect(create('embedded:./data').features.durability).toBe('disk');
  expect(create('embedded:./data?flushDiskType=ASYNC_FLUSH').features.durability).toBe('page-cache');
  expect(create('embedded:./data?flushDiskType=ASYNC_FLUSH', { flushDiskType: 'SYNC_FLUSH' }).features.durability).toBe('disk');
});

test.each([
  ['an unknown parameter', 'embedded:?nope=1', {}, /"nope" is unknown/],
  ['a bad value', 'embedded:?flushDiskType=MAYBE', {}, /flushDiskType=MAYBE/],
  ['a bad option', 'embedded:', { transactionCheckMax: -1 }, /transactionCheckMax=-1/],
  ['a port', 'embedded:?listenPort=10911', {}, /listenPort cannot be set/],
  ['a directory as an option', 'embedded:', { storePathRootDir: '/tmp' }, /storePathRootDir cannot be set/],
])('%s is refused', (_, url, broker, expected) => {
  expect(() => create(url, broker)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(expected) }),
  );
});

test('a topic with payload versions travels through the whole stack', async () => {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  const upcast = { 1: (old: { name: string }) => ({ first: old.name, last: '' }) };
  const older = producerOf(defineTopic<{ name: string }>('people'), { group: 'old' });
  const newer = producerOf(defineTopic('people', { version: 2, upcast }), { group: 'new' });
  const bodies: unknown[] = [];
  const reader = consume(
    defineTopic('people', { version: 2, upcast }),
    { group: 'readers', consumeFrom: 'first' },
    async ({ body }) => {
      bodies.push(body);
    },
  );
  const components = [older, newer, reader].flatMap((provider) => provider[providedComponents]);
  const options = { url: 'embedded:', schemes: [embeddedTransport()], environment };
  const runtime = new MqRuntime(options, () => ({ components, problems: [] }));
  await time.settle(runtime.start());
  await time.settle(older.send({ name: 'Ann' }, { shardingKey: 'k' }));
  await time.settle(newer.send({ first: 'Bob', last: 'Ray' }, { shardingKey: 'k' }));
  await time.runUntil(() => bodies.length === 2, 60_000);
  expect(bodies).toEqual(
    expect.arrayContaining([
      { first: 'Ann', last: '' },
      { first: 'Bob', last: 'Ray' },
    ]),
  );
  await time.settle(runtime.stop({ deadlineMs: 1000 }));
});
