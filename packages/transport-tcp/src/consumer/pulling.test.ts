/** The pull loop in a whole consumer: every row of page 04 §5, where consumption starts, and the cache's limits. */
import { TransportError } from '@orbitmq/core/kernel';
import type { PullMessageHeader } from '@orbitmq/protocol';
import {
  createResponse,
  PullSysFlag,
  pullMessageHeader,
  pullMessageResponseHeader,
  RequestCode,
  ResponseCode,
  updateConsumerOffsetHeader,
} from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { createPushConsumer } from './push-consumer.js';
import { ack, after, definition, type Fixture, fixture, group, recorder, retry, topic } from './test-support/consumer-fixture.js';
import type { RecordedRequest } from './test-support/scripted-cluster.js';

function pulls(f: Fixture): (PullMessageHeader & { atMs: number })[] {
  return f.cluster.requests
    .filter((request) => request.code === RequestCode.PULL_MESSAGE)
    .map((request) => ({ ...pullMessageHeader.decodeCommand(request.command), atMs: request.atMs }))
    .filter((header) => header.topic === topic);
}

/** Replaces the answers to pulls of the topic by `answers`, one after another; then the broker answers itself. */
function script(
  f: Fixture,
  answers: ((request: RecordedRequest) => ReturnType<typeof createResponse> | Error | undefined)[],
): void {
  const left = [...answers];
  f.cluster.intercept(RequestCode.PULL_MESSAGE, (request) => {
    if (pullMessageHeader.decodeCommand(request.command).topic !== topic) return undefined;
    return left.shift()?.(request);
  });
}

const refusal = (code: number) => (request: RecordedRequest) => createResponse(request.command, code, { remark: 'planted' });

function answer(code: number, nextBeginOffset: number, brokerId = 0) {
  return (request: RecordedRequest) => {
    const offsets = { suggestWhichBrokerId: brokerId, nextBeginOffset, minOffset: 0, maxOffset: 100 };
    const extFields = pullMessageResponseHeader.encode({ ...offsets, topicSysFlag: 0, groupSysFlag: 0 });
    return createResponse(request.command, code, { extFields });
  };
}

test('found: messages are delivered and the next pull goes out at once, behind them', async () => {
  const f = fixture();
  for (let index = 0; index < 40; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(20);
  expect(handler.bodies.length).toBe(40);
  expect(pulls(f).map((pull) => pull.queueOffset)).toEqual([0, 32, 40]);
  expect(pulls(f)[0]).toMatchObject({
    consumerGroup: group,
    maxMsgNums: 32,
    sysFlag: PullSysFlag.SUSPEND,
    commitOffset: 0,
    suspendTimeoutMillis: 15_000,
    expressionType: 'TAG',
    subscription: undefined,
    brokerName: 'broker-a',
  });
});

test('a pull carries no offset to commit: a broker could take it after the last commit of a stop', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  await f.time.settle(f.consumer('c1', recorder(f.environment).deliver).start());
  await f.pass(10);
  f.cluster.publish(topic, 'b');
  await f.pass(5000);
  expect(f.cluster.committed(group, topic)).toBe(2);
  expect(pulls(f).every((pull) => pull.commitOffset === 0 && (pull.sysFlag & PullSysFlag.COMMIT_OFFSET) === 0)).toBe(true);
});

test('nothing new: the next long poll follows the answer, and the client waits longer than the broker holds', async () => {
  const f = fixture();
  await f.time.settle(f.consumer('c1', recorder(f.environment).deliver).start());
  await f.pass(46_000);
  expect(pulls(f).length).toBe(4);
  expect(pulls(f).map((pull) => pull.queueOffset)).toEqual([0, 0, 0, 0]);
});

test.each([ResponseCode.PULL_NOT_FOUND, ResponseCode.PULL_RETRY_IMMEDIATELY])(
  'code %d: filtered messages are passed over and committed',
  async (code) => {
    const f = fixture();
    script(f, [answer(code, 7), () => new TransportError('REQUEST_TIMEOUT', 'cut', { outcome: 'unknown' })]);
    await f.time.settle(f.consumer('c1', recorder(f.environment).deliver).start());
    await f.pass(10);
    expect(pulls(f).map((pull) => pull.queueOffset)).toEqual([0, 7]);
    await f.pass(1000);
    expect(f.cluster.committed(group, topic)).toBe(7);
  },
);

