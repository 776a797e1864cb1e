import type { Deliver, OutgoingMessage } from '@orbitmq/core';
import { Container, injectable, preDestroy } from 'inversify';
import { expect, test } from 'vitest';
import {
  Consumer,
  consume,
  createMqApp,
  defineTopic,
  MessageProducer,
  type MessageView,
  mqModule,
  Producer,
  producer,
  silentLogger,
  type Transport,
  token,
} from './index.js';

interface Order {
  readonly id: string;
}
const Orders = defineTopic<Order>('orders');
const PREFIX = token<string>('prefix');

/** Hands what is sent to every consumer, at once. */
class LoopTransport implements Transport {
  readonly name = 'loop';
  readonly features = {
    durability: 'memory',
    batch: false,
    oneway: true,
    transactions: false,
    orderly: true,
    delayLevels: false,
    timedDelivery: 'none',
    recall: false,
    tagFilter: true,
    retry: false,
    idempotencyKey: 'none',
  } as const;
  readonly calls: string[] = [];
  readonly #consumers: { readonly group: string; readonly deliver: Deliver }[] = [];

  createProducer() {
    const send = async (message: OutgoingMessage) => {
      const place = { messageId: 'id', queueId: 0, queueOffset: 0 };
      for (const { group, deliver } of this.#consumers) {
        const facts = { ...place, keys: [], properties: {}, bornTimestamp: 0, storeTimestamp: 0, reconsumeTimes: 0 };
        const incoming = { ...facts, topic: message.topic, body: message.body, tag: message.tag };
        await deliver([incoming], { group, signal: new AbortController().signal });
      }
      return place;
    };
    return { send, sendOneway: async (message: OutgoingMessage) => void (await send(message)) };
  }

  createConsumer({ group }: { readonly group: string }, deliver: Deliver) {
    this.#consumers.push({ group, deliver });
    return { assignment: [] };
  }

  async start(): Promise<void> {
    this.calls.push('start');
  }

  async stop(): Promise<void> {
    this.calls.push('stop');
  }
}

@Producer({ group: 'shop', topic: Orders })
class OrderProducer extends MessageProducer<Order> {
  placed(order: Order) {
    return this.send(order, { tag: 'placed' });
  }
}

