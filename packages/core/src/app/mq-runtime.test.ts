import { expect, test } from 'vitest';
import type { Middleware } from '../middleware/middleware.js';
import { jsonCodec } from '../payload/codecs.js';
import { MessageProducer } from '../producer/message-producer.js';
import { FakeTransport, incoming } from '../test-support/fake-transport.js';
import { RecordingLogger } from '../test-support/recording-logger.js';
import { defineTopic } from '../topic/define-topic.js';
import type { TransportFeatures } from '../transport/features.js';
import type { Component } from '../wiring/component.js';
import { type ComponentProvider, consume, producer, providedComponents } from '../wiring/functional.js';
import { MqRuntime, type RuntimeOptions } from './mq-runtime.js';

interface Order {
  readonly id: string;
}
const Orders = defineTopic<Order>('orders');

interface SetUp {
  readonly runtime: MqRuntime;
  readonly transport: FakeTransport;
  readonly logger: RecordingLogger;
}

function setUp(
  providers: readonly ComponentProvider[],
  more: Partial<RuntimeOptions> = {},
  features: Partial<TransportFeatures> = {},
): SetUp {
  const transport = new FakeTransport(features);
  const logger = new RecordingLogger();
  const components = providers.flatMap((provider) => provider[providedComponents]);
  const runtime = new MqRuntime({ schemes: [], transport, logger, ...more }, () => ({ components, problems: [] }));
  return { runtime, transport, logger };
}

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number])(
  'a send with a time-out of %s is refused',
  async (timeoutMs) => {
    const orders = producer(Orders, { group: 'shop' });
    const { runtime, transport } = setUp([orders]);
    await runtime.start();
    const refused = { code: 'ARGUMENT_INVALID', message: expect.stringContaining('timeoutMs is') };
    await expect(orders.send({ id: 'a' }, { timeoutMs })).rejects.toMatchObject(refused);
    await expect(orders.sendOneway({ id: 'a' }, { timeoutMs })).rejects.toMatchObject(refused);
    await expect(orders.sendAll([{ id: 'a' }], { timeoutMs })).rejects.toMatchObject(refused);
    expect(transport.sent).toEqual([]);
  },
);

test('a producer sends what it was given, with its group and settings', async () => {
  const orders = producer(Orders, { group: 'shop', sendTimeoutMs: 5000 });
  const { runtime, transport } = setUp([orders]);
  await runtime.start();
  const receipt = await orders.send({ id: 'a' }, { tag: 'placed', keys: 'a', delay: '1s', timeoutMs: 100 });
  expect(receipt).toEqual({ messageId: 'id-1', queueId: 0, queueOffset: 0 });
  expect(transport.producers).toEqual([
    {
      group: 'shop',
      topics: ['orders'],
      sendTimeoutMs: 5000,
      retryTimesWhenSendFailed: 2,
      compressBodyOverBytes: 4096,
      maxMessageSizeBytes: 4_194_304,
      checkTransaction: undefined,
    },
  ]);
  expect(transport.sent).toMatchObject([
    {
      kind: 'send',
      group: 'shop',
      message: { topic: 'orders', body: Buffer.from('{"id":"a"}'), tag: 'placed', keys: ['a'], delayLevel: 1 },
      options: { timeoutMs: 100 },
    },
  ]);
});

test('one-way sends and batches', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const { runtime, transport } = setUp([orders]);
  await runtime.start();
  await orders.sendOneway({ id: 'a' });
  const receipts = await orders.sendAll([{ id: 'b' }, { id: 'c' }], { shardingKey: 's', describe: ({ id }) => ({ keys: id }) });
  expect(receipts.map((receipt) => receipt.messageId)).toEqual(['id-2', 'id-3']);
  expect(transport.sent.map(({ kind, message }) => [kind, message.keys, message.shardingKey])).toEqual([
    ['oneway', [], undefined],
    ['batch', ['b'], 's'],
    ['batch', ['c'], 's'],
  ]);
  expect(await orders.sendAll([])).toEqual([]);
});

