import {
  type IncomingMessage,
  isTransactionalProducer,
  type ProducerDefinition,
  type TransactionalProducer,
  type TransactionResolution,
  type Transport,
} from '@orbitmq/core';
import { compressZlib, ResponseCode } from '@orbitmq/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkRequest } from '../test-support/check-request.js';
import { FakeCluster, outgoing, producerDefinition, routeOf } from '../test-support/fake-cluster.js';
import type { TcpTransportOptions } from '../transport.js';

let cluster: FakeCluster;
let transport: Transport;

beforeEach(async () => {
  cluster = new FakeCluster();
  cluster.nameServer.routes.set('orders', routeOf([cluster.brokerA]));
  await cluster.start();
});

afterEach(async () => {
  await cluster.settle(transport.stop());
});

async function started(
  definition: Partial<ProducerDefinition> = {},
  options: Partial<TcpTransportOptions> = {},
): Promise<TransactionalProducer> {
  transport = cluster.transport(options);
  const checkTransaction = (): Promise<TransactionResolution> => Promise.resolve('unknown');
  const producer = transport.createProducer(producerDefinition({ checkTransaction, ...definition }));
  if (!isTransactionalProducer(producer)) throw new Error('the capability is missing');
  await cluster.settle(transport.start());
  return producer;
}

const ended = () => cluster.brokerA.endedTransactions;

describe('half messages', () => {
  test.each([
    ['commit', '8'],
    ['rollback', '12'],
    ['unknown', '0'],
  ] as const)('%s is told with the places of the half message', async (resolution, code) => {
    const producer = await started();
    const half = await cluster.settle(producer.sendHalf(outgoing({ tag: 'x' })));
    const send = cluster.brokerA.sends[0];
    expect(send?.header.sysFlag).toBe(4);
    expect(send?.properties).toMatchObject({ TRAN_MSG: 'true', PGROUP: 'shop', TAGS: 'x', UNIQ_KEY: half.receipt.messageId });
    await cluster.settle(half.resolve(resolution, 'why'));
    await cluster.time.advance(10);
    expect(ended()).toEqual([
      expect.objectContaining({
        remark: 'why',
        extFields: expect.objectContaining({
          producerGroup: 'shop',
          tranStateTableOffset: '0',
          commitLogOffset: '0',
          commitOrRollback: code,
          fromTransactionCheck: 'false',
          msgId: half.receipt.messageId,
          bname: 'broker-a',
        }),
      }),
    ]);
  });

  test('a compressed one carries both flags', async () => {
    const producer = await started();
    await cluster.settle(producer.sendHalf(outgoing({ body: Buffer.alloc(5000) })));
    expect(cluster.brokerA.sends[0]?.header.sysFlag).toBe(0x305);
  });

  test('an outcome is told once: brokers store a message for every commit they get', async () => {
    const producer = await started();
    const half = await cluster.settle(producer.sendHalf(outgoing()));
    await cluster.settle(half.resolve('unknown'));
    await cluster.settle(half.resolve('commit'));
    await expect(half.resolve('commit')).rejects.toMatchObject({ code: 'TRANSACTION_INVALID' });
    await expect(half.resolve('rollback')).rejects.toThrow(/has its outcome: commit/);
  });

  test('an outcome that never left the process can be told again', async () => {
    const producer = await started();
    const half = await cluster.settle(producer.sendHalf(outgoing()));
    await cluster.settle(cluster.brokerA.stop());
    await cluster.time.advance(100);
    await expect(cluster.settle(half.resolve('commit'))).rejects.toMatchObject({ outcome: 'not-sent' });
    await expect(cluster.settle(half.resolve('commit'))).rejects.toMatchObject({ outcome: 'not-sent' });
  });

  test('one stored with weaker durability is a failed send and rolled back', async () => {
    const producer = await started();
    cluster.brokerA.reactions.push({ code: ResponseCode.FLUSH_DISK_TIMEOUT });
    await expect(cluster.settle(producer.sendHalf(outgoing()))).rejects.toMatchObject({ code: 'SEND_WEAKER_DURABILITY' });
    await cluster.time.advance(10);
    expect(ended().map(({ extFields }) => extFields['commitOrRollback'])).toEqual(['12']);
  });

  test('one stored with weaker durability under an id that names no place is a failed send, and the connection goes on', async () => {
    const producer = await started();
    cluster.brokerA.reactions.push({
      code: ResponseCode.FLUSH_DISK_TIMEOUT,
      extFields: { msgId: '', queueId: '0', queueOffset: '0' },
    });
    await expect(cluster.settle(producer.sendHalf(outgoing()))).rejects.toMatchObject({ code: 'SEND_WEAKER_DURABILITY' });
    await expect(cluster.settle(producer.sendHalf(outgoing()))).resolves.toBeDefined();
    expect(ended()).toEqual([]);
  });

  test('a delay, or nobody who could answer a check, is refused', async () => {
    const producer = await started();
    await expect(producer.sendHalf(outgoing({ delayLevel: 1 }))).rejects.toMatchObject({ code: 'TRANSACTION_INVALID' });
    await expect(producer.sendHalf(outgoing({ delayMs: 1 }))).rejects.toMatchObject({ code: 'TRANSACTION_INVALID' });
    await cluster.settle(transport.stop());
    const silent = await started({ checkTransaction: undefined });
    await expect(silent.sendHalf(outgoing())).rejects.toThrow(/no transaction listener/);
    expect(cluster.brokerA.sends).toEqual([]);
  });
});

