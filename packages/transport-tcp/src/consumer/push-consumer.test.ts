import { expect, test } from 'vitest';
import { createPushConsumer } from './push-consumer.js';
import { definition, fixture, group, recorder, topic } from './test-support/consumer-fixture.js';

test('the heartbeat says what the group is', () => {
  const f = fixture();
  const consuming = f.consumer('c1', recorder(f.environment).deliver, {
    consumeFrom: 'last',
    subscriptions: [{ topic, filter: { kind: 'tags', tags: ['TagA', 'TagB'] } }],
  });
  const data = consuming.heartbeatData();
  expect(data).toMatchObject({
    groupName: group,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    unitMode: false,
  });
  expect(data.subscriptionDataSet.map((entry) => [entry.topic, entry.subString, entry.codeSet])).toEqual([
    [topic, 'TagA || TagB', [2598919, 2598920]],
    [`%RETRY%${group}`, '*', []],
  ]);
});

test('a definition that contradicts itself is refused', () => {
  const f = fixture();
  const filter = { kind: 'all' } as const;
  const twice = {
    subscriptions: [
      { topic, filter },
      { topic, filter },
    ],
  };
  for (const changes of [
    twice,
    { concurrency: 0 },
    { batchSizeMax: 0 },
    { pullBatchSize: Number.NaN },
    { consumeTimeoutMs: -1 },
  ]) {
    const create = () =>
      createPushConsumer({ instance: f.client('c1'), definition: definition(changes), deliver: recorder(f.environment).deliver });
    expect(create).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  }
});

test('the subscription version grows though the clock goes back', async () => {
  const f = fixture(2);
  const consuming = f.consumer('c1', recorder(f.environment).deliver);
  const version = () => consuming.heartbeatData().subscriptionDataSet.find((entry) => entry.topic === topic)?.subVersion ?? 0;
  const before = version();
  f.time.jumpWallClock(-3_600_000);
  await f.time.settle(consuming.start());
  expect(version()).toBeGreaterThan(before);
});

test('a group that is registered already: start fails, and stop does not unregister the other one', async () => {
  const f = fixture();
  const client = f.client('c1');
  const first = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  await f.time.settle(first.start());
  client.registerConsumer = () => {
    throw new Error('planted: registered twice');
  };
  const second = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  await expect(f.time.settle(second.start())).rejects.toThrow(/registered twice/);
  await f.time.settle(second.stop());
  expect(f.cluster.members.get(group)?.has('c1')).toBe(true);
});
