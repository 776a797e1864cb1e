/** Transactions of our producer in our broker, on virtual time. */
import type { IncomingMessage, TransactionResolution } from '@orbitmq/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { bodies, Cluster, createConsumer, createProducer, order } from './cluster.js';

let cluster: Cluster;

beforeEach(async () => {
  cluster = new Cluster();
  await cluster.start({ transactionTimeOut: 2000, transactionCheckInterval: 5000 });
});

afterEach(async () => {
  await cluster.stop();
});

const undecided = (): Promise<TransactionResolution> => Promise.resolve('unknown');

test('a half message is invisible; commit delivers it once, rollback never', async () => {
  verifies('transaction-outcome', 'transaction-once');
  const transport = cluster.transport();
  const producer = createProducer(transport, { checkTransaction: undecided });
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  await cluster.settle(producer.send(order('plain')));
  const commit = await cluster.settle(producer.sendHalf(order('commit', { tag: 'a', keys: ['k'], properties: { p: 'v' } })));
  const rollback = await cluster.settle(producer.sendHalf(order('rollback')));
  await cluster.advance(1000);
  expect(bodies(received)).toEqual(['plain']);
  await cluster.settle(commit.resolve('commit'));
  await cluster.settle(rollback.resolve('rollback'));
  await cluster.until(() => received.length === 2);
  await cluster.advance(60_000);
  expect(bodies(received)).toEqual(['plain', 'commit']);
  expect(received[1]).toMatchObject({ messageId: commit.receipt.messageId, tag: 'a', keys: ['k'], topic: 'orders' });
  expect(received[1]?.properties['p']).toBe('v');
});

test('an undecided one is asked for until it is decided, of any process of the group', async () => {
  verifies('transaction-check');
  const sender = cluster.transport({ processId: 1 });
  const lost = createProducer(sender, { checkTransaction: undecided });
  await cluster.settle(sender.start());
  await cluster.settle(lost.sendHalf(order('orphan', { keys: ['k'] })));
  // The process that sent it is gone; another one of the group, which never sent anything, answers.
  await cluster.settle(sender.stop());
  const asked: IncomingMessage[] = [];
  const other = cluster.transport({ processId: 2 });
  createProducer(other, {
    checkTransaction: (message) => {
      asked.push(message);
      return Promise.resolve(asked.length < 3 ? 'unknown' : 'commit');
    },
  });
  const received = createConsumer(other);
  await cluster.settle(other.start());
  await cluster.until(() => received.length === 1);
  expect(asked).toHaveLength(3);
  expect(asked[0]).toMatchObject({ topic: 'orders', keys: ['k'], messageId: received[0]?.messageId });
  expect(bodies(asked)).toEqual(['orphan', 'orphan', 'orphan']);
  await cluster.advance(60_000);
  expect(bodies(received)).toEqual(['orphan']);
  expect(asked).toHaveLength(3);
});

test('a check that throws is no decision', async () => {
  const transport = cluster.transport();
  let calls = 0;
  const producer = createProducer(transport, {
    checkTransaction: () => {
      calls++;
      return calls < 2 ? Promise.reject(new Error('no database')) : Promise.resolve('rollback');
    },
  });
  const received = createConsumer(transport);
  await cluster.settle(transport.start());
  await cluster.settle(producer.sendHalf(order('half')));
  await cluster.until(() => calls === 2);
  await cluster.advance(60_000);
  expect([calls, received.length]).toEqual([2, 0]);
});