test.each([
  [ResponseCode.FLOW_CONTROL, 20],
  [ResponseCode.SYSTEM_ERROR, 3000],
  [ResponseCode.SYSTEM_BUSY, 3000],
  [ResponseCode.NO_PERMISSION, 3000],
  [ResponseCode.TOPIC_NOT_EXIST, 3000],
  [ResponseCode.SUBSCRIPTION_PARSE_FAILED, 3000],
])('code %d: the same pull again after %d ms', async (code, pauseMs) => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  script(f, [refusal(code)]);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(pauseMs + 10);
  const [first, second] = pulls(f);
  expect(second?.queueOffset).toBe(0);
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(pauseMs);
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThan(pauseMs + 5);
  expect(handler.bodies).toEqual(['a']);
});

test.each([ResponseCode.SUBSCRIPTION_NOT_EXIST, ResponseCode.SUBSCRIPTION_NOT_LATEST, ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST])(
  'code %d: the broker is told the subscription again, and the pull is repeated',
  async (code) => {
    const f = fixture();
    f.cluster.publish(topic, 'a');
    script(f, [refusal(code)]);
    const handler = recorder(f.environment);
    await f.time.settle(f.consumer('c1', handler.deliver).start());
    f.cluster.members.clear();
    await f.pass(100);
    expect(f.cluster.members.get(group)?.has('c1')).toBe(true);
    await f.pass(3000);
    expect(handler.bodies).toEqual(['a']);
  },
);

test('a failing network: again after 3 s', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  script(f, [() => new TransportError('CONNECTION_CLOSED', 'planted', { outcome: 'unknown' })]);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(2900);
  expect(handler.bodies).toEqual([]);
  await f.pass(200);
  expect(handler.bodies).toEqual(['a']);
});

test('an answer without its header counts as a failure', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  script(f, [refusal(ResponseCode.SUCCESS)]);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(3100);
  expect(handler.bodies).toEqual(['a']);
});

test('offset out of range: the correction is stored, also downwards, and the queue is taken again from there', async () => {
  const f = fixture();
  for (let index = 0; index < 10; index += 1) f.cluster.publish(topic, `m${index}`);
  f.cluster.offsets.set(`${group}@${topic}@0`, 500);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(50);
  expect(f.cluster.committed(group, topic)).toBe(10);
  f.cluster.publish(topic, 'after');
  await f.pass(50);
  expect(handler.bodies).toEqual(['after']);
});

test('offset below the queue: consumption goes on at its beginning', async () => {
  const f = fixture();
  for (let index = 0; index < 10; index += 1) f.cluster.publish(topic, `m${index}`);
  f.cluster.expire(topic, 0, 6);
  f.cluster.offsets.set(`${group}@${topic}@0`, 2);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(50);
  expect(handler.bodies).toEqual(['m6', 'm7', 'm8', 'm9']);
});

test('offset moved while a handler runs: its signal aborts, and its verdict does not touch the new offset', async () => {
  const f = fixture();
  for (let index = 0; index < 3; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 500);
    return ack;
  });
  script(f, [() => undefined, () => undefined, answer(ResponseCode.PULL_OFFSET_MOVED, 0)]);
  await f.time.settle(f.consumer('c1', handler.deliver, { pullBatchSize: 1 }).start());
  await f.pass(20);
  const aborted = handler.deliveries.filter((delivery) => delivery.context.signal.aborted);
  expect(aborted.length).toBeGreaterThan(0);
  expect(aborted[0]?.context.signal.reason).toMatchObject({ kind: 'rebalanced' });
  await f.pass(2000);
  await f.pass(20_000);
  expect(f.cluster.committed(group, topic)).toBe(3);
});

test('offset moved while a handler runs that fails: its message is not sent back, the queue is read anew', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  script(f, [() => undefined, answer(ResponseCode.PULL_OFFSET_MOVED, 0)]);
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 500);
    return handler.deliveries.length === 1 ? retry() : ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(20_000);
  expect(f.cluster.count(RequestCode.CONSUMER_SEND_MSG_BACK)).toBe(0);
  expect(handler.bodies).toEqual(['a', 'a']);
});

