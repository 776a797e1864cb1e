import { expect, test } from 'vitest';
import { InvariantError } from '../kernel/invariant.js';
import type { Delivery, Middleware } from '../middleware/middleware.js';
import { jsonCodec } from '../payload/codecs.js';
import { parseTagExpression } from '../tag-filter.js';
import { incoming } from '../test-support/fake-transport.js';
import { RecordingLogger } from '../test-support/recording-logger.js';
import { defineTopic } from '../topic/define-topic.js';
import type { DeliveryContext, DeliveryOutcome } from '../transport/transport.js';
import { AbortReason } from './abort-reason.js';
import { Dispatcher, type DispatcherOptions } from './dispatcher.js';
import { Router } from './router.js';

const Orders = defineTopic<{ id: string }>('orders');
const context: DeliveryContext = { group: 'billing', signal: new AbortController().signal };
const bad = Buffer.from('{');

function setUp(handle: (delivery: Delivery) => Promise<void>, more: Partial<DispatcherOptions> = {}) {
  const logger = new RecordingLogger();
  const router = new Router([{ topic: Orders, filter: parseTagExpression('*'), handle }]);
  const dispatcher = new Dispatcher({ router, middleware: [], isOrderly: false, isBatch: false, retryLevel: 0, logger, ...more });
  return { logger, deliver: dispatcher.deliver };
}

const ids = (delivery: Delivery): string[] => delivery.messages.map((message) => (message.body as { id: string }).id);

test('a handler that returns acknowledges, and sees message and context', async () => {
  const seen: Delivery[] = [];
  const { deliver } = setUp(async (delivery) => void seen.push(delivery));
  const message = incoming(
    'orders',
    { id: 'a' },
    { tag: 'placed', keys: ['k'], reconsumeTimes: 2, brokerName: 'b', offsetMessageId: 'o' },
  );
  expect(await deliver([message], context)).toEqual({ status: 'ack' });
  expect(seen[0]?.messages[0]).toEqual({ ...message, body: { id: 'a' }, rawBody: message.body });
  const { context: given } = seen[0] as Delivery;
  expect(given).toMatchObject({ group: 'billing', topic: 'orders', brokerName: 'b', queueId: 3, batchSize: 1, attempt: 3 });
  expect(given.signal).toBe(context.signal);
});

test('a handler that throws has its message retried, and the log says which', async () => {
  const error = new Error('no money');
  const { deliver, logger } = setUp(() => Promise.reject(error));
  expect(await deliver([incoming('orders', { id: 'a' })], context)).toEqual({
    status: 'retry',
    ackedCount: 0,
    delayLevel: 0,
    error,
  });
  expect(logger.records).toEqual([
    expect.objectContaining({
      level: 'warn',
      fields: expect.objectContaining({ topic: 'orders', messageId: 'id', queueId: 3, queueOffset: 7, error }),
    }),
  ]);
});

test('a handler that is no async function may throw at once, or return nothing', async () => {
  const error = new Error('no money');
  const throwing = setUp(() => {
    throw error;
  });
  expect(await throwing.deliver([incoming('orders', { id: 'a' })], context)).toMatchObject({ status: 'retry', error });
  const silent = setUp(() => undefined as unknown as Promise<void>);
  expect(await silent.deliver([incoming('orders', { id: 'a' })], context)).toEqual({ status: 'ack' });
});

test('a codec step that takes its time is waited for, and may fail', async () => {
  const step = (decode: (body: Uint8Array) => Promise<Uint8Array>) => ({
    name: 'slow',
    encode: (body: Uint8Array) => body,
    decode,
  });
  const deliver = (decode: (body: Uint8Array) => Promise<Uint8Array>) => {
    const topic = defineTopic<{ id: string }>('orders', { codec: [jsonCodec, step(decode)] });
    const seen: Delivery[] = [];
    const handle = async (delivery: Delivery): Promise<void> => void seen.push(delivery);
    const router = new Router([{ topic, filter: parseTagExpression('*'), handle }]);
    const logger = new RecordingLogger();
    const dispatcher = new Dispatcher({ router, middleware: [], isOrderly: false, isBatch: false, retryLevel: 0, logger });
    return dispatcher.deliver([incoming('orders', { id: 'a' })], context).then((outcome) => ({ outcome, seen }));
  };
  const good = await deliver(async (body) => body);
  expect(good.outcome).toEqual({ status: 'ack' });
  expect(good.seen.map(ids)).toEqual([['a']]);
  const unread = await deliver(() => Promise.reject(new Error('no key')));
  expect(unread.outcome).toMatchObject({ status: 'retry', error: { code: 'PAYLOAD_INVALID' } });
  expect(unread.seen).toEqual([]);
});

test('an aborted handler is no failure worth a warning', async () => {
  const { deliver, logger } = setUp(() => Promise.reject(new AbortReason('stopped')));
  expect(await deliver([incoming('orders', {})], context)).toMatchObject({ status: 'retry' });
  expect(logger.records.map((record) => record.level)).toEqual(['info']);
});

test('a defect of ours is not taken for a failing handler', async () => {
  const { deliver } = setUp(() => Promise.reject(new InvariantError('broken')));
  await expect(deliver([incoming('orders', {})], context)).rejects.toThrow('broken');
});

test('retryLater repeats a delivery whose handler returned', async () => {
  const { deliver } = setUp(async ({ context: c }) => c.retryLater('10s'));
  expect(await deliver([incoming('orders', {})], context)).toEqual({
    status: 'retry',
    ackedCount: 0,
    delayLevel: 3,
    error: undefined,
  });
});