test('producers of one group are one producer of the transport', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const refunds = producer(defineTopic('refunds'), { group: 'shop' });
  const { runtime, transport } = setUp([orders, refunds]);
  await runtime.start();
  expect(transport.producers.map(({ group, topics }) => [group, topics])).toEqual([['shop', ['orders', 'refunds']]]);
  await refunds.send('x');
  expect(transport.sent[0]?.message.topic).toBe('refunds');
});

test('a consumer gets decoded messages with the defaults of RocketMQ', async () => {
  const seen: string[] = [];
  const billing = consume(Orders, { group: 'billing', tags: 'placed || paid', orderly: true }, async (message) => {
    seen.push(message.body.id);
  });
  const { runtime, transport } = setUp([billing]);
  await runtime.start();
  expect(transport.consumers.get('billing')?.definition).toMatchObject({
    group: 'billing',
    subscriptions: [{ topic: 'orders', filter: { kind: 'tags', tags: ['paid', 'placed'] } }],
    orderly: true,
    consumeFrom: 'last',
    concurrency: 20,
    batchSizeMax: 1,
    batchWaitMs: 0,
    maxReconsumeTimes: -1,
  });
  expect(await transport.deliver('billing', [incoming('orders', { id: 'a' }, { tag: 'paid' })])).toEqual({ status: 'ack' });
  expect(seen).toEqual(['a']);
});

test('a batch consumer gets arrays', async () => {
  const sizes: number[] = [];
  const billing = consume(
    Orders,
    { group: 'billing', batch: { size: 16, waitMs: 5 } },
    async (messages) => void sizes.push(messages.length),
  );
  const { runtime, transport } = setUp([billing]);
  await runtime.start();
  expect(transport.consumers.get('billing')?.definition).toMatchObject({ batchSizeMax: 16, batchWaitMs: 5 });
  await transport.deliver('billing', [incoming('orders', {}), incoming('orders', {})]);
  expect(sizes).toEqual([2]);
});

test.each([
  ['commit', 'commit', undefined],
  ['rollback', 'rollback', undefined],
  ['perhaps', 'unknown', /perhaps instead of 'commit'/],
] as const)('a local transaction that says %s', async (said, resolution, remark) => {
  const asked: unknown[] = [];
  const orders = producer(Orders, {
    group: 'shop',
    transaction: {
      execute: async (message, arg) => {
        asked.push([message.body, message.messageId, message.topic, arg]);
        return said as 'commit';
      },
      check: async () => 'rollback',
    },
  });
  const { runtime, transport } = setUp([orders]);
  await runtime.start();
  expect(await orders.sendInTransaction({ id: 'a' }, 42)).toMatchObject({ messageId: 'id-1', resolution });
  expect(asked).toEqual([[{ id: 'a' }, 'id-1', 'orders', 42]]);
  expect(transport.resolutions).toEqual([
    { resolution, remark: remark === undefined ? undefined : expect.stringMatching(remark) },
  ]);
});

test('a local transaction that throws stays undecided, and its caller learns why', async () => {
  const error = new Error('database gone');
  const orders = producer(Orders, {
    group: 'shop',
    transaction: { execute: () => Promise.reject(error), check: async () => 'commit' },
  });
  const { runtime, transport, logger } = setUp([orders]);
  await runtime.start();
  expect(await orders.sendInTransaction({ id: 'a' })).toMatchObject({ resolution: 'unknown', error });
  expect(transport.resolutions).toEqual([{ resolution: 'unknown', remark: 'Error: database gone' }]);
  expect(logger.records.some((record) => record.level === 'warn' && record.fields['error'] === error)).toBe(true);
});

