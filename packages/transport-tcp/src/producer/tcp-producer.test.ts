import {
  type BatchProducer,
  isBatchProducer,
  isTransactionalProducer,
  type ProducerDefinition,
  type TransactionalProducer,
  type Transport,
} from '@orbitmq/core';
import { decodeBatch, decodeProperties, decompressBody, ResponseCode } from '@orbitmq/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeBroker, ReceivedSend } from '../test-support/fake-broker.js';
import { FakeCluster, outgoing, producerDefinition, routeOf } from '../test-support/fake-cluster.js';
import type { TcpTransportOptions } from '../transport.js';

let cluster: FakeCluster;
let transport: Transport;

beforeEach(async () => {
  cluster = new FakeCluster();
  await cluster.start();
});

afterEach(async () => {
  await cluster.settle(transport.stop());
});

async function started(
  definition: Partial<ProducerDefinition> = {},
  options: Partial<TcpTransportOptions> = {},
): Promise<BatchProducer & TransactionalProducer> {
  transport = cluster.transport(options);
  const producer = transport.createProducer(producerDefinition(definition));
  if (!isBatchProducer(producer) || !isTransactionalProducer(producer)) throw new Error('a capability is missing');
  await cluster.settle(transport.start());
  return producer;
}

function allSends(): ReceivedSend[] {
  return [...cluster.brokerA.sends, ...cluster.brokerB.sends];
}

function onlyBroker(broker: FakeBroker, queueNums = 2): void {
  cluster.nameServer.routes.set('orders', routeOf([broker], queueNums));
}

function react(...reactions: FakeBroker['reactions']): void {
  cluster.brokerA.reactions.push(...reactions);
  cluster.brokerB.reactions.push(...reactions);
}