test('retryLater says when, if the handler throws', async () => {
  const { deliver } = setUp(async ({ context: c }) => {
    c.retryLater({ level: 2 });
    throw new Error('not now');
  });
  expect(await deliver([incoming('orders', {})], context)).toMatchObject({ status: 'retry', delayLevel: 2 });
});

test('without a word from the handler the consumer decides when', async () => {
  const { deliver } = setUp(() => Promise.reject(new Error('x')), { retryLevel: 4 });
  expect(await deliver([incoming('orders', {})], context)).toMatchObject({ delayLevel: 4 });
});

test('deadLetter gives up at once, but not on an orderly consumer', async () => {
  const { deliver } = setUp(async ({ context: c }) => c.deadLetter());
  expect(await deliver([incoming('orders', {})], context)).toMatchObject({ status: 'retry', delayLevel: -1 });
  const orderly = setUp(async ({ context: c }) => c.deadLetter(), { isOrderly: true });
  expect(await orderly.deliver([incoming('orders', {})], context)).toMatchObject({
    status: 'retry',
    delayLevel: 0,
    error: expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
  });
});

test('a message that cannot be read counts as a failing one', async () => {
  const { deliver, logger } = setUp(async () => {});
  expect(await deliver([incoming('orders', bad)], context)).toMatchObject({
    status: 'retry',
    ackedCount: 0,
    error: expect.objectContaining({ code: 'PAYLOAD_INVALID' }),
  });
  expect(logger.records).toMatchObject([{ level: 'error', message: expect.stringContaining('cannot be read') }]);
});

test('a message that nobody takes counts as a failing one', async () => {
  const { deliver, logger } = setUp(async () => {});
  expect(await deliver([incoming('refunds', {})], context)).toMatchObject({ status: 'retry' });
  expect(logger.records).toMatchObject([{ level: 'error', message: expect.stringContaining('no handler') }]);
});

test('several messages for a handler of one are handled in order until one fails', async () => {
  const seen: string[] = [];
  const { deliver } = setUp(async (delivery) => {
    seen.push(...ids(delivery));
    if (seen.length === 2) throw new Error('second');
  });
  const messages = ['a', 'b', 'c'].map((id) => incoming('orders', { id }));
  expect(await deliver(messages, context)).toMatchObject({ status: 'retry', ackedCount: 1 });
  expect(seen).toEqual(['a', 'b']);
});

test('middleware surrounds the handler, the first outermost, composed once', async () => {
  const trace: string[] = [];
  let composed = 0;
  const layer = (name: string): Middleware => ({
    name,
    consume: (next) => {
      composed += 1;
      return async (delivery) => {
        trace.push(`${name} in`);
        await next(delivery);
        trace.push(`${name} out`);
      };
    },
  });
  const { deliver } = setUp(async () => void trace.push('handler'), {
    middleware: [layer('a'), { name: 'send only' }, layer('b')],
  });
  await deliver([incoming('orders', {})], context);
  await deliver([incoming('orders', {})], context);
  expect(trace.slice(0, 5)).toEqual(['a in', 'b in', 'handler', 'b out', 'a out']);
  expect(composed).toBe(2);
});

test('middleware can fail a message', async () => {
  const refusing: Middleware = { name: 'refusing', consume: () => () => Promise.reject(new Error('refused')) };
  const { deliver } = setUp(async () => {}, { middleware: [refusing] });
  expect(await deliver([incoming('orders', {})], context)).toMatchObject({ status: 'retry' });
});

async function deliverBatch(bodies: readonly unknown[], handle: (delivery: Delivery) => Promise<void>): Promise<DeliveryOutcome> {
  const { deliver } = setUp(handle, { isBatch: true });
  return deliver(
    bodies.map((body, index) => incoming('orders', body, { queueOffset: index })),
    context,
  );
}

test('a batch handler gets all messages at once', async () => {
  const seen: string[][] = [];
  const outcome = await deliverBatch([{ id: 'a' }, { id: 'b' }], async (delivery) => {
    seen.push(ids(delivery));
    expect(delivery.context.batchSize).toBe(2);
  });
  expect(outcome).toEqual({ status: 'ack' });
  expect(seen).toEqual([['a', 'b']]);
});

test('ackFirst keeps what is done, whether the handler returns or throws', async () => {
  const three = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
  expect(await deliverBatch(three, async ({ context: c }) => c.ackFirst(2))).toMatchObject({ status: 'retry', ackedCount: 2 });
  expect(await deliverBatch(three, async ({ context: c }) => c.ackFirst(3))).toEqual({ status: 'ack' });
  const thrown = await deliverBatch(three, async ({ context: c }) => {
    c.ackFirst(1);
    throw new Error('third');
  });
  expect(thrown).toMatchObject({ status: 'retry', ackedCount: 1 });
  expect(await deliverBatch(three, async ({ context: c }) => c.ackFirst(4))).toMatchObject({
    ackedCount: 0,
    error: expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
  });
});

test('an unreadable message of a batch takes no other one with it', async () => {
  const seen: string[] = [];
  const outcome = await deliverBatch([{ id: 'a' }, bad, { id: 'c' }], async (delivery) => void seen.push(...ids(delivery)));
  expect(seen).toEqual(['a', 'c']);
  expect(outcome).toMatchObject({
    status: 'retry',
    ackedCount: 1,
    alsoAcked: [2],
    error: expect.objectContaining({ code: 'PAYLOAD_INVALID' }),
  });
});

test('an unreadable message and a failing handler retry everything', async () => {
  const outcome = await deliverBatch([bad, { id: 'b' }], () => Promise.reject(new Error('x')));
  expect(outcome).toMatchObject({ status: 'retry', ackedCount: 0, alsoAcked: [] });
  expect(await deliverBatch([bad, bad], async () => {})).toMatchObject({ status: 'retry', ackedCount: 0 });
});
