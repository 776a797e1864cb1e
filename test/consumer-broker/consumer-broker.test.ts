/** The consumer of transport-tcp against our broker: whole protocol, no socket, virtual time. */
import type { Deliver, DeliveryOutcome, IncomingMessage } from '@orbitmq/core';
import { afterEach, expect, test } from 'vitest';
import { type Cluster, group, startCluster, textOf, topic } from './broker-fixture.js';

const ack: DeliveryOutcome = { status: 'ack' };
const failed: DeliveryOutcome = { status: 'retry', ackedCount: 0, delayLevel: 0, error: new Error('planted') };

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function start(seed: number): Promise<Cluster> {
  cluster = await startCluster(seed);
  return cluster;
}

interface Log {
  readonly bodies: string[];
  readonly messages: IncomingMessage[];
  readonly deliver: Deliver;
}

function log(verdict: (body: string, message: IncomingMessage) => DeliveryOutcome | Promise<DeliveryOutcome> = () => ack): Log {
  const bodies: string[] = [];
  const messages: IncomingMessage[] = [];
  return {
    bodies,
    messages,
    deliver: async (delivered) => {
      const [message] = delivered as [IncomingMessage];
      bodies.push(textOf(message));
      messages.push(message);
      return verdict(textOf(message), message);
    },
  };
}

const range = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);

test('what was sent before and after the consumer started arrives once, with its facts', async () => {
  const c = await start(1);
  await c.send('m0', { tag: 'paid' });
  const handler = log();
  await c.consumer(handler.deliver);
  for (const body of range(50).slice(1)) await c.send(body);
  await c.pass(1000);
  expect([...handler.bodies].sort()).toEqual(range(50).sort());
  const [first] = handler.messages;
  expect([first?.topic, first?.tag, first?.brokerName, first?.reconsumeTimes]).toEqual([topic, 'paid', 'broker-a', 0]);
  expect(first?.messageId).toMatch(/^[0-9A-F]{32}$/);
  expect(first?.properties.MAX_OFFSET).toBeDefined();
});

test('tags are filtered', async () => {
  const c = await start(2);
  const handler = log();
  await c.consumer(handler.deliver, { subscriptions: [{ topic, filter: { kind: 'tags', tags: ['a', 'c'] } }] });
  for (const [index, tag] of ['a', 'b', 'c', undefined, 'a'].entries())
    await c.send(`m${index}`, tag === undefined ? {} : { tag });
  await c.pass(6000);
  expect([...handler.bodies].sort()).toEqual(['m0', 'm2', 'm4']);
});

test('two consumers share the queues, one takes over when the other leaves; nothing is lost or comes twice', async () => {
  const c = await start(3);
  await c.send('warm');
  const one = log();
  const two = log();
  const first = await c.consumer(one.deliver);
  await c.pass(1000);
  const all = first.consumer.assignment;
  expect(all.length).toBeGreaterThanOrEqual(4);
  const second = await c.consumer(two.deliver);
  await c.pass(2000);
  expect([...first.consumer.assignment, ...second.consumer.assignment].sort()).toEqual([...all]);
  expect(Math.abs(first.consumer.assignment.length - second.consumer.assignment.length)).toBeLessThanOrEqual(1);
  for (const body of range(80)) await c.send(body);
  await c.pass(1000);
  expect(one.bodies.length).toBeGreaterThan(20);
  expect(two.bodies.length).toBeGreaterThan(20);
  await c.time.settle(first.transport.stop());
  await c.pass(1000);
  expect(second.consumer.assignment).toEqual(all);
  for (const body of range(160).slice(80)) await c.send(body);
  await c.pass(1000);
  expect([...one.bodies, ...two.bodies].sort()).toEqual(['warm', ...range(160)].sort());
});

test("a failing message comes again after the level's delay, then it is a dead letter that another group can read", async () => {
  const c = await start(4);
  const handler = log((_body, message) => (message.reconsumeTimes < 5 ? failed : ack));
  await c.consumer(handler.deliver, { maxReconsumeTimes: 2 });
  await c.send('bad');
  await c.pass(9000);
  expect(handler.bodies).toEqual(['bad']);
  await c.pass(60_000);
  expect(handler.messages.map((message) => [message.reconsumeTimes, message.topic])).toEqual([
    [0, topic],
    [1, topic],
    [2, topic],
  ]);
  expect(new Set(handler.messages.map((message) => message.messageId)).size).toBe(1);
  const dead = log();
  await c.consumer(dead.deliver, { group: 'undertaker', subscriptions: [{ topic: `%DLQ%${group}`, filter: { kind: 'all' } }] });
  await c.pass(5000);
  expect(dead.bodies).toEqual(['bad']);
});