describe('checks', () => {
  test.each([
    ['commit', () => Promise.resolve('commit' as const), '8'],
    ['rollback', () => Promise.resolve('rollback' as const), '12'],
    ['unknown', () => Promise.resolve('unknown' as const), '0'],
    ['an exception', () => Promise.reject(new Error('no database')), '0'],
    [
      'an exception before the first await',
      () => {
        throw new Error('no database');
      },
      '0',
    ],
    ['a word that is none of the three', () => Promise.resolve('maybe' as TransactionResolution), '0'],
  ])('%s is answered to the broker that asked, also for a message of another process', async (_what, check, code) => {
    const seen: IncomingMessage[] = [];
    await started({
      checkTransaction: (message) => {
        seen.push(message);
        return check();
      },
    });
    const body = compressZlib(Buffer.alloc(5000, 'x'));
    const properties = { TAGS: 'a', KEYS: 'k1 k2', color: 'red' };
    cluster.brokerA.notify(checkRequest({ group: 'shop', messageId: 'FOREIGN', body, sysFlag: 0x301, properties }));
    await cluster.time.advance(10);
    expect(seen).toEqual([
      expect.objectContaining({
        messageId: 'FOREIGN',
        topic: 'orders',
        tag: 'a',
        keys: ['k1', 'k2'],
        queueId: 2,
        queueOffset: 5,
        body: Buffer.alloc(5000, 'x'),
        properties: expect.objectContaining({ color: 'red' }),
      }),
    ]);
    expect(ended().map(({ extFields }) => extFields)).toEqual([
      expect.objectContaining({
        producerGroup: 'shop',
        tranStateTableOffset: '5',
        commitLogOffset: '6832',
        commitOrRollback: code,
        fromTransactionCheck: 'true',
        msgId: 'FOREIGN',
      }),
    ]);
  });

  test('at most checkConcurrencyMax run, checkRequestHoldMax wait, and the rest is asked again by the broker', async () => {
    const waiting: (() => void)[] = [];
    await started(
      { checkTransaction: () => new Promise((resolve) => waiting.push(() => resolve('commit'))) },
      { producerTuning: { checkConcurrencyMax: 2, checkRequestHoldMax: 3 } },
    );
    for (let index = 0; index < 10; index++) cluster.brokerA.notify(checkRequest({ group: 'shop', messageId: `M${index}` }));
    await cluster.time.advance(10);
    expect(waiting).toHaveLength(2);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await cluster.time.advance(10);
    }
    expect(ended().map(({ extFields }) => extFields['msgId'])).toEqual(['M0', 'M1', 'M2', 'M3', 'M4']);
  });

  test('one that takes too long counts as unknown and gives up its place', async () => {
    await started(
      { checkTransaction: () => new Promise(() => undefined) },
      { producerTuning: { checkConcurrencyMax: 1, checkTimeoutMs: 1000 } },
    );
    cluster.brokerA.notify(checkRequest({ group: 'shop', messageId: 'M0' }));
    cluster.brokerA.notify(checkRequest({ group: 'shop', messageId: 'M1' }));
    await cluster.time.advance(2500);
    expect(ended().map(({ extFields }) => [extFields['msgId'], extFields['commitOrRollback']])).toEqual([
      ['M0', '0'],
      ['M1', '0'],
    ]);
  });

  test('stop waits for a running one and starts no other', async () => {
    let answer: (() => void) | undefined;
    await started(
      { checkTransaction: () => new Promise((resolve) => (answer = () => resolve('commit'))) },
      { producerTuning: { checkConcurrencyMax: 1 } },
    );
    cluster.brokerA.notify(checkRequest({ group: 'shop', messageId: 'M0' }));
    cluster.brokerA.notify(checkRequest({ group: 'shop', messageId: 'M1' }));
    await cluster.time.advance(10);
    const stopped = transport.stop();
    answer?.();
    await cluster.settle(stopped);
    expect(ended().map(({ extFields }) => extFields['msgId'])).toEqual(['M0']);
  });
});