@Consumer('billing', { topic: Orders, inject: [PREFIX] })
class Billing {
  readonly seen: string[] = [];
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async onMessage(message: MessageView<Order>): Promise<void> {
    this.seen.push(this.#prefix + message.body.id);
  }
}

const prefix = { provide: PREFIX, useValue: '#' };

test('an application of classes', async () => {
  const transport = new LoopTransport();
  const app = await createMqApp({ transport, providers: [OrderProducer, Billing, prefix], logger: silentLogger });
  await app.start();
  await app.get(OrderProducer).placed({ id: 'a' });
  const billing = app.get(Billing);
  expect(billing.seen).toEqual(['#a']);
  expect(app.get(PREFIX)).toBe('#');
  expect(app.features?.orderly).toBe(true);
  await app.stop();
  await app.stop();
  expect(transport.calls).toEqual(['start', 'stop']);
});

test('an application without classes', async () => {
  const seen: string[] = [];
  const orders = producer(Orders, { group: 'shop' });
  const log = consume(Orders, { group: 'log' }, async (message) => void seen.push(message.body.id));
  const app = await createMqApp({ transport: new LoopTransport(), providers: [orders, log], logger: silentLogger });
  await app.start();
  await orders.send({ id: 'a' });
  expect(seen).toEqual(['a']);
  await app.stop();
});

test("an application in the user's own container", async () => {
  const container = new Container();
  container.bind(PREFIX).toConstantValue('own ');
  container.load(mqModule([OrderProducer, Billing]));
  const app = await createMqApp({ transport: new LoopTransport(), container, logger: silentLogger });
  await app.start();
  await container.get(OrderProducer).placed({ id: 'a' });
  expect(container.get(Billing).seen).toEqual(['own a']);
  await app.stop();
  expect(container.isBound(Billing)).toBe(true);
});

test("objects of the application's own container are told when it ends", async () => {
  const events: string[] = [];
  @injectable()
  class Pool {
    @preDestroy()
    close(): void {
      events.push('closed');
    }
  }
  const app = await createMqApp({ transport: new LoopTransport(), providers: [Pool], logger: silentLogger });
  await app.start();
  app.get(Pool);
  await app.stop();
  expect(events).toEqual(['closed']);
});

test('an application that failed to start stops, and tells the objects it made', async () => {
  const events: string[] = [];
  @injectable()
  class Pool {
    @preDestroy()
    close(): void {
      events.push('closed');
    }
  }
  @Consumer('billing', { topic: Orders, inject: [Pool] })
  class PooledBilling {
    readonly pool: Pool;
    constructor(pool: Pool) {
      this.pool = pool;
    }
    async onMessage(): Promise<void> {}
  }
  const transport = new LoopTransport();
  transport.start = () => Promise.reject(new Error('port in use'));
  const app = await createMqApp({ transport, providers: [PooledBilling, Pool], logger: silentLogger });
  await expect(app.start()).rejects.toThrow('port in use');
  await app.stop();
  await app.stop();
  expect(events).toEqual(['closed']);
  expect(transport.calls).toEqual([]);
  await expect(app.start()).rejects.toMatchObject({ name: 'StateError', code: 'STOPPED' });
});

test('stop during start, and start during stop', async () => {
  const transport = new LoopTransport();
  const app = await createMqApp({ transport, providers: [OrderProducer], logger: silentLogger });
  const starting = app.start().catch((error: unknown) => error);
  const stopping = app.stop();
  await expect(app.start()).rejects.toMatchObject({ name: 'StateError', code: 'STOPPED' });
  await stopping;
  expect(await starting).toMatchObject({ name: 'StateError', code: 'STOPPED' });
  expect(transport.calls).toEqual([]);
});

test('options that do not exist are part of the list, with the name that was meant', async () => {
  const options = { transport: new LoopTransport(), provider: [OrderProducer], middelware: [], logger: silentLogger };
  const app = await createMqApp(options);
  await expect(app.start()).rejects.toMatchObject({
    name: 'ConfigError',
    details: {
      problems: [
        "createMqApp: there is no option 'provider': did you mean 'providers'?",
        "createMqApp: there is no option 'middelware': did you mean 'middleware'?",
      ],
    },
  });
});

test.each(['embedded', 'rocketmq'] as const)('and so are options of %s', async (name) => {
  const url = name === 'embedded' ? 'embedded:' : 'rocketmq://localhost:1';
  const app = await createMqApp({ url, logger: silentLogger, [name]: { pollNameServerIntervalMS: 1 } });
  await expect(app.start()).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'CONFIG_INVALID',
    message: expect.stringContaining("'pollNameServerIntervalMS': did you mean 'pollNameServerIntervalMs'?"),
  });
});

test('console is a logger', async () => {
  const options = { transport: new LoopTransport(), providers: [OrderProducer] };
  await expect(createMqApp({ ...options, logger: console })).resolves.toBeDefined();
  await expect(createMqApp({ ...options, logger: { info() {} } as never })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('everything that is wrong is one list', async () => {
  class Forgotten extends MessageProducer<Order> {}
  const app = await createMqApp({
    transport: new LoopTransport(),
    providers: [OrderProducer, OrderProducer, Billing, Forgotten],
    logger: silentLogger,
  });
  await expect(app.start()).rejects.toMatchObject({
    code: 'WIRING_INVALID',
    details: {
      problems: [
        "Billing needs 'prefix' (parameter 1), which is neither among the providers nor in the container",
        'Forgotten extends MessageProducer but has no @Producer',
        expect.stringContaining('OrderProducer and OrderProducer are both producers'),
      ],
    },
  });
});

test('an unknown scheme names the known ones, an unknown class itself', async () => {
  const app = await createMqApp({
    url: 'kafka://x',
    schemes: [{ scheme: 'mine', create: () => new LoopTransport() }],
    logger: silentLogger,
  });
  await expect(app.start()).rejects.toThrow("No transport for 'kafka:'; known: mine:, embedded:, rocketmq:");
  expect(() => app.get(Billing)).toThrow('The application has no Billing: add it to the providers');
  expect(() => app.get(PREFIX)).toThrow('The application has no prefix');
});

test("the caller's scheme goes before a built-in one of the same name", async () => {
  const transport = new LoopTransport();
  const app = await createMqApp({
    url: 'embedded:x',
    schemes: [{ scheme: 'embedded', create: () => transport }],
    logger: silentLogger,
  });
  await app.start();
  await app.stop();
  expect(transport.calls).toEqual(['start', 'stop']);
});
