import {
  createRequest,
  decodeLockBatchResult,
  encodeLockBatch,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { VirtualTime } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { LargeRequests } from '../../large-requests.js';
import { createRebalanceLockManager } from '../../order/create-rebalance-lock-manager.js';
import type { RebalanceLockManager } from '../../order/rebalance-lock-manager.js';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { LockBatchProcessor } from './lock-batch-processor.js';

const queue = (queueId: number) => ({ topic: 'T', brokerName: 'broker-a', queueId });

function setup(changes: Partial<RebalanceLockManager> = {}) {
  const time = new VirtualTime();
  const processor = new LockBatchProcessor(
    { ...createRebalanceLockManager({ clock: time }), ...changes },
    new LargeRequests({ timers: time, largeBytesMin: Number.POSITIVE_INFINITY }),
  );
  const ask = async (code: number, body: Buffer): Promise<RemotingCommand | undefined> => {
    const connection = new FakeConnection();
    await processor.process(createRequest(code, { body }), connection);
    return connection.lastResponse;
  };
  const body = (clientId: string, queueIds: readonly number[]) =>
    encodeLockBatch({ clientId, consumerGroup: 'CG_O', queues: queueIds.map(queue) });
  const lock = async (clientId: string, ...queueIds: number[]) => {
    const answer = await ask(RequestCode.LOCK_BATCH_MQ, body(clientId, queueIds));
    expect(answer?.code).toBe(ResponseCode.SUCCESS);
    return decodeLockBatchResult(answer?.body ?? Buffer.from('{}')).map(({ queueId }) => queueId);
  };
  const unlock = (clientId: string, ...queueIds: number[]) => ask(RequestCode.UNLOCK_BATCH_MQ, body(clientId, queueIds));
  return { time, ask, lock, unlock };
}

it('refuses names that nobody has: they would be kept with each lock', async () => {
  const { ask, lock } = setup();
  const batch = { clientId: 'a', consumerGroup: 'g', queues: [queue(0)] };
  const most = 'x'.repeat(1024);
  const long = `${most}x`;
  expect((await ask(RequestCode.LOCK_BATCH_MQ, encodeLockBatch({ ...batch, clientId: most })))?.code).toBe(ResponseCode.SUCCESS);
  for (const change of [{ clientId: long }, { consumerGroup: long }, { queues: [{ ...queue(0), topic: long }] }]) {
    const answer = await ask(RequestCode.LOCK_BATCH_MQ, encodeLockBatch({ ...batch, ...change }));
    expect(answer).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark: expect.stringContaining('1024') });
  }
  expect(await lock('b', 0)).toEqual([0]);
});

it('what another client holds is left out of an answer that succeeds', async () => {
  const { lock, unlock } = setup();
  expect(await lock('a', 0, 1)).toEqual([0, 1]);
  expect(await lock('b', 0, 1, 2)).toEqual([2]);
  expect(await lock('c', 0, 1, 2)).toEqual([]);
  expect((await unlock('b', 0))?.code).toBe(ResponseCode.SUCCESS);
  expect(await lock('c', 0)).toEqual([]);
  await unlock('a', 0);
  expect(await lock('c', 0)).toEqual([0]);
});

it('a client that is silent for 60 s loses its queues, one that renews them in time does not', async () => {
  const { time, lock } = setup();
  await lock('a', 0, 1);
  await time.advance(59_999);
  expect(await lock('a', 1)).toEqual([1]);
  expect(await lock('b', 0, 1)).toEqual([]);
  await time.advance(1);
  expect(await lock('b', 0, 1)).toEqual([0]);
});

it('takes the fields by which 5.x brokers ask each other (lockInStrictMode), and those it does not know', async () => {
  const { ask, lock } = setup();
  const mqSet = [queue(0)];
  for (const fields of [{ onlyThisBroker: true }, { onlyThisBroker: false }, { strictMode: true, anything: { a: [1] } }]) {
    const body = Buffer.from(JSON.stringify({ ...fields, clientId: 'a', consumerGroup: 'CG_O', mqSet }));
    const answer = await ask(RequestCode.LOCK_BATCH_MQ, body);
    expect(decodeLockBatchResult(answer?.body ?? Buffer.alloc(0))).toEqual(mqSet);
    expect((await ask(RequestCode.UNLOCK_BATCH_MQ, body))?.code).toBe(ResponseCode.SUCCESS);
  }
  expect(await lock('b', 0)).toEqual([0]);
});

it('a grant is told when it outlives a crash, not before; none is told when it cannot be written', async () => {
  let written: () => void = () => undefined;
  const waiting = setup({ whenDurable: () => new Promise((resolve) => (written = resolve)) });
  let isTold = false;
  const granted = waiting.lock('a', 0).then((queueIds) => {
    isTold = true;
    return queueIds;
  });
  await waiting.time.advance(30_000);
  expect(isTold).toBe(false);
  written();
  expect(await granted).toEqual([0]);
  const failing = setup({ whenDurable: () => Promise.reject(new Error('disk')) });
  await expect(failing.lock('a', 0)).rejects.toThrow('disk');
});

it('takes 16,384 queues and no more', async () => {
  const { ask } = setup();
  const bodyOf = (count: number): Buffer => {
    const queues = Array.from({ length: count }, (_, queueId) => ({ topic: 'T', brokerName: 'b', queueId }));
    return encodeLockBatch({ clientId: 'a', consumerGroup: 'CG_O', queues });
  };
  expect((await ask(RequestCode.LOCK_BATCH_MQ, bodyOf(16_385)))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  expect((await ask(RequestCode.LOCK_BATCH_MQ, bodyOf(16_384)))?.code).toBe(ResponseCode.SUCCESS);
});