test("the broker's question goes to the listener of the message's topic", async () => {
  const orders = producer(Orders, {
    group: 'shop',
    transaction: { execute: async () => 'unknown', check: async (message) => (message.body.id === 'a' ? 'commit' : 'rollback') },
  });
  const refunds = producer(defineTopic<Order>('refunds'), { group: 'shop' });
  const { runtime, transport, logger } = setUp([orders, refunds]);
  await runtime.start();
  const check = transport.producers[0]?.checkTransaction;
  expect(await check?.(incoming('orders', { id: 'a' }))).toBe('commit');
  expect(await check?.(incoming('orders', { id: 'b' }))).toBe('rollback');
  expect(await check?.(incoming('orders', Buffer.from('{')))).toBe('unknown');
  expect(await check?.(incoming('refunds', { id: 'a' }))).toBe('unknown');
  expect(logger.records.filter((record) => record.level === 'warn')).toHaveLength(2);
});

test('a transaction without a listener is refused before anything is sent', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const { runtime, transport } = setUp([orders]);
  await runtime.start();
  await expect(orders.sendInTransaction({ id: 'a' })).rejects.toMatchObject({
    name: 'TransactionError',
    code: 'TRANSACTION_INVALID',
  });
  expect(transport.sent).toEqual([]);
});

test('send middleware sees the message, can change it, and can refuse it', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const tagging: Middleware = {
    name: 'tagging',
    send: (next) => (sending) => {
      if (sending.kind === 'oneway') throw new Error('not here');
      const messages = sending.messages.map(({ body, options }) => ({
        body,
        options: { ...options, tag: `${sending.group}-tag` },
      }));
      return next({ ...sending, messages });
    },
  };
  const { runtime, transport } = setUp([orders], { middleware: [tagging] });
  await runtime.start();
  await orders.send({ id: 'a' });
  expect(transport.sent[0]?.message.tag).toBe('shop-tag');
  await expect(orders.sendOneway({ id: 'a' })).rejects.toThrow('not here');
});

test('a refused send rejects and does not throw, with middleware and without; a slow codec step is waited for', async () => {
  const slow = defineTopic<unknown>('slow', {
    codec: [jsonCodec, { name: 'slow', encode: async (body) => Buffer.concat([body, body]), decode: (body) => body }],
  });
  for (const middleware of [[], [{ name: 'plain', send: (next) => next } satisfies Middleware]]) {
    const orders = producer<unknown>(defineTopic('orders'), { group: 'shop' });
    const slowly = producer(slow, { group: 'shop' });
    const { runtime, transport } = setUp([orders, slowly], { middleware });
    await runtime.start();
    await expect(orders.send(undefined)).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' });
    await expect(orders.send({}, { tag: '' })).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    await expect(orders.send({}, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await expect(slowly.send(7)).resolves.toMatchObject({ messageId: 'id-1' });
    await expect(slowly.send(undefined)).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' });
    expect(transport.sent.map(({ message }) => Buffer.from(message.body).toString())).toEqual(['77']);
    await runtime.stop();
  }
});

test('a producer works between start and stop', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const { runtime } = setUp([orders]);
  await expect(orders.send({ id: 'a' })).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await expect(orders.sendOneway({ id: 'a' })).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await expect(orders.sendAll([])).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await expect(orders.sendInTransaction({ id: 'a' })).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await runtime.start();
  await orders.send({ id: 'a' });
  await runtime.stop();
  await expect(orders.send({ id: 'a' })).rejects.toMatchObject({ code: 'STOPPED' });
});

test('a start that finds problems starts nothing and lists all of them', async () => {
  const made: string[] = [];
  const broken: Component = {
    kind: 'consumer',
    name: 'Broken',
    routes: [],
    options: { group: 'a b' },
    resolve: () => made.push('x') as never,
  };
  const transport = new FakeTransport({ orderly: false });
  const wiring = {
    components: [broken, ...consume(Orders, { group: 'o', orderly: true }, async () => {})[providedComponents]],
    problems: ['Ledger is missing'],
  };
  const runtime = new MqRuntime({ schemes: [], transport }, () => wiring);
  const error = await runtime.start().catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    name: 'ConfigError',
    code: 'WIRING_INVALID',
    details: { problems: expect.arrayContaining(['Ledger is missing']) },
  });
  expect((error as Error).message).toBe(
    [
      'Nothing was started: 4 things are wrong with the wiring:',
      '  - Ledger is missing',
      "  - Broken: group 'a b' has a character other than letters, digits, % | _ -",
      '  - Broken: takes no messages: give @Consumer a topic and the class an onMessage, or methods an @OnMessage',
      "  - consume('orders', 'o') needs orderly consumption, which the transport 'fake' does not have",
    ].join('\n'),
  );
  expect(transport.calls).toEqual([]);
  expect(made).toEqual([]);
});

