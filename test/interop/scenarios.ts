import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import type { InteropClient, InteropConsumer, InteropDelivery } from './interop-client.js';
import type { MqServer } from './mq-server.js';

/** Long enough for a client that missed a route at its first look and polls again after 30 s and rebalances after 20 s more. */
const deliveryLimitMs = 90_000;

interface Bench {
  readonly server: MqServer;
  readonly client: InteropClient;
}

export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

function unique(label: string): string {
  return `${label}-${randomUUID().slice(0, 8)}`;
}

function bodies(consumer: InteropConsumer): readonly string[] {
  return consumer.deliveries.map((delivery) => delivery.body);
}

async function received(consumers: readonly InteropConsumer[], expected: readonly string[]): Promise<void> {
  const seen = (): Set<string> => new Set(consumers.flatMap(bodies));
  await waitUntil(`all of ${expected.length} messages arrive`, deliveryLimitMs, () => {
    const now = seen();
    return expected.every((body) => now.has(body));
  }).catch((error: unknown) => {
    const now = seen();
    throw new Error(
      `missing: ${expected
        .filter((body) => !now.has(body))
        .slice(0, 20)
        .join(' ')}`,
      { cause: error },
    );
  });
}

/** A sentinel sent after the rest and received proves that what has not come by then was not going to come. */
async function sendModes({ client }: Bench): Promise<void> {
  verifies('send-modes', 'send-order');
  const topic = unique('modes');
  const producer = await client.startProducer(unique('modes-producers'));
  const first = await producer.send({ topic, body: 'sync', tag: 'a', keys: 'k1 k2', properties: { colour: 'grün' } });
  await producer.send({ topic, body: 'async', tag: 'b' }, 'async');
  await producer.sendOneway({ topic, body: 'one-way', tag: 'a' });
  await producer.sendBatch({ topic, tag: 'b' }, ['batch-1', 'batch-2', 'batch-3']);
  const large = 'x'.repeat(100_000);
  await producer.send({ topic, body: large });
  await producer.send({ topic, body: 'sentinel', tag: 'c' });
  const consumer = await client.startConsumer({ group: unique('modes-consumers'), topic });
  await received([consumer], ['sync', 'async', 'one-way', 'batch-1', 'batch-2', 'batch-3', large, 'sentinel']);
  const sync = consumer.deliveries.find((delivery) => delivery.body === 'sync');
  expect(sync).toMatchObject({
    topic,
    tag: 'a',
    keys: 'k1 k2',
    msgId: first.msgId,
    queueId: first.queueId,
    queueOffset: first.queueOffset,
  });
  const batch = ['batch-1', 'batch-2', 'batch-3'].map((body) => consumer.deliveries.find((delivery) => delivery.body === body));
  expect(new Set(batch.map((delivery) => delivery?.queueId)).size).toBe(1);
  expect(batch.map((delivery) => (delivery?.queueOffset ?? 0) - (batch[0]?.queueOffset ?? 0))).toEqual([0, 1, 2]);
  await consumer.stop();
  await producer.stop();
}

async function tagFilter({ client }: Bench): Promise<void> {
  verifies('tag-filter');
  const topic = unique('tags');
  const producer = await client.startProducer(unique('tags-producers'));
  for (const tag of ['a', 'b', 'c', 'Aa', 'BB']) await producer.send({ topic, body: `tagged-${tag}`, tag });
  await producer.send({ topic, body: 'untagged' });
  for (let turn = 0; turn < 8; turn += 1) await producer.send({ topic, body: `sentinel-${turn}`, tag: 'end' });
  // "Aa" and "BB" have the same hash: the broker lets both pass, the client must not.
  const consumer = await client.startConsumer({ group: unique('tags-consumers'), topic, tags: 'a || Aa || end' });
  await received([consumer], ['tagged-a', 'tagged-Aa', ...Array.from({ length: 8 }, (_, turn) => `sentinel-${turn}`)]);
  expect(
    bodies(consumer)
      .filter((body) => body.startsWith('tagged') || body === 'untagged')
      .toSorted(),
  ).toEqual(['tagged-Aa', 'tagged-a']);
  await consumer.stop();
  await producer.stop();
}

async function concurrentRebalance({ client }: Bench): Promise<void> {
  verifies('rebalance');
  const topic = unique('shared');
  const group = unique('shared-consumers');
  const producer = await client.startProducer(unique('shared-producers'));
  await producer.send({ topic, body: 'first' });
  const one = await client.startConsumer({ group, topic });
  await received([one], ['first']);
  const two = await client.startConsumer({ group, topic });
  let count = 0;
  const sent = ['first'];
  await waitUntil('both consumers get messages', deliveryLimitMs, async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      count += 1;
      sent.push(`m${count}`);
      await producer.send({ topic, body: `m${count}` });
    }
    return two.deliveries.length > 0;
  });
  await received([one, two], sent);
  await one.stop();
  const rest = Array.from({ length: 16 }, (_, index) => `rest-${index}`);
  for (const body of rest) await producer.send({ topic, body });
  await received([two], rest);
  await two.stop();
  await producer.stop();
}