test('a record that cannot be read stops the queue loudly instead of being skipped', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'good');
  const broken = f.cluster.publish(topic, 'broken');
  const magic = Buffer.from(broken.record.subarray(4, 8));
  broken.record.fill(0, 4, 8);
  const handler = recorder(f.environment);
  await f.time.settle(f.consumer('c1', handler.deliver).start());
  await f.pass(10_000);
  expect(handler.bodies).toEqual(['good']);
  magic.copy(broken.record, 4);
  await f.pass(3100);
  expect(handler.bodies).toEqual(['good', 'broken']);
});

test('tags: other messages neither arrive nor hold the offset back', async () => {
  const f = fixture();
  for (let index = 0; index < 64; index += 1) {
    f.cluster.publish(topic, `m${index}`, { properties: { TAGS: index % 2 === 0 ? 'paid' : 'placed' } });
  }
  const handler = recorder(f.environment);
  const subscriptions = [{ topic, filter: { kind: 'tags', tags: ['paid', 'shipped'] } as const }];
  await f.time.settle(f.consumer('c1', handler.deliver, { subscriptions }).start());
  await f.pass(30);
  expect(handler.bodies.length).toBe(32);
  await f.pass(10_100);
  expect(f.cluster.committed(group, topic)).toBe(64);
  const told = f.cluster.members
    .get(group)
    ?.get('c1')
    ?.subscriptionDataSet.find((entry) => entry.topic === topic);
  expect(told).toMatchObject({ subString: 'paid || shipped', tagsSet: ['paid', 'shipped'], expressionType: 'TAG' });
});

test('a full cache pauses pulling, and room wakes it', async () => {
  const f = fixture();
  for (let index = 0; index < 200; index += 1) f.cluster.publish(topic, `m${index}`);
  const handler = recorder(f.environment, async () => {
    await after(f.environment, 1000);
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { pullThresholdForQueue: 40, concurrency: 2 }).start());
  await f.pass(500);
  // 32 are not above 40, 64 are.
  expect(pulls(f).length).toBe(2);
  await f.pass(60_000);
  expect(pulls(f).length).toBeGreaterThan(3);
  await f.pass(60_000);
  expect(handler.bodies.length).toBe(200);
});

test('one slow message stops pulling at the span, not before', async () => {
  const f = fixture();
  for (let index = 0; index < 300; index += 1) f.cluster.publish(topic, `m${index}`);
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handler = recorder(f.environment, async (delivery) => {
    if (delivery.bodies[0] === 'm0') await slow;
    return ack;
  });
  await f.time.settle(f.consumer('c1', handler.deliver, { consumeConcurrentlyMaxSpan: 100 }).start());
  await f.pass(60_000);
  expect(handler.bodies.length).toBe(128);
  expect(f.cluster.committed(group, topic) ?? 0).toBe(0);
  release();
  await f.pass(1000);
  expect(handler.bodies.length).toBe(300);
});

test('the answer says where to read next', async () => {
  const f = fixture();
  const client = f.client('c1');
  const asked: number[] = [];
  client.readAddress = (...parts: unknown[]): string => {
    asked.push(parts[1] as number);
    return f.cluster.address;
  };
  script(f, [
    answer(ResponseCode.PULL_NOT_FOUND, 0, 1),
    answer(ResponseCode.PULL_NOT_FOUND, 0, 1),
    refusal(ResponseCode.SYSTEM_BUSY),
  ]);
  const consuming = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  await f.time.settle(consuming.start());
  await f.pass(10);
  expect(asked.filter((id) => id === 1).length).toBe(2);
});

test.each([
  ['first', undefined, 0],
  ['last', undefined, 5],
  [{ timestamp: 3_000_003 }, undefined, 3],
  ['last', 2, 2],
  ['first', 2, 2],
] as const)('consume from %j with the stored offset %s: %d', async (consumeFrom, stored, expected) => {
  const f = fixture();
  for (let index = 0; index < 5; index += 1) f.cluster.publish(topic, `m${index}`);
  if (stored !== undefined) f.cluster.offsets.set(`${group}@${topic}@0`, stored);
  await f.time.settle(f.consumer('c1', recorder(f.environment).deliver, { consumeFrom }).start());
  await f.pass(10);
  expect(pulls(f)[0]?.queueOffset).toBe(expected);
});