test('orderly: in order per queue across a rebalance with slow handlers, one at a time', async () => {
  const c = await start(5);
  await c.send('warm', { queue: 0 });
  const running = new Map<number, number>();
  const seen = new Map<number, string[]>();
  const deliver: Deliver = async (messages) => {
    const [message] = messages as [IncomingMessage];
    const count = (running.get(message.queueId) ?? 0) + 1;
    running.set(message.queueId, count);
    expect(count).toBe(1);
    await new Promise<void>((resolve) => {
      c.environment.timers.setTimeout(resolve, 200);
    });
    running.set(message.queueId, 0);
    seen.set(message.queueId, [...(seen.get(message.queueId) ?? []), textOf(message)]);
    return ack;
  };
  const first = await c.consumer(deliver, { orderly: true });
  const expected = new Map<number, string[]>([[0, ['warm']]]);
  for (const [index, body] of range(120).entries()) {
    const queue = index % 4;
    await c.send(body, { queue });
    expected.set(queue, [...(expected.get(queue) ?? []), body]);
  }
  const second = await c.consumer(deliver, { orderly: true });
  await c.pass(3000);
  expect(second.consumer.assignment.length).toBeGreaterThan(0);
  await c.time.settle(first.transport.stop());
  await c.pass(30_000);
  expect(seen).toEqual(expected);
});

test('orderly: a message that fails too often becomes a dead letter, and its queue goes on', async () => {
  const c = await start(6);
  const handler = log((body) => (body === 'bad' ? failed : ack));
  await c.consumer(handler.deliver, { orderly: true, maxReconsumeTimes: 1 });
  await c.send('bad', { queue: 0 });
  await c.send('good', { queue: 0 });
  await c.pass(10_000);
  expect(handler.bodies).toEqual(['bad', 'bad', 'good']);
  const dead = log();
  await c.consumer(dead.deliver, { group: 'undertaker', subscriptions: [{ topic: `%DLQ%${group}`, filter: { kind: 'all' } }] });
  await c.pass(5000);
  expect([dead.bodies, dead.messages[0]?.reconsumeTimes]).toEqual([['bad'], 2]);
});

test('clean stops and starts: nothing acknowledged comes again, nothing is lost', async () => {
  const c = await start(7);
  const bodies: string[] = [];
  for (let life = 0; life < 4; life += 1) {
    for (const body of range(40)) await c.send(`${life}${body}`);
    const handler = log(async () => {
      await new Promise<void>((resolve) => {
        c.environment.timers.setTimeout(resolve, 30);
      });
      return ack;
    });
    const { transport } = await c.consumer(handler.deliver, { concurrency: 3 });
    await c.pass(200);
    await c.time.settle(transport.stop());
    bodies.push(...handler.bodies);
  }
  const last = log();
  await c.consumer(last.deliver);
  await c.pass(2000);
  bodies.push(...last.bodies);
  expect(new Set(bodies).size).toBe(160);
  expect(bodies.length).toBe(160);
});

test('a broker that restarts: consumption goes on, and what was committed does not come again', async () => {
  const c = await start(8);
  const handler = log();
  const { consumer } = await c.consumer(handler.deliver);
  for (const body of range(20)) await c.send(body);
  await c.pass(12_000);
  await c.restartBroker();
  await c.pass(60_000);
  expect(consumer.assignment.length).toBeGreaterThanOrEqual(4);
  for (const body of range(40).slice(20)) await c.send(body);
  await c.pass(10_000);
  expect([...handler.bodies].sort()).toEqual(range(40).sort());
});

test('a new group on a young topic begins at its start, also with "last", as in Apache (page 04 §8)', async () => {
  const c = await start(9);
  for (const body of range(8)) await c.send(body);
  const handler = log();
  await c.consumer(handler.deliver, { consumeFrom: 'last' });
  await c.pass(1000);
  expect([...handler.bodies].sort()).toEqual(range(8));
});