describe('send', () => {
  test('reaches a queue and brings the receipt', async () => {
    const producer = await started();
    const message = outgoing({ tag: 'placed', keys: ['a', 'b'], properties: { color: 'red "dark"\n' }, delayLevel: 3 });
    const receipt = await cluster.settle(producer.send(message));
    const [send] = allSends();
    expect(send?.header).toMatchObject({
      producerGroup: 'shop',
      topic: 'orders',
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: 4,
      sysFlag: 0,
      batch: false,
      bornTimestamp: cluster.time.now() - (cluster.time.now() % 1),
    });
    expect(send?.properties).toEqual({
      UNIQ_KEY: receipt.messageId,
      TAGS: 'placed',
      KEYS: 'a b',
      DELAY: '3',
      color: 'red "dark"\n',
    });
    expect(String(send?.body)).toBe('hello');
    expect(receipt).toMatchObject({ brokerName: send?.header.brokerName, queueId: send?.header.queueId, queueOffset: 0 });
    expect(receipt.messageId).toMatch(/^C00002021267[0-9A-F]{20}$/);
    expect(receipt.offsetMessageId).toMatch(/^7F000001/);
  });

  test('takes all queues in turn', async () => {
    const producer = await started();
    for (let index = 0; index < 8; index++) await cluster.settle(producer.send(outgoing()));
    const places = allSends().map(({ header }) => `${header.brokerName}/${header.queueId}`);
    const each = ['broker-a/0', 'broker-a/1', 'broker-b/0', 'broker-b/1'];
    expect(places.toSorted()).toEqual(each.flatMap((place) => [place, place]));
  });

  test('concurrent sends to one queue arrive in the order of the calls, also while the route is looked up', async () => {
    const producer = await started({ topics: [] });
    const sends = Array.from({ length: 50 }, (_, index) =>
      producer.send(outgoing({ body: Buffer.from(String(index)), shardingKey: 'one' })),
    );
    await cluster.settle(Promise.all(sends));
    expect(allSends().map((send) => Number(send.body))).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test('compresses a large body', async () => {
    const producer = await started();
    const body = Buffer.alloc(10_000, 'abc');
    await cluster.settle(producer.send(outgoing({ body })));
    const [send] = allSends();
    expect(send?.header.sysFlag).toBe(0x301);
    expect(decompressBody(send?.body ?? Buffer.alloc(0), 0x301, 20_000).equals(body)).toBe(true);
  });

  test('creates a topic from the template, then finds its own route', async () => {
    const producer = await started({ topics: [] });
    await cluster.settle(producer.send(outgoing({ topic: 'fresh' })));
    expect(cluster.brokerA.sends[0]?.header).toMatchObject({ topic: 'fresh', defaultTopic: 'TBW102', defaultTopicQueueNums: 4 });
    cluster.nameServer.routes.set('fresh', routeOf([cluster.brokerB], 1));
    await cluster.time.advance(31_000);
    await cluster.settle(producer.send(outgoing({ topic: 'fresh' })));
    expect(cluster.brokerB.sends[0]?.header).toMatchObject({ topic: 'fresh', queueId: 0 });
  });

  test('refuses what no broker would take, before the network', async () => {
    const producer = await started({ maxMessageSizeBytes: 10 });
    await expect(producer.send(outgoing({ body: Buffer.alloc(11) }))).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    await expect(producer.send(outgoing({ body: Buffer.alloc(0) }))).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    await expect(producer.send(outgoing({ topic: 'no blanks' }))).rejects.toMatchObject({ code: 'TOPIC_INVALID' });
    await expect(producer.send(outgoing({ properties: { DELAY: '1' } }))).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(allSends()).toEqual([]);
  });

  test('before start and after stop it says so', async () => {
    transport = cluster.transport();
    const producer = transport.createProducer(producerDefinition());
    await expect(producer.send(outgoing())).rejects.toMatchObject({ code: 'NOT_STARTED' });
    await cluster.settle(transport.start());
    expect(() => transport.createProducer(producerDefinition())).toThrow(expect.objectContaining({ code: 'ALREADY_STARTED' }));
    await cluster.settle(transport.stop());
    await expect(producer.send(outgoing())).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(producer.sendOneway(outgoing())).rejects.toMatchObject({ code: 'STOPPED' });
  });
});

describe('retry', () => {
  test.each([
    ResponseCode.SYSTEM_ERROR,
    ResponseCode.SYSTEM_BUSY,
    ResponseCode.SERVICE_NOT_AVAILABLE,
    ResponseCode.NO_PERMISSION,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.GO_AWAY,
    204,
    205,
  ])('code %i is tried on the other broker with the same unique key', async (code) => {
    const producer = await started();
    for (let round = 0; round < 2; round++) {
      cluster.brokerA.reactions.push({ code, remark: 'no' });
      const [before, other] = [cluster.brokerA.sends.length, cluster.brokerB.sends.length];
      while (cluster.brokerA.sends.length === before) await cluster.settle(producer.send(outgoing()));
      expect(cluster.brokerB.sends.length).toBeGreaterThan(other);
      expect(cluster.brokerB.sends.at(-1)?.properties.UNIQ_KEY).toBe(cluster.brokerA.sends.at(-1)?.properties.UNIQ_KEY);
    }
  });

  test('any other code is final, with the words of the broker', async () => {
    const producer = await started();
    react({ code: ResponseCode.MESSAGE_ILLEGAL, remark: 'the message is illegal' });
    await expect(cluster.settle(producer.send(outgoing()))).rejects.toMatchObject({
      code: 'BROKER_REFUSED',
      responseCode: 13,
      remark: 'the message is illegal',
      brokerAddr: expect.stringMatching(/^127.0.0.1:109/),
      message: expect.stringMatching(/the message is illegal.*maxMessageSize/s),
      retryable: false,
    });
    expect(allSends()).toHaveLength(1);
  });

  test('after 1 + 2 attempts the last refusal is told', async () => {
    const producer = await started();
    const busy = { code: ResponseCode.SYSTEM_BUSY, remark: 'busy' };
    react(busy, busy, busy);
    await expect(cluster.settle(producer.send(outgoing()))).rejects.toMatchObject({ responseCode: 2, retryable: true });
    expect(allSends()).toHaveLength(3);
  });

  test('a broker that cannot be reached is passed', async () => {
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA, { name: 'gone', address: '127.0.0.1:10999' }], 1));
    const producer = await started();
    for (let index = 0; index < 4; index++) await cluster.settle(producer.send(outgoing()));
    expect(cluster.brokerA.sends).toHaveLength(4);
  });

  test('a lost connection is tried elsewhere; success ends the doubt', async () => {
    const producer = await started();
    cluster.brokerA.reactions.push('hang-up');
    for (let index = 0; index < 4; index++) await cluster.settle(producer.send(outgoing()));
    expect(new Set(allSends().map((send) => send.properties.UNIQ_KEY)).size).toBe(4);
    expect(allSends()).toHaveLength(5);
  });

  test('a message that names its queue is tried once', async () => {
    const producer = await started();
    react({ code: ResponseCode.SYSTEM_BUSY }, { code: ResponseCode.SYSTEM_BUSY });
    await expect(cluster.settle(producer.send(outgoing({ shardingKey: 'x' })))).rejects.toMatchObject({ responseCode: 2 });
    await expect(cluster.settle(producer.send(outgoing({ selectQueue: () => 0 })))).rejects.toMatchObject({ responseCode: 2 });
    expect(allSends()).toHaveLength(2);
  });
});

