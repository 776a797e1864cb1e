import { type ConsumerData, RequestCode, type SubscriptionData } from '@orbitmq/protocol';
import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../test-support/recording-connection.js';
import { ClientHousekeepingService } from './client-housekeeping-service.js';
import { createConsumerManager } from './create-consumer-manager.js';

const subscription = (topic: string, subVersion = 1, subString = '*'): SubscriptionData => ({
  topic,
  subString,
  tagsSet: [],
  codeSet: [],
  subVersion,
  expressionType: 'TAG',
  classFilterMode: false,
});

const consumer = (subscriptions: readonly SubscriptionData[], overrides: Partial<ConsumerData> = {}): ConsumerData => ({
  groupName: 'g',
  consumeType: 'CONSUME_PASSIVELY',
  messageModel: 'CLUSTERING',
  consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
  subscriptionDataSet: subscriptions,
  unitMode: false,
  ...overrides,
});

function setup(overrides: { readonly isNotified?: (group: string) => boolean; readonly groupsPerConnectionMax?: number } = {}) {
  const time = new VirtualTime();
  const consumers = createConsumerManager({
    clock: time,
    timers: time,
    channelExpiredTimeoutMs: 120_000,
    isNotified: () => true,
    ...overrides,
  });
  const join = (clientId: string, data: ConsumerData, connection = new RecordingConnection(), withoutSub = false) => {
    consumers.register({ connection, clientId, language: 0, version: 473 }, data, withoutSub);
    return connection;
  };
  return { time, consumers, join };
}

test('joining, a new or dropped topic, and leaving are told to every member', () => {
  const { consumers, join } = setup();
  const a = join('a', consumer([subscription('T')]));
  expect(a.notices).toHaveLength(1);
  expect(a.notices[0]).toMatchObject({
    code: RequestCode.NOTIFY_CONSUMER_IDS_CHANGED,
    flag: 2,
    extFields: { consumerGroup: 'g' },
  });
  const b = join('b', consumer([subscription('T')]));
  expect([a.notices.length, b.notices.length]).toEqual([2, 1]);
  join('a', consumer([subscription('T')]), a);
  expect([a.notices.length, b.notices.length]).toEqual([2, 1]);
  join('a', consumer([subscription('T'), subscription('U')]), a);
  expect([a.notices.length, b.notices.length]).toEqual([3, 2]);
  join('b', consumer([subscription('U')]), b);
  expect([a.notices.length, b.notices.length]).toEqual([4, 3]);
  expect(consumers.subscription('g', 'T')).toBeUndefined();
  consumers.unregister(b, 'b', 'g');
  expect([a.notices.length, b.notices.length]).toEqual([5, 3]);
  expect(consumers.clientIds('g')).toEqual(['a']);
  consumers.unregister(a, 'a', 'g');
  expect(consumers.clientIds('g')).toBeUndefined();
  expect(consumers.hasMembers('g')).toBe(false);
});

test('a known subscription is replaced only by a newer version', () => {
  const { consumers, join } = setup();
  const a = join('a', consumer([subscription('T', 5, 'x')]));
  join('b', consumer([subscription('T', 4, 'y')]));
  expect(consumers.subscription('g', 'T')?.subString).toBe('x');
  join('b', consumer([subscription('T', 6, 'z')]));
  expect(consumers.subscription('g', 'T')?.subString).toBe('z');
  join('a', consumer([subscription('T', 6, 'same version')]), a);
  expect(consumers.subscription('g', 'T')?.subString).toBe('z');
});

test('a heartbeat without subscriptions renews the member and keeps what is known', () => {
  const { consumers, join } = setup();
  const a = join('a', consumer([subscription('T')]));
  join('a', consumer([]), a, true);
  expect(consumers.subscription('g', 'T')).toBeDefined();
  const lone = join('c', consumer([], { groupName: 'h' }), new RecordingConnection(), true);
  expect(consumers.clientIds('h')).toEqual(['c']);
  expect(lone.notices).toHaveLength(1);
});