test('objects that cannot be made, or lack a method, are one list too', async () => {
  const components: Component[] = [
    {
      kind: 'consumer',
      name: 'Handless',
      routes: [{ topic: Orders, method: 'onMessage' }],
      options: { group: 'a' },
      resolve: () => ({}),
    },
    {
      kind: 'producer',
      name: 'Failing',
      identity: {},
      topic: Orders,
      options: { group: 'b' },
      resolve: () => Promise.reject(new Error('no disk')),
    },
    { kind: 'producer', name: 'Odd', identity: {}, topic: Orders, options: { group: 'c' }, resolve: () => ({}) },
  ];
  const transport = new FakeTransport();
  const runtime = new MqRuntime({ schemes: [], transport }, () => ({ components, problems: [] }));
  await expect(runtime.start()).rejects.toMatchObject({
    details: {
      problems: [
        'Handless has no method onMessage()',
        'Failing could not be created: no disk',
        'Odd has no method send()',
        'Odd has no method sendInTransaction()',
      ],
    },
    cause: new Error('no disk'),
  });
  expect(transport.calls).toEqual([]);
});

test('a transport that does not start fails the start with its own error, and producers stay shut', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const { runtime, transport } = setUp([orders]);
  transport.startError = new Error('port in use');
  await expect(runtime.start()).rejects.toThrow('port in use');
  await expect(orders.send({ id: 'a' })).rejects.toMatchObject({ code: 'STOPPED' });
  await runtime.stop();
  expect(transport.calls).toEqual(['start']);
  await expect(runtime.start()).rejects.toMatchObject({ code: 'STOPPED' });
});

test('an application starts once and stops once', async () => {
  const { runtime, transport } = setUp([]);
  expect(runtime.features).toBeUndefined();
  await runtime.start();
  expect(runtime.features?.durability).toBe('memory');
  await expect(runtime.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' });
  await Promise.all([runtime.stop({ deadlineMs: 500 }), runtime.stop()]);
  await runtime.stop();
  expect(transport.calls).toEqual(['start', 'stop 500']);
  await expect(runtime.start()).rejects.toMatchObject({ code: 'STOPPED' });
});

test('stop before start does nothing; stop during start waits for it', async () => {
  const idle = setUp([]);
  await idle.runtime.stop();
  expect(idle.transport.calls).toEqual([]);
  const busy = setUp([]);
  const starting = busy.runtime.start().catch((error: unknown) => error);
  await busy.runtime.stop();
  expect(await starting).toMatchObject({ name: 'StateError', code: 'STOPPED' });
  expect(busy.transport.calls).toEqual([]);
});

test('stop while the transport starts: the start ends, says STOPPED, and what it opened is closed', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const { runtime, transport } = setUp([orders]);
  let goOn = (): void => undefined;
  transport.starting = new Promise((resolve) => {
    goOn = resolve;
  });
  const starting = runtime.start().catch((error: unknown) => error);
  while (transport.calls.length === 0) await Promise.resolve();
  const stopping = runtime.stop({ deadlineMs: 7 });
  await expect(runtime.start()).rejects.toMatchObject({ code: 'STOPPED', message: expect.stringContaining('is stopping') });
  goOn();
  await stopping;
  expect(await starting).toMatchObject({ name: 'StateError', code: 'STOPPED' });
  expect(transport.calls).toEqual(['start', 'stop 7']);
  await expect(orders.send({ id: 'a' })).rejects.toMatchObject({ code: 'STOPPED' });
});