describe('a message with an idempotency key', () => {
  test('is tried again, always at the queue of its key: no other broker knows what became of it', async () => {
    const producer = await started();
    react('hang-up', { code: ResponseCode.SYSTEM_BUSY });
    const receipt = await cluster.settle(producer.send(outgoing({ idempotencyKey: 'k' })));
    const sends = allSends();
    expect(sends).toHaveLength(3);
    expect(
      new Set(sends.map((send) => `${send.header.brokerName}/${send.header.queueId}/${send.properties.UNIQ_KEY}`)).size,
    ).toBe(1);
    expect(sends[0]?.properties).toMatchObject({ ORBITMQ_IDEMPOTENCY_KEY: 'k', UNIQ_KEY: receipt.messageId });
  });

  test('and an order is tried once, as any with an order', async () => {
    const producer = await started();
    react({ code: ResponseCode.SYSTEM_BUSY });
    const send = producer.send(outgoing({ idempotencyKey: 'k', shardingKey: 'x' }));
    await expect(cluster.settle(send)).rejects.toMatchObject({ responseCode: 2 });
    expect(allSends()).toHaveLength(1);
  });
});

describe('a broker that hangs', () => {
  /** broker-a answers nothing, until it is said to. */
  function hang(): void {
    cluster.brokerA.reactions.push(...Array.from({ length: 1000 }, () => 'silence' as const));
  }

  async function sendUntilFailed(producer: BatchProducer): Promise<void> {
    const send = () => cluster.settle(producer.send(outgoing(), { timeoutMs: 500 })).then(...outcomeOf);
    while ((await send()) === 'stored');
  }

  const outcomeOf = [() => 'stored', (error: { code: string }) => error.code] as const;

  test('fails one send: the next ones go to the other broker', async () => {
    const producer = await started();
    hang();
    await sendUntilFailed(producer);
    const [atA, atB] = [cluster.brokerA.sends.length, cluster.brokerB.sends.length];
    for (let index = 0; index < 20; index++) await cluster.settle(producer.send(outgoing()));
    expect(cluster.brokerA.sends).toHaveLength(atA);
    expect(cluster.brokerB.sends).toHaveLength(atB + 20);
  });

  test('is tried by one send each time the penalty is over, and is back with its first answer', async () => {
    const producer = await started({}, { producerTuning: { brokerPenaltyMs: 2000 } });
    hang();
    await sendUntilFailed(producer);
    const atA = cluster.brokerA.sends.length;
    await cluster.time.advance(2000);
    const burst = () =>
      cluster.settle(
        Promise.all(Array.from({ length: 20 }, () => producer.send(outgoing(), { timeoutMs: 500 }).then(...outcomeOf))),
      );
    const outcomes = await burst();
    expect(outcomes.filter((outcome) => outcome !== 'stored')).toEqual(['SEND_OUTCOME_UNKNOWN']);
    expect(cluster.brokerA.sends).toHaveLength(atA + 1);
    cluster.brokerA.reactions.splice(0);
    await cluster.time.advance(2000);
    await cluster.settle(producer.send(outgoing()));
    await cluster.settle(producer.send(outgoing()));
    await cluster.settle(producer.send(outgoing()));
    const before = cluster.brokerA.sends.length;
    expect(new Set(await burst())).toEqual(new Set(['stored']));
    expect(cluster.brokerA.sends.length - before).toBe(10);
  });

  test('is used all the same when the topic has no other', async () => {
    onlyBroker(cluster.brokerA);
    const producer = await started();
    cluster.brokerA.reactions.push('silence');
    await sendUntilFailed(producer);
    for (let index = 0; index < 4; index++) await cluster.settle(producer.send(outgoing()));
    expect(cluster.brokerA.sends).toHaveLength(5);
  });

  test('and one that cannot be reached costs one-way sends one failure', async () => {
    cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA, { name: 'gone', address: '127.0.0.1:10999' }], 1));
    const producer = await started();
    const outcomes: string[] = [];
    for (let index = 0; index < 10; index++) {
      outcomes.push(
        await cluster.settle(producer.sendOneway(outgoing())).then(
          () => 'sent',
          (error: { code: string }) => error.code,
        ),
      );
    }
    expect(outcomes.filter((outcome) => outcome !== 'sent')).toEqual(['CONNECT_FAILED']);
  });
});