test('a large group is told at most every 200 ms, and in the end of everything', async () => {
  const { time, join } = setup();
  const members = Array.from({ length: 500 }, (_, index) => join(`c${index}`, consumer([subscription('T')])));
  const noticeCount = (): number => members.reduce((sum, member) => sum + member.notices.length, 0);
  expect(noticeCount()).toBeLessThan(65 * 66);
  const before = members[0]?.notices.length ?? 0;
  await time.advance(200);
  expect(members[0]?.notices).toHaveLength(before + 1);
  expect(members[499]?.notices).toHaveLength(1);
  for (const member of members.slice(0, 400)) member.close();
  await time.advance(1000);
  expect(members[499]?.notices).toHaveLength(2);
});

test('broadcasting groups and groups without notices are told nothing', () => {
  const { join } = setup({ isNotified: (group) => group !== 'quiet' });
  expect(join('a', consumer([subscription('T')], { messageModel: 'BROADCASTING' })).notices).toEqual([]);
  expect(join('b', consumer([subscription('T')], { groupName: 'quiet' })).notices).toEqual([]);
});

test('a closed connection leaves all its groups at once', () => {
  const { consumers, join } = setup();
  const a = join('a', consumer([subscription('T')]));
  join('a', consumer([subscription('T')], { groupName: 'h' }), a);
  const b = join('b', consumer([subscription('T')]));
  a.close();
  expect([consumers.clientIds('g'), consumers.clientIds('h')]).toEqual([['b'], undefined]);
  expect(b.notices).toHaveLength(2);
  join('a', consumer([subscription('T')]), a);
  expect(consumers.clientIds('g')).toEqual(['b']);
});

test('a client that reconnected counts once', () => {
  const { consumers, join } = setup();
  join('a', consumer([subscription('T')]));
  join('a', consumer([subscription('T')]));
  expect(consumers.clientIds('g')).toEqual(['a']);
  expect(consumers.members('g')).toHaveLength(2);
});

test('only the client itself unregisters', () => {
  const { consumers, join } = setup();
  const a = join('a', consumer([subscription('T')]));
  consumers.unregister(a, 'b', 'g');
  consumers.unregister(new RecordingConnection(), 'a', 'g');
  expect(consumers.clientIds('g')).toEqual(['a']);
});

test('silence of 120 s ends a membership and its connection; a connection with another live group stays', async () => {
  const { time, consumers, join } = setup();
  const service = new ClientHousekeepingService(time, [consumers]);
  await service.start();
  const a = join('a', consumer([subscription('T')]));
  const b = join('b', consumer([subscription('T')]));
  join('b', consumer([subscription('T')], { groupName: 'h' }), b);
  await time.advance(60_000);
  join('b', consumer([subscription('T')], { groupName: 'h' }), b);
  await time.advance(60_000);
  expect(consumers.clientIds('g')).toEqual(['a', 'b']);
  await time.advance(10_000);
  expect(consumers.clientIds('g')).toBeUndefined();
  expect([a.isOpen, b.isOpen]).toEqual([false, true]);
  await service.stop();
  await time.advance(200_000);
  expect(consumers.clientIds('h')).toEqual(['b']);
});

test('one connection may be in so many groups and no more', () => {
  const { consumers, join } = setup({ groupsPerConnectionMax: 2 });
  const a = join('a', consumer([], { groupName: 'g1' }));
  join('a', consumer([], { groupName: 'g2' }), a);
  join('a', consumer([], { groupName: 'g3' }), a);
  join('a', consumer([], { groupName: 'g2' }), a);
  expect([consumers.clientIds('g2'), consumers.clientIds('g3')]).toEqual([['a'], undefined]);
  consumers.unregister(a, 'a', 'g1');
  join('a', consumer([], { groupName: 'g3' }), a);
  expect(consumers.clientIds('g3')).toEqual(['a']);
});
