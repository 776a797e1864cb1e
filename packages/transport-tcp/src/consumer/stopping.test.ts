/** `stop()` in every phase: nothing acknowledged comes again, nothing unacknowledged is lost (promises I8, I9, I12, I17). */
import { TransportError } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { ack, after, type Fixture, fixture, group, recorder, retry, topic } from './test-support/consumer-fixture.js';

/** What a new consumer of the group gets. */
async function afterRestart(f: Fixture, changes = {}): Promise<readonly string[]> {
  const handler = recorder(f.environment);
  const next = f.consumer('next', handler.deliver, changes);
  await f.time.settle(next.start());
  await f.pass(120_000);
  await f.time.settle(next.stop());
  return handler.bodies;
}

test('handlers that end in time: nothing comes twice, nothing is lost, and the brokers are told', async () => {
  const f = fixture(2);
  for (let index = 0; index < 60; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: index % 2 });
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 300);
    return ack;
  });
  const consuming = f.consumer('c1', handler.deliver, { concurrency: 4 });
  await f.time.settle(consuming.start());
  await f.pass(1000);
  const startedBefore = handler.bodies.length;
  await f.time.settle(consuming.stop({ deadlineMs: 5000 }));
  expect(handler.bodies.length).toBe(startedBefore);
  expect(f.cluster.members.get(group)?.size).toBe(0);
  const rest = await afterRestart(f);
  const all = [...handler.bodies, ...rest];
  expect([all.length, new Set(all).size]).toEqual([60, 60]);
});

test('a handler that does not end is aborted at the deadline; its message comes again, the others do not', async () => {
  const f = fixture();
  for (let index = 0; index < 3; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, (delivery) => (delivery.bodies[0] === 'm1' ? new Promise(() => undefined) : ack));
  const consuming = f.consumer('c1', handler.deliver);
  await f.time.settle(consuming.start());
  await f.pass(100);
  const before = f.environment.clock.monotonic();
  await f.time.settle(consuming.stop({ deadlineMs: 1000 }));
  expect(f.environment.clock.monotonic() - before).toBeLessThan(1500);
  expect(handler.deliveries[1]?.context.signal.reason).toMatchObject({ kind: 'stopped' });
  expect(f.cluster.committed(group, topic)).toBe(1);
  // m2 was acknowledged behind the unfinished m1: at least once.
  expect(await afterRestart(f)).toEqual(['m1', 'm2']);
});

test('a handler that gives up when aborted is not sent back: its message comes once, not twice', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(
    f.environment,
    (delivery) =>
      new Promise((resolve) => {
        delivery.context.signal.addEventListener('abort', () => resolve(retry()));
      }),
  );
  const consuming = f.consumer('c1', handler.deliver);
  await f.time.settle(consuming.start());
  await f.pass(100);
  await f.time.settle(consuming.stop({ deadlineMs: 100 }));
  expect(f.cluster.count(RequestCode.CONSUMER_SEND_MSG_BACK)).toBe(0);
  expect(await afterRestart(f)).toEqual(['a']);
});

test('a handler that finishes its work when aborted has done it', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(
    f.environment,
    (delivery) =>
      new Promise((resolve) => {
        delivery.context.signal.addEventListener('abort', () => resolve(ack));
      }),
  );
  const consuming = f.consumer('c1', handler.deliver);
  await f.time.settle(consuming.start());
  await f.pass(100);
  await f.time.settle(consuming.stop({ deadlineMs: 100 }));
  expect(await afterRestart(f)).toEqual([]);
});

test('a failure while draining is sent back before stop resolves, and the message comes once', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 500);
    return retry();
  });
  const consuming = f.consumer('c1', handler.deliver);
  await f.time.settle(consuming.start());
  await f.pass(100);
  await f.time.settle(consuming.stop());
  expect(f.cluster.count(RequestCode.CONSUMER_SEND_MSG_BACK)).toBe(1);
  expect(await afterRestart(f)).toEqual(['a']);
});

test('with a local retry pending: the offset has not passed it', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const cut = () => new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' });
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, cut);
  f.cluster.intercept(RequestCode.SEND_MESSAGE_V2, cut);
  const consuming = f.consumer('c1', recorder(f.environment, () => retry()).deliver);
  await f.time.settle(consuming.start());
  await f.pass(1000);
  await f.time.settle(consuming.stop());
  f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, undefined);
  expect(await afterRestart(f)).toEqual(['a']);
});

test('orderly: the running handler ends, its offset is committed, the lock is free at once', async () => {
  const f = fixture();
  for (let index = 0; index < 3; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 1000);
    return ack;
  });
  const consuming = f.consumer('c1', handler.deliver, { orderly: true });
  await f.time.settle(consuming.start());
  await f.pass(1500);
  await f.time.settle(consuming.stop());
  expect(handler.bodies).toEqual(['m0', 'm1']);
  expect([...f.cluster.locks.values()]).toEqual([]);
  expect(f.cluster.committed(group, topic)).toBe(2);
  expect(await afterRestart(f, { orderly: true })).toEqual(['m2']);
});

test('orderly: a handler that does not end keeps the lock; the broker frees it when its time is over', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, () => new Promise(() => undefined));
  const consuming = f.consumer('c1', handler.deliver, { orderly: true });
  await f.time.settle(consuming.start());
  await f.pass(100);
  await f.time.settle(consuming.stop({ deadlineMs: 500 }));
  expect(f.cluster.locks.get(`${group}@${topic}@0`)?.clientId).toBe('c1');
  expect(f.cluster.committed(group, topic) ?? 0).toBe(0);
  expect(await afterRestart(f, { orderly: true })).toEqual(['a']);
});