describe('outcomes', () => {
  test.each([
    [10, 'FLUSH_DISK_TIMEOUT'],
    [11, 'SLAVE_NOT_AVAILABLE'],
    [12, 'FLUSH_SLAVE_TIMEOUT'],
  ])('code %i is stored but weaker: no success, no retry, both ids told', async (code, status) => {
    const producer = await started();
    react({ code });
    const failure = cluster.settle(producer.send(outgoing()));
    await expect(failure).rejects.toMatchObject({
      code: 'SEND_WEAKER_DURABILITY',
      retryable: false,
      details: {
        status,
        messageId: expect.stringMatching(/^C000/),
        offsetMessageId: expect.stringMatching(/^7F00/),
        queueOffset: 0,
      },
    });
    expect(allSends()).toHaveLength(1);
  });

  test('no answer within the budget: unknown, with the message id', async () => {
    const producer = await started();
    react('silence');
    const begin = cluster.time.monotonic();
    const error = await cluster.settle(producer.send(outgoing(), { timeoutMs: 500 }).catch((reason: unknown) => reason));
    expect(error).toMatchObject({
      code: 'SEND_OUTCOME_UNKNOWN',
      outcome: 'unknown',
      details: { messageId: allSends()[0]?.properties.UNIQ_KEY, attempts: 1 },
    });
    expect(cluster.time.monotonic() - begin).toBeLessThan(600);
    expect(allSends()).toHaveLength(1);
  });

  test('unknown stays unknown when later attempts are refused', async () => {
    const producer = await started();
    const refused = { code: ResponseCode.MESSAGE_ILLEGAL };
    cluster.brokerA.reactions.push('hang-up', refused);
    cluster.brokerB.reactions.push('hang-up', refused);
    await expect(cluster.settle(producer.send(outgoing()))).rejects.toMatchObject({ code: 'SEND_OUTCOME_UNKNOWN' });
  });

  test('what never left the process is said not to be sent', async () => {
    cluster.nameServer.routes.set('orders', routeOf([{ name: 'gone', address: '127.0.0.1:10999' }]));
    const producer = await started();
    await expect(cluster.settle(producer.send(outgoing()))).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      outcome: 'not-sent',
      details: { attempts: 3 },
    });
  });

  test('a route that does not come in time: not sent', async () => {
    const producer = await started({ topics: [] });
    cluster.nameServer.mood = 'silent';
    const error = producer.send(outgoing({ topic: 'slow' }), { timeoutMs: 200 });
    await expect(cluster.settle(error)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', outcome: 'not-sent' });
    await expect(cluster.settle(producer.sendOneway(outgoing({ topic: 'slow' }), { timeoutMs: 200 }))).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
    });
  });

  test("an abort rejects with the signal's reason, before, during and after", async () => {
    const producer = await started();
    react('silence');
    await expect(producer.send(outgoing(), { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    const abort = new AbortController();
    const sent = producer.send(outgoing(), { signal: abort.signal });
    const outcome = sent.catch((reason: unknown) => reason);
    await cluster.time.advance(10);
    abort.abort('enough');
    expect(await cluster.settle(outcome)).toBe('enough');
    await cluster.time.advance(5000);
  });

  test('an answer that cannot be read is an error, not a hang', async () => {
    const producer = await started();
    react({ code: ResponseCode.SUCCESS, extFields: { queueId: '0' } });
    await expect(cluster.settle(producer.send(outgoing()))).rejects.toMatchObject({ code: 'HEADER_INVALID' });
  });
});

describe('bounds', () => {
  test('sends beyond inFlightSendsMax are refused at once, and there is room again afterwards', async () => {
    const producer = await started({}, { producerTuning: { inFlightSendsMax: 3 } });
    const sends = Array.from({ length: 3 }, () => producer.send(outgoing()));
    await expect(producer.send(outgoing())).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', outcome: 'not-sent' });
    await cluster.settle(Promise.all(sends));
    await cluster.settle(producer.send(outgoing()));
  });

  test('so are bytes beyond inFlightSendBytesMax', async () => {
    const producer = await started({ compressBodyOverBytes: 1e9 }, { producerTuning: { inFlightSendBytesMax: 10_000 } });
    const first = producer.send(outgoing({ body: Buffer.alloc(6000) }));
    await expect(producer.send(outgoing({ body: Buffer.alloc(6000) }))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    await cluster.settle(first);
    await cluster.settle(producer.send(outgoing({ body: Buffer.alloc(6000) })));
  });
});

describe('lanes', () => {
  test('at most inFlightPerBrokerMax wait at a broker; the others follow in order', async () => {
    onlyBroker(cluster.brokerA, 1);
    const producer = await started({}, { producerTuning: { inFlightPerBrokerMax: 10 } });
    cluster.brokerA.reactions.push(...Array.from({ length: 10 }, () => 'silence' as const));
    const outcomes = Array.from({ length: 2000 }, (_, index) =>
      producer.send(outgoing({ body: Buffer.from(String(index)) })).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      ),
    );
    await cluster.time.advance(2500);
    expect(cluster.brokerA.sends).toHaveLength(10);
    cluster.brokerA.hangUp();
    const results = await cluster.settle(Promise.all(outcomes));
    expect(new Set(results)).toEqual(new Set(['stored']));
    const fresh = cluster.brokerA.sends.slice(10).map((send) => Number(send.body));
    const firstTimes = fresh.filter((index) => index >= 10);
    expect(firstTimes).toEqual(Array.from({ length: 1990 }, (_, index) => index + 10));
  });

  test('a wait that outlasts the budget ends as not sent; so do all of them, without recursion', async () => {
    onlyBroker(cluster.brokerA, 1);
    const producer = await started({ retryTimesWhenSendFailed: 0 }, { producerTuning: { inFlightPerBrokerMax: 1 } });
    cluster.brokerA.reactions.push('silence');
    const codes = Array.from({ length: 4000 }, (_, index) =>
      producer.send(outgoing(), { timeoutMs: index === 0 ? 10_000 : 500 }).then(
        () => 'stored',
        (error: { code: string; outcome: string }) => `${error.code} ${error.outcome}`,
      ),
    );
    expect(new Set(await cluster.settle(Promise.all(codes.slice(1))))).toEqual(new Set(['REQUEST_TIMEOUT not-sent']));
    expect(cluster.time.monotonic()).toBeLessThan(1000);
    expect(cluster.brokerA.sends).toHaveLength(1);
    await cluster.settle(transport.stop({ deadlineMs: 0 }));
    expect(await codes[0]).toBe('SEND_OUTCOME_UNKNOWN unknown');
  });

  test('thousands that fail in their own turn do so without recursion', async () => {
    cluster.nameServer.routes.set('orders', routeOf([{ name: 'gone', address: '127.0.0.1:10999' }], 1));
    const producer = await started({}, { producerTuning: { inFlightPerBrokerMax: 1 } });
    const codes = Array.from({ length: 4000 }, () =>
      producer.send(outgoing()).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      ),
    );
    await cluster.time.advance(1);
    await cluster.settle(transport.stop({ deadlineMs: 0 }));
    expect(await Promise.all(codes)).not.toContain('stored');
  });

  test('a broker that hangs and has its fill is passed by everything that may go elsewhere', async () => {
    const producer = await started({}, { producerTuning: { inFlightPerBrokerMax: 5 } });
    cluster.brokerA.reactions.push(...Array.from({ length: 5 }, () => 'silence' as const));
    const hanging = Array.from({ length: 10 }, () => producer.send(outgoing()).catch(() => undefined));
    await cluster.time.advance(100);
    expect(cluster.brokerA.sends).toHaveLength(5);
    for (let index = 0; index < 20; index++) await cluster.settle(producer.send(outgoing()));
    expect(cluster.time.monotonic()).toBeLessThan(1000);
    expect(cluster.brokerB.sends).toHaveLength(25);
    await cluster.settle(Promise.all(hanging));
  });

  test('one that was given up while it waited is not sent', async () => {
    onlyBroker(cluster.brokerA, 1);
    const producer = await started({}, { producerTuning: { inFlightPerBrokerMax: 1 } });
    const abort = new AbortController();
    const first = producer.send(outgoing({ body: Buffer.from('first') }));
    const second = producer.send(outgoing({ body: Buffer.from('second') }), { signal: abort.signal });
    const third = producer.send(outgoing({ body: Buffer.from('third') }));
    abort.abort('enough');
    await expect(second).rejects.toBe('enough');
    await cluster.settle(Promise.all([first, third]));
    expect(cluster.brokerA.sends.map((send) => String(send.body))).toEqual(['first', 'third']);
  });
});