function perKey(deliveries: readonly InteropDelivery[]): Map<string, number[]> {
  const order = new Map<string, number[]>();
  for (const { body } of deliveries) {
    const [key = '', number] = body.split(':');
    const list = order.get(key) ?? [];
    list.push(Number(number));
    order.set(key, list);
  }
  return order;
}

/** At-least-once may repeat a stretch after a hand-over, but the first sight of each message keeps the order. */
function expectFirstSightsInOrder(deliveries: readonly InteropDelivery[]): void {
  for (const [key, numbers] of perKey(deliveries.toSorted((a, b) => a.at - b.at))) {
    const firstSights = [...new Set(numbers)];
    expect(firstSights, `key ${key}`).toEqual(firstSights.toSorted((a, b) => a - b));
  }
}

async function orderlyRebalance({ client }: Bench): Promise<void> {
  verifies('orderly', 'send-sharding');
  const topic = unique('ordered');
  const group = unique('ordered-consumers');
  const producer = await client.startProducer(unique('ordered-producers'));
  const keys = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal'];
  const sent: string[] = [];
  let round = 0;
  const sendRound = async (): Promise<void> => {
    round += 1;
    for (const key of keys) {
      sent.push(`${key}:${round}`);
      await producer.send({ topic, body: `${key}:${round}`, shardingKey: key });
    }
  };
  for (let turn = 0; turn < 5; turn += 1) await sendRound();
  const one = await client.startConsumer({ group, topic, orderly: true });
  await received([one], sent);
  const two = await client.startConsumer({ group, topic, orderly: true });
  await waitUntil('the second consumer takes over queues', deliveryLimitMs, async () => {
    await sendRound();
    return two.deliveries.length > 0;
  });
  for (let turn = 0; turn < 5; turn += 1) await sendRound();
  await received([one, two], sent);
  await one.stop();
  for (let turn = 0; turn < 3; turn += 1) await sendRound();
  await received([one, two], sent);
  expectFirstSightsInOrder([...one.deliveries, ...two.deliveries]);
  await two.stop();
  await producer.stop();
}

async function orderlyFailureBlocksItsQueue({ client }: Bench): Promise<void> {
  verifies('orderly-blocks');
  const topic = unique('blocked');
  const producer = await client.startProducer(unique('blocked-producers'));
  await producer.send({ topic, body: 'ann:1', shardingKey: 'ann', properties: { fail: '1' } });
  await producer.send({ topic, body: 'ann:2', shardingKey: 'ann' });
  const consumer = await client.startConsumer({ group: unique('blocked-consumers'), topic, orderly: true });
  await received([consumer], ['ann:1', 'ann:2']);
  expect(bodies(consumer)).toEqual(['ann:1', 'ann:1', 'ann:2']);
  await consumer.stop();
  await producer.stop();
}

async function retryThenDeadLetter({ client }: Bench): Promise<void> {
  verifies('retry', 'dead-letter');
  const topic = unique('failing');
  const group = unique('failing-consumers');
  const producer = await client.startProducer(unique('failing-producers'));
  const consumer = await client.startConsumer({ group, topic, maxReconsumeTimes: 2 });
  const sent = await producer.send({ topic, body: 'never', keys: 'order-1', tag: 'x', properties: { fail: '99' } });
  await producer.send({ topic, body: 'second-time', properties: { fail: '1' } });
  const deliveriesOf = (body: string): number => bodies(consumer).filter((seen) => seen === body).length;
  await waitUntil('all tries were made', deliveryLimitMs, () => deliveriesOf('never') >= 3 && deliveriesOf('second-time') >= 2);
  // The dead-letter topic appears with its first message: a consumer that looked earlier would look again only after 30 s.
  const dead = await client.startConsumer({ group: unique('morticians'), topic: `%DLQ%${group}` });
  await received([dead], ['never']);
  const never = consumer.deliveries.filter((delivery) => delivery.body === 'never');
  expect(never.map((delivery) => delivery.reconsumeTimes)).toEqual([0, 1, 2]);
  expect(new Set(never.map((delivery) => delivery.msgId))).toEqual(new Set([sent.msgId]));
  expect(new Set(never.map((delivery) => delivery.topic))).toEqual(new Set([topic]));
  expect(dead.deliveries.map((delivery) => [delivery.body, delivery.keys, delivery.tag, delivery.msgId])).toEqual([
    ['never', 'order-1', 'x', sent.msgId],
  ]);
  const second = consumer.deliveries.filter((delivery) => delivery.body === 'second-time');
  expect(second.map((delivery) => delivery.reconsumeTimes)).toEqual([0, 1]);
  await Promise.all([consumer.stop(), dead.stop()]);
  await producer.stop();
}