test('start after stop, also in the same turn, starts nothing', async () => {
  const { runtime, transport } = setUp([]);
  const stopping = runtime.stop();
  await expect(runtime.start()).rejects.toMatchObject({ name: 'StateError', code: 'STOPPED' });
  await stopping;
  await expect(runtime.start()).rejects.toMatchObject({ code: 'STOPPED', message: expect.stringContaining('was stopped') });
  expect(transport.calls).toEqual([]);
});

test('a transport that does not stop properly leaves no producer open', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const { runtime, transport } = setUp([orders]);
  await runtime.start();
  transport.stopError = new Error('disk gone');
  await expect(runtime.stop()).rejects.toThrow('disk gone');
  await expect(orders.send({ id: 'a' })).rejects.toMatchObject({ code: 'STOPPED' });
});

test.each(['', '  '])('an empty url option (%j) is an error that says what to do, not a broker in memory', async (url) => {
  const runtime = new MqRuntime({ schemes: [], url }, () => ({ components: [], problems: [] }));
  await expect(runtime.start()).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'URL_INVALID',
    message: expect.stringContaining("'embedded:./data'"),
  });
});

test('a logger without child will do; one without levels is refused by name', async () => {
  const lines: unknown[] = [];
  const keep = (message: string, fields?: object): void => void lines.push([message, fields]);
  const plain = { debug() {}, info: keep, warn: keep, error: keep };
  const billing = consume(Orders, { group: 'billing' }, () => Promise.reject(new Error('no')));
  const { runtime, transport } = setUp([billing], { logger: plain });
  await runtime.start();
  await transport.deliver('billing', [incoming('orders', { id: 'a' })]);
  expect(lines).toContainEqual([expect.any(String), expect.objectContaining({ group: 'billing' })]);
  expect(() => setUp([], { logger: {} as never })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('the URL picks the scheme: option before environment', async () => {
  const addresses: string[] = [];
  const scheme = { scheme: 'fake', create: (url: { address: string }) => (addresses.push(url.address), new FakeTransport()) };
  process.env['MQ_URL'] = 'fake:from-environment';
  try {
    await new MqRuntime({ schemes: [scheme] }, () => ({ components: [], problems: [] })).start();
    await new MqRuntime({ schemes: [scheme], url: 'fake:from-option' }, () => ({ components: [], problems: [] })).start();
    process.env['MQ_URL'] = ' ';
    const unnamed = new MqRuntime({ schemes: [scheme] }, () => ({ components: [], problems: [] }));
    await expect(unnamed.start()).rejects.toMatchObject({ code: 'URL_SCHEME_UNKNOWN', details: { scheme: 'embedded' } });
  } finally {
    delete process.env['MQ_URL'];
  }
  expect(addresses).toEqual(['from-environment', 'from-option']);
});

test('a class of the user keeps its own methods', async () => {
  class OrderProducer extends MessageProducer<Order> {
    placed(order: Order) {
      return this.send(order, { tag: 'placed', shardingKey: order.id });
    }
  }
  const shop = new OrderProducer();
  const component: Component = {
    kind: 'producer',
    name: 'OrderProducer',
    identity: OrderProducer,
    topic: Orders,
    options: { group: 'shop' },
    resolve: () => shop,
  };
  const transport = new FakeTransport();
  const runtime = new MqRuntime({ schemes: [], transport }, () => ({ components: [component], problems: [] }));
  await runtime.start();
  await shop.placed({ id: 'a' });
  expect(transport.sent[0]?.message).toMatchObject({ tag: 'placed', shardingKey: 'a' });
});