describe('one-way', () => {
  test('arrives without an answer', async () => {
    const producer = await started();
    await cluster.settle(producer.sendOneway(outgoing({ tag: 'x', properties: { a: '"' } })));
    await cluster.time.advance(10);
    const [send] = allSends();
    expect(send).toMatchObject({ isOneway: true, code: 310, properties: { TAGS: 'x', a: '"' } });
  });
});

describe('batch', () => {
  test('one request, consecutive offsets, an id of its own for each message', async () => {
    const producer = await started();
    const bodies = ['one', 'two', 'three'];
    const receipts = await cluster.settle(
      producer.sendBatch(bodies.map((body) => outgoing({ body: Buffer.from(body), tag: body }))),
    );
    const [send] = allSends();
    expect(send).toMatchObject({ code: 320, header: { batch: true, sysFlag: 0 }, properties: { WAIT: 'true' } });
    const entries = decodeBatch(send?.body ?? Buffer.alloc(0));
    expect(entries.map((entry) => String(entry.body))).toEqual(bodies);
    expect(entries.map((entry) => decodeProperties(entry.properties))).toEqual(
      receipts.map((receipt, index) => ({ UNIQ_KEY: receipt.messageId, TAGS: bodies[index] })),
    );
    expect(receipts.map((receipt) => receipt.queueOffset)).toEqual([0, 1, 2]);
    expect(new Set(receipts.map((receipt) => receipt.offsetMessageId)).size).toBe(3);
    expect(allSends()).toHaveLength(1);
  });

  test('refuses what cannot be one request', async () => {
    const producer = await started({ maxMessageSizeBytes: 1000 });
    const refused = async (messages: Parameters<typeof producer.sendBatch>[0], message: RegExp): Promise<void> => {
      await expect(producer.sendBatch(messages)).rejects.toThrow(message);
    };
    await refused([], /at least one/);
    await refused([outgoing(), outgoing({ topic: 'other' })], /one topic/);
    await refused([outgoing({ delayLevel: 1 })], /no delay/);
    await refused([outgoing({ delayMs: 1 })], /no delay/);
    await refused([outgoing({ deliverAtMs: 1 })], /no delay/);
    await refused([outgoing({ idempotencyKey: 'k' })], /no idempotencyKey/);
    await refused([outgoing({ shardingKey: 'a' }), outgoing({ shardingKey: 'b' })], /same shardingKey/);
    await refused([outgoing({ topic: '%RETRY%g' })], /retry topic/);
    await refused(
      Array.from({ length: 3 }, () => outgoing({ body: Buffer.alloc(400) })),
      /1000 are allowed/,
    );
    expect(allSends()).toEqual([]);
  });
});

describe('stop', () => {
  test('waits for sends in flight, then unregisters the group', async () => {
    onlyBroker(cluster.brokerA);
    const producer = await started();
    const send = producer.send(outgoing());
    const stopped = transport.stop();
    await cluster.settle(Promise.all([send, stopped]));
    expect(cluster.brokerA.unregistered).toEqual([expect.objectContaining({ producerGroup: 'shop' })]);
    await cluster.time.advance(100);
    expect(cluster.brokerA.connectionCount).toBe(0);
  });

  test('its deadline ends the wait; the send is unknown', async () => {
    onlyBroker(cluster.brokerA);
    const producer = await started({ sendTimeoutMs: 60_000 });
    cluster.brokerA.reactions.push('silence');
    const outcome = producer.send(outgoing()).catch((reason: unknown) => reason);
    await cluster.time.advance(10);
    const begin = cluster.time.monotonic();
    await cluster.settle(transport.stop({ deadlineMs: 1000 }));
    expect(cluster.time.monotonic() - begin).toBeLessThan(5000);
    expect(await outcome).toMatchObject({ code: 'SEND_OUTCOME_UNKNOWN' });
  });
});