async function delayLevel({ client }: Bench): Promise<void> {
  verifies('delay-level');
  const topic = unique('delayed');
  const producer = await client.startProducer(unique('delayed-producers'));
  await producer.send({ topic, body: 'now' });
  const consumer = await client.startConsumer({ group: unique('delayed-consumers'), topic });
  await received([consumer], ['now']);
  const before = Date.now();
  await producer.send({ topic, body: 'in-5-s', delayLevel: 2, tag: 't' });
  await producer.send({ topic, body: 'in-1-s', delayLevel: 1 });
  await received([consumer], ['in-5-s', 'in-1-s']);
  expect(bodies(consumer)).toEqual(['now', 'in-1-s', 'in-5-s']);
  const elapsed = (body: string): number => (consumer.deliveries.find((delivery) => delivery.body === body)?.at ?? 0) - before;
  expect(elapsed('in-1-s')).toBeGreaterThanOrEqual(1000);
  expect(elapsed('in-5-s')).toBeGreaterThanOrEqual(5000);
  await consumer.stop();
  await producer.stop();
}

async function transactions({ client }: Bench): Promise<void> {
  verifies('transaction-outcome', 'transaction-check');
  const topic = unique('transactions');
  const plain = await client.startProducer(unique('plain-producers'));
  await plain.send({ topic, body: 'open' });
  const producer = await client.startTransactionProducer(unique('transaction-producers'));
  const consumer = await client.startConsumer({ group: unique('transaction-consumers'), topic });
  await received([consumer], ['open']);
  await producer.send({ topic, body: 'committed', tag: 't', keys: 'k', properties: { local: 'commit' } });
  await producer.send({ topic, body: 'rolled-back', properties: { local: 'rollback' } });
  await producer.send({ topic, body: 'checked-commit', properties: { local: 'unknown', check: 'commit' } });
  await producer.send({ topic, body: 'checked-rollback', properties: { local: 'unknown', check: 'rollback' } });
  await received([consumer], ['committed', 'checked-commit']);
  await waitUntil('the broker asked about both', deliveryLimitMs, () => producer.checks.includes('checked-rollback'));
  for (let turn = 0; turn < 8; turn += 1) await plain.send({ topic, body: `sentinel-${turn}` });
  await received(
    [consumer],
    Array.from({ length: 8 }, (_, turn) => `sentinel-${turn}`),
  );
  expect(bodies(consumer).filter((body) => body.includes('roll'))).toEqual([]);
  expect(bodies(consumer).filter((body) => body === 'committed')).toHaveLength(1);
  expect(producer.checks).not.toContain('committed');
  expect(producer.checks).not.toContain('rolled-back');
  await consumer.stop();
  await Promise.all([producer.stop(), plain.stop()]);
}

async function offsetsSurviveRestart({ client, server }: Bench): Promise<void> {
  verifies('offsets-durable');
  const topic = unique('kept');
  const group = unique('kept-consumers');
  const early = Array.from({ length: 20 }, (_, index) => `early-${index}`);
  const late = Array.from({ length: 10 }, (_, index) => `late-${index}`);
  const producer = await client.startProducer(unique('kept-producers'));
  for (const body of early) await producer.send({ topic, body });
  const before = await client.startConsumer({ group, topic });
  await received([before], early);
  await before.stop();
  await server.restartBroker('SIGTERM');
  await waitUntil('the restarted broker takes messages', deliveryLimitMs, () =>
    producer.send({ topic, body: 'back' }).then(
      () => true,
      () => false,
    ),
  );
  for (const body of late) await producer.send({ topic, body });
  const after = await client.startConsumer({ group, topic });
  await received([after], ['back', ...late]);
  expect(bodies(after).filter((body) => body.startsWith('early'))).toEqual([]);
  await after.stop();
  await producer.stop();
}

/** Independent of each other: they may run at the same time on one server. */
export const independentScenarios: readonly Scenario[] = [
  { name: 'send: sync, async, one-way, batch', run: sendModes },
  { name: 'consume: tag filter', run: tagFilter },
  { name: 'consume: concurrently, with a rebalance', run: concurrentRebalance },
  { name: 'consume: orderly, with a rebalance', run: orderlyRebalance },
  { name: 'consume: an orderly failure blocks its queue', run: orderlyFailureBlocksItsQueue },
  { name: 'retry, then dead letter', run: retryThenDeadLetter },
  { name: 'delay levels', run: delayLevel },
  { name: 'transactions with check', run: transactions },
];

/** Restarts the broker: runs alone, last. */
export const restartScenarios: readonly Scenario[] = [
  { name: 'offsets survive a restart of the broker', run: offsetsSurviveRestart },
];