test('orderly: a suspended queue', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const consuming = f.consumer('c1', recorder(f.environment, () => retry()).deliver, {
    orderly: true,
    suspendCurrentQueueTimeMs: 20_000,
  });
  await f.time.settle(consuming.start());
  await f.pass(100);
  const before = f.environment.clock.monotonic();
  await f.time.settle(consuming.stop());
  expect(f.environment.clock.monotonic() - before).toBeLessThan(100);
  expect(await afterRestart(f, { orderly: true })).toEqual(['a']);
});

test('orderly: while a dropped queue waits for its handler', async () => {
  const f = fixture(2);
  f.cluster.publish(topic, 'a', { queueId: 1 });
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 3000);
    return ack;
  });
  const first = f.consumer('c1', handler.deliver, { orderly: true });
  await f.time.settle(first.start());
  await f.pass(500);
  const two = recorder(f.environment);
  const second = f.consumer('c2', two.deliver, { orderly: true });
  await f.time.settle(second.start());
  await f.time.settle(first.stop());
  await f.pass(2000);
  expect([handler.bodies, two.bodies]).toEqual([['a'], []]);
  expect(f.cluster.committed(group, topic, 1)).toBe(1);
});

test.each([0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20])('%d ms after start was called', async (ms) => {
  const f = fixture(2);
  for (let index = 0; index < 10; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: index % 2 });
  for (const orderly of [false, true]) {
    const handler = recorder(f.environment, async () => {
      await after(f.environment, 3);
      return ack;
    });
    const consuming = f.consumer(`c-${orderly}`, handler.deliver, { orderly, concurrency: 2 });
    const starting = consuming.start().catch((error: { code: string }) => error.code);
    await f.pass(ms);
    await f.time.settle(consuming.stop());
    expect([undefined, 'STOPPED']).toContain(await f.time.settle(starting));
    expect(f.cluster.members.get(group)?.size ?? 0).toBe(0);
    expect(f.cluster.locks.size).toBe(0);
    const count = handler.bodies.length;
    await f.pass(100);
    expect(handler.bodies.length).toBe(count);
  }
});

test('a message that an operator has consumed: stop waits for its handler, and no further one starts', async () => {
  const f = fixture();
  const { record } = f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 3000);
    return ack;
  });
  const consuming = f.consumer('c1', handler.deliver, { consumeFrom: 'last' });
  const consume = () => consuming.operations?.consumeDirectly(record, 'broker-a');
  const starting = consuming.start();
  expect(consume()).toBeUndefined();
  await f.time.settle(starting);
  const consumed = consume();
  const stopping = consuming.stop();
  expect(consume()).toBeUndefined();
  await f.time.settle(stopping);
  expect([handler.bodies, handler.runningCount]).toEqual([['a'], 0]);
  expect(handler.deliveries[0]?.context.signal.aborted).toBe(false);
  expect(await consumed).toMatchObject({ consumeResult: 'CR_SUCCESS', spentTimeMs: 3000 });
  expect(consume()).toBeUndefined();
});

test('a message that an operator has consumed: its handler is aborted at the deadline', async () => {
  const f = fixture();
  const { record } = f.cluster.publish(topic, 'a');
  const handler = recorder(f.environment, () => new Promise(() => undefined));
  const consuming = f.consumer('c1', handler.deliver, { consumeFrom: 'last' });
  await f.time.settle(consuming.start());
  void consuming.operations?.consumeDirectly(record, 'broker-a');
  const before = f.environment.clock.monotonic();
  await f.time.settle(consuming.stop({ deadlineMs: 1000 }));
  expect(f.environment.clock.monotonic() - before).toBeGreaterThanOrEqual(1000);
  expect(f.environment.clock.monotonic() - before).toBeLessThan(1500);
  expect(handler.deliveries[0]?.context.signal.reason).toMatchObject({ kind: 'stopped' });
});

test('a consumer that was never started stops too, and stopping twice is once', async () => {
  const f = fixture();
  const never = f.consumer('c1', recorder(f.environment).deliver);
  await never.stop();
  await expect(never.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' });
  const consuming = f.consumer('c2', recorder(f.environment).deliver);
  await f.time.settle(consuming.start());
  const first = consuming.stop();
  expect(consuming.stop()).toBe(first);
  await f.time.settle(first);
  await expect(consuming.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' });
});

test('no timer is left when it has stopped', async () => {
  for (const orderly of [false, true]) {
    const f = fixture(4);
    const cut = () => new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' });
    f.cluster.intercept(RequestCode.CONSUMER_SEND_MSG_BACK, cut);
    for (let index = 0; index < 8; index += 1) f.cluster.publish(topic, `m${index}`, { queueId: index % 4 });
    const handler = recorder(f.environment, () => retry());
    const consuming = f.consumer('c1', handler.deliver, { orderly, batchSizeMax: 4, batchWaitMs: 100 });
    await f.time.settle(consuming.start());
    await f.pass(4000);
    await f.time.settle(consuming.stop());
    // The broker's own long polls end within 15 s.
    await f.pass(16_000);
    expect(f.time.pendingCount).toBe(f.cluster.pendingRetries);
  }
});

test('when the broker is gone stop still ends', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const consuming = f.consumer('c1', recorder(f.environment).deliver, { orderly: true });
  await f.time.settle(consuming.start());
  await f.pass(100);
  for (const code of [11, 14, 15, 38, 41, 42]) {
    f.cluster.intercept(code, () => new TransportError('CONNECT_FAILED', 'planted', { outcome: 'not-sent' }));
  }
  const before = f.environment.clock.monotonic();
  await f.time.settle(consuming.stop());
  expect(f.environment.clock.monotonic() - before).toBeLessThan(10_000);
});
