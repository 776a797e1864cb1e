import { expect, test } from 'vitest';
import { ack, fixture, group, recorder, retry, topic } from './test-support/consumer-fixture.js';

const queue = (queueId = 0) => ({ topic, brokerName: 'broker-a', queueId });

test.each([false, true])(
  'a reset backward delivers again, one forward skips; the broker has the offset (orderly: %s)',
  async (orderly) => {
    const f = fixture();
    const recorded = recorder(f.environment);
    const consuming = f.consumer('c1', recorded.deliver, { orderly });
    await f.time.settle(consuming.start());
    for (const body of ['a', 'b', 'c']) f.cluster.publish(topic, body);
    await f.pass(10_000);
    expect(recorded.bodies).toEqual(['a', 'b', 'c']);
    const [held] = consuming.operations?.consumedOffsets(topic) ?? [];
    expect(held).toEqual([{ ...queue(), brokerName: held?.[0].brokerName }, 3]);
    if (held === undefined) throw new Error('no queue is held');
    consuming.operations?.resetOffsets('another topic', [[held[0], 0]]);
    consuming.operations?.resetOffsets(topic, [[held[0], 1]]);
    await f.pass(30_000);
    expect(recorded.bodies).toEqual(['a', 'b', 'c', 'b', 'c']);
    expect(f.cluster.committed(group, topic)).toBe(3);
    await f.time.settle(consuming.stop());
  },
);

test('the running state names queues, subscriptions and what the tools look up', async () => {
  const f = fixture(2);
  const consuming = f.consumer('c1', recorder(f.environment, () => new Promise(() => {})).deliver, { concurrency: 7 });
  await f.time.settle(consuming.start());
  f.cluster.publish(topic, 'a', { queueId: 1 });
  await f.pass(1000);
  const info = consuming.operations?.runningInfo();
  expect(info?.properties).toMatchObject({
    PROP_CONSUME_TYPE: 'CONSUME_PASSIVELY',
    PROP_CONSUMEORDERLY: 'false',
    PROP_THREADPOOL_CORE_SIZE: '7',
  });
  expect(Number(info?.properties['PROP_CONSUMER_START_TIMESTAMP'])).toBeGreaterThan(0);
  expect(info?.subscriptions.map((entry) => entry.topic)).toEqual([topic, `%RETRY%${group}`]);
  const held = info?.queues
    .filter(([{ topic: of }]) => of === topic)
    .map(([{ queueId }, state]) => [queueId, state.cachedMsgCount]);
  expect(held).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test('the running state tells how pulls and handlers get on, and when', async () => {
  const f = fixture();
  let turn = 0;
  const recorded = recorder(f.environment, () => {
    turn += 1;
    return turn === 1 ? retry() : ack;
  });
  const consuming = f.consumer('c1', recorded.deliver);
  await f.time.settle(consuming.start());
  const startedAt = f.environment.clock.now();
  await f.pass(1000);
  for (const body of ['a', 'b', 'c']) f.cluster.publish(topic, body);
  await f.pass(5000);
  const info = consuming.operations?.runningInfo();
  const status = info?.statuses.get(topic);
  expect(status).toMatchObject({ consumeFailedMsgs: 1 });
  // Of three messages one was sent back.
  expect(status?.pullTPS).toBeGreaterThan(0.4);
  expect((status?.consumeOKTPS ?? 0) / (status?.pullTPS ?? 1)).toBeCloseTo(2 / 3);
  expect((status?.consumeFailedTPS ?? 0) / (status?.pullTPS ?? 1)).toBeCloseTo(1 / 3);
  expect(Array.from(info?.statuses.keys() ?? []).sort()).toEqual([`%RETRY%${group}`, topic].sort());
  const [, held] = info?.queues.find(([{ topic: of }]) => of === topic) ?? [];
  expect(held?.lastPullTimestamp).toBeGreaterThanOrEqual(startedAt);
  expect(held?.lastConsumeTimestamp).toBeGreaterThanOrEqual(startedAt + 1000);
  await f.time.settle(consuming.stop());
});

test('a message consumed directly leaves offsets and retries alone', async () => {
  const f = fixture();
  const recorded = recorder(f.environment, () => retry());
  const consuming = f.consumer('c1', recorded.deliver, { consumeFrom: 'last' });
  const { record } = f.cluster.publish(topic, 'a');
  await f.time.settle(consuming.start());
  const result = await f.time.settle(consuming.operations?.consumeDirectly(record, 'broker-a') ?? Promise.resolve(undefined));
  expect(result?.consumeResult).toBe('CR_THROW_EXCEPTION');
  expect(recorded.bodies).toEqual(['a']);
  expect(f.cluster.stored(`%RETRY%${group}`)).toEqual([]);
  await f.time.settle(consuming.stop());
});
