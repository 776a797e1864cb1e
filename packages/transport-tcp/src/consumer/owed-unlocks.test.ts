/** Queues of an orderly consumer whose broker is down when they are given back: the next member need not wait for the lock's life. */
import { TransportError } from '@orbitmq/core/kernel';
import { decodeLockBatch, RequestCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { createPushConsumer, type PushConsumer } from './push-consumer.js';
import { definition, type Fixture, fixture, group, recorder, topic } from './test-support/consumer-fixture.js';

const orderly = { orderly: true } as const;
const keys = (...queueIds: number[]): string[] => queueIds.map((queueId) => `${topic}@broker-a@${queueId}`);
const holder = (f: Fixture, queueId: number): string | undefined => f.cluster.locks.get(`${group}@${topic}@${queueId}`)?.clientId;

/** The broker hears of no unlock; by `only` of none of one client. */
function refuseUnlocks(f: Fixture, only?: string): void {
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, ({ clientId }) =>
    only === undefined || clientId === only
      ? new TransportError('CONNECT_FAILED', 'planted', { outcome: 'not-sent' })
      : undefined,
  );
}

function unlocks(f: Fixture): readonly { readonly atMs: number; readonly queueIds: readonly number[] }[] {
  return f.cluster.requests
    .filter(({ code }) => code === RequestCode.UNLOCK_BATCH_MQ)
    .map(({ atMs, command }) => ({
      atMs,
      queueIds: decodeLockBatch(command.body ?? Buffer.alloc(0)).queues.map(({ queueId }) => queueId),
    }));
}

async function started(f: Fixture, clientId: string): Promise<PushConsumer> {
  const consuming = f.consumer(clientId, recorder(f.environment).deliver, orderly);
  await f.time.settle(consuming.start());
  return consuming;
}

test('rebalance while the broker is down: the other member has the queues soon after it is back', async () => {
  const f = fixture(4);
  const first = await started(f, 'c1');
  refuseUnlocks(f);
  const second = await started(f, 'c2');
  await f.pass(8000);
  expect([first.assignment, second.assignment]).toEqual([keys(0, 1), []]);
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, undefined);
  await f.pass(2500);
  expect([first.assignment, second.assignment]).toEqual([keys(0, 1), keys(2, 3)]);
  // One request at a time with all that is owed, and none when nothing is.
  const { length } = unlocks(f);
  expect(unlocks(f).at(-1)?.queueIds.toSorted()).toEqual([2, 3]);
  expect(length).toBeLessThan(15);
  await f.pass(10_000);
  expect(unlocks(f)).toHaveLength(length);
});

test('it tries for five minutes, so that a broker may be down for longer than a lock lives', async () => {
  const f = fixture(2);
  await started(f, 'c1');
  refuseUnlocks(f, 'c1');
  await started(f, 'c2');
  const firstAtMs = unlocks(f)[0]?.atMs ?? 0;
  await f.pass(400_000);
  const tries = unlocks(f);
  expect(tries.length).toBeGreaterThan(250);
  expect((tries.at(-1)?.atMs ?? 0) - firstAtMs).toBeLessThanOrEqual(300_000);
});

test('a queue that this client was given again is not unlocked', async () => {
  const f = fixture(2);
  const first = await started(f, 'c1');
  refuseUnlocks(f, 'c1');
  const second = await started(f, 'c2');
  await f.pass(3000);
  const tried = unlocks(f).length;
  expect(tried).toBeGreaterThan(1);
  await f.time.settle(second.stop());
  await f.pass(100);
  expect(first.assignment).toEqual(keys(0, 1));
  const { length } = unlocks(f);
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, undefined);
  await f.pass(70_000);
  expect(unlocks(f)).toHaveLength(length);
  expect([first.assignment, holder(f, 1)]).toEqual([keys(0, 1), 'c1']);
});

test('an unlock that is under way is over before the queue is locked again', async () => {
  const f = fixture(2);
  const client = f.client('c1');
  const first = createPushConsumer({
    instance: client,
    definition: definition(orderly),
    deliver: recorder(f.environment).deliver,
  });
  await f.time.settle(first.start());
  refuseUnlocks(f, 'c1');
  const second = await started(f, 'c2');
  await f.pass(3000);
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, undefined);
  client.latencyMs = (code) => (code === RequestCode.UNLOCK_BATCH_MQ ? 900 : 1);
  // The next try is on its way for most of the second in which the queue comes back.
  await f.pass(1050);
  f.cluster.requests.length = 0;
  await f.time.settle(second.stop());
  await f.pass(3000);
  expect([first.assignment, holder(f, 1)]).toEqual([keys(0, 1), 'c1']);
  const order = f.cluster.requests.filter(({ clientId }) => clientId === 'c1').map(({ code }) => code);
  expect(order.lastIndexOf(RequestCode.UNLOCK_BATCH_MQ)).toBeLessThan(order.indexOf(RequestCode.LOCK_BATCH_MQ));
  expect(order).toContain(RequestCode.UNLOCK_BATCH_MQ);
});

test('a lock that could not be taken again is owed as before', async () => {
  const f = fixture(2);
  const first = await started(f, 'c1');
  refuseUnlocks(f, 'c1');
  const second = await started(f, 'c2');
  f.cluster.intercept(RequestCode.LOCK_BATCH_MQ, ({ clientId }) =>
    clientId === 'c1' ? new TransportError('CONNECT_FAILED', 'planted', { outcome: 'not-sent' }) : undefined,
  );
  await f.time.settle(second.stop());
  await f.pass(3000);
  expect(first.assignment).toEqual(keys(0));
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, undefined);
  await f.pass(2000);
  expect(holder(f, 1)).toBeUndefined();
});

test('a lock that was lost while the broker was down is given back when it is there again', async () => {
  const f = fixture();
  const first = await started(f, 'c1');
  const down = (): TransportError => new TransportError('CONNECT_FAILED', 'planted', { outcome: 'not-sent' });
  const codes = [RequestCode.LOCK_BATCH_MQ, RequestCode.UNLOCK_BATCH_MQ];
  for (const code of codes) f.cluster.intercept(code, down);
  await f.pass(32_000);
  expect(first.assignment).toEqual([]);
  // It started again, and gave the lock that it found a whole life; the queue is another member's now.
  f.cluster.locks.set(`${group}@${topic}@0`, { clientId: 'c1', atMs: f.environment.clock.monotonic() });
  f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, undefined);
  await f.pass(2000);
  expect(holder(f, 0)).toBeUndefined();
});

test('stop waits a little for the broker to come back, within its deadline', async () => {
  for (const [deadlineMs, isUnlocked] of [
    [undefined, true],
    [1000, false],
  ] as const) {
    const f = fixture(2);
    const consuming = await started(f, 'c1');
    refuseUnlocks(f);
    f.environment.timers.setTimeout(() => f.cluster.intercept(RequestCode.UNLOCK_BATCH_MQ, undefined), 900);
    const beforeMs = f.environment.clock.monotonic();
    await f.time.settle(consuming.stop(deadlineMs === undefined ? {} : { deadlineMs }));
    expect(f.environment.clock.monotonic() - beforeMs).toBeLessThan(isUnlocked ? 3000 : 1000);
    expect(f.cluster.members.get(group)?.size).toBe(0);
    expect(f.cluster.locks.size).toBe(isUnlocked ? 0 : 2);
    await f.pass(10_000);
    expect(f.cluster.locks.size).toBe(isUnlocked ? 0 : 2);
  }
});