test('only code 22 means "no offset": after another error the queue is tried again, not started somewhere', async () => {
  const f = fixture();
  for (let index = 0; index < 5; index += 1) f.cluster.publish(topic, `m${index}`);
  f.cluster.offsets.set(`${group}@${topic}@0`, 2);
  f.cluster.intercept(RequestCode.QUERY_CONSUMER_OFFSET, refusal(ResponseCode.SYSTEM_ERROR));
  const handler = recorder(f.environment);
  const consuming = f.consumer('c1', handler.deliver, { consumeFrom: 'last' });
  await f.time.settle(consuming.start());
  await f.pass(5000);
  expect([handler.bodies, consuming.assignment]).toEqual([[], []]);
  f.cluster.intercept(RequestCode.QUERY_CONSUMER_OFFSET, undefined);
  await f.pass(1100);
  expect(handler.bodies).toEqual(['m2', 'm3', 'm4']);
});

function commits(f: ReturnType<typeof fixture>) {
  return f.cluster.requests
    .filter((request) => request.code === RequestCode.UPDATE_CONSUMER_OFFSET)
    .map((request) => updateConsumerOffsetHeader.decodeCommand(request.command))
    .filter((commit) => commit.topic === topic)
    .map((commit) => commit.commitOffset);
}

test('offsets are committed soon after they changed, again when that failed, and every 5 s when they did not', async () => {
  const f = fixture();
  await f.time.settle(
    f.consumer('c1', recorder(f.environment).deliver, {}, { brokerSuspendMs: 1e6, pullTimeoutMs: 2e6 }).start(),
  );
  await f.pass(200);
  const before = commits(f).length;
  f.cluster.publish(topic, 'a');
  await f.pass(200);
  expect(commits(f).slice(before)).toEqual([1]);
  await f.pass(4000);
  expect(commits(f).slice(before)).toEqual([1]);
  await f.pass(1200);
  expect(commits(f).slice(before)).toEqual([1, 1]);
  f.cluster.intercept(RequestCode.UPDATE_CONSUMER_OFFSET, refusal(ResponseCode.SYSTEM_ERROR));
  f.cluster.publish(topic, 'b');
  await f.pass(110);
  f.cluster.intercept(RequestCode.UPDATE_CONSUMER_OFFSET, undefined);
  await f.pass(100);
  expect(commits(f).slice(before)).toEqual([1, 1, 2, 2]);
});

test('an offset that the broker lost in a crash is told again, also by the last commit of a stop', async () => {
  const f = fixture();
  f.cluster.publish(topic, 'a');
  const consuming = f.consumer('c1', recorder(f.environment).deliver);
  await f.time.settle(consuming.start());
  await f.pass(500);
  f.cluster.offsets.delete(`${group}@${topic}@0`);
  await f.pass(5000);
  expect(f.cluster.committed(group, topic)).toBe(1);
  f.cluster.offsets.delete(`${group}@${topic}@0`);
  await f.time.settle(consuming.stop());
  expect(f.cluster.committed(group, topic)).toBe(1);
});

test('of one queue one commit is under way at a time: a broker may serve two in either order', async () => {
  const f = fixture();
  const client = f.client('c1');
  client.latencyMs = (code) => (code === RequestCode.UPDATE_CONSUMER_OFFSET ? 2500 : 1);
  const consuming = createPushConsumer({ instance: client, definition: definition(), deliver: recorder(f.environment).deliver });
  f.cluster.publish(topic, 'a');
  await f.time.settle(consuming.start());
  await f.pass(150);
  f.cluster.publish(topic, 'b');
  await f.pass(10);
  const stopped = consuming.stop();
  await f.pass(2600);
  expect(commits(f)).toEqual([1]);
  await f.time.settle(stopped);
  expect(commits(f)).toEqual([1, 2]);
  expect(f.cluster.committed(group, topic)).toBe(2);
});
