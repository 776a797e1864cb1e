import {
  type ConsumerData,
  createRequest,
  encodeHeartbeat,
  type HeartbeatData,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { createConsumerManager } from '../../client/create-consumer-manager.js';
import { createProducerManager } from '../../client/create-producer-manager.js';
import { type BrokerConfig, defaultBrokerConfig } from '../../config/broker-config.js';
import { createSubscriptionGroupManager } from '../../group/create-subscription-group-manager.js';
import { LargeRequests } from '../../large-requests.js';
import { MemoryFileSystem } from '../../store/io/memory-file-system.js';
import { RecordingConnection } from '../../test-support/recording-connection.js';
import { createTopicConfigManager } from '../../topic/create-topic-config-manager.js';
import { HeartbeatProcessor } from './heartbeat-processor.js';

const directory = '/store/config';
const subscription = {
  topic: 'T',
  subString: '*',
  tagsSet: [],
  codeSet: [],
  subVersion: 1,
  expressionType: 'TAG',
  classFilterMode: false,
};

const consumer = (overrides: Partial<ConsumerData> = {}): ConsumerData => ({
  groupName: 'g',
  consumeType: 'CONSUME_PASSIVELY',
  messageModel: 'CLUSTERING',
  consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
  subscriptionDataSet: [subscription],
  unitMode: false,
  ...overrides,
});

async function setup(overrides: Partial<BrokerConfig> = {}, largeBytesMin = Number.POSITIVE_INFINITY) {
  const environment = virtualEnvironment(1);
  const fileSystem = new MemoryFileSystem();
  const config = { ...defaultBrokerConfig, ...overrides };
  const { clock, timers, logger } = environment;
  const groups = await createSubscriptionGroupManager({ environment, fileSystem, directory, config });
  const topics = await createTopicConfigManager({ environment, fileSystem, directory, config });
  const consumers = createConsumerManager({ clock, timers, channelExpiredTimeoutMs: 120_000, isNotified: () => true });
  const producers = createProducerManager({ clock, channelExpiredTimeoutMs: 120_000 });
  const announcements: (() => void)[] = [];
  const announceTopics = () => new Promise<void>((resolve) => announcements.push(resolve));
  const large = new LargeRequests({ timers, largeBytesMin });
  const processor = new HeartbeatProcessor({ consumers, producers, groups, topics, announceTopics, logger, large });
  const beat = (data: Partial<HeartbeatData>, connection: RecordingConnection) => {
    const heartbeat = { clientId: 'c', producerGroups: [], consumers: [], heartbeatFingerprint: 0, withoutSub: false, ...data };
    return processor.process(createRequest(RequestCode.HEART_BEAT, { body: encodeHeartbeat(heartbeat) }), connection);
  };
  return { environment, groups, topics, consumers, producers, announcements, beat };
}

test('retry topics that a large heartbeat made before its connection was closed are announced', async () => {
  const { environment, topics, announcements, beat } = await setup({}, 1);
  const connection = new RecordingConnection();
  const consumers = Array.from({ length: 1000 }, (_, index) => ({ ...consumer(), groupName: `g${index}` }));
  const done = beat({ consumers }, connection);
  await environment.time.runUntil(() => topics.get('%RETRY%g0') !== undefined, 1000);
  connection.close();
  await environment.time.settle(Promise.resolve(done));
  expect(topics.get('%RETRY%g999')).toBeUndefined();
  expect(announcements).toHaveLength(1);
  expect(connection.responses).toEqual([]);
});

test('a first heartbeat creates group and retry topic and is answered when they are announced', async () => {
  const { groups, topics, consumers, producers, announcements, beat } = await setup();
  const connection = new RecordingConnection();
  const done = beat({ consumers: [consumer()], producerGroups: ['p', 'CLIENT_INNER_PRODUCER'] }, connection);
  expect(groups.all().has('g')).toBe(true);
  expect(topics.get('%RETRY%g')).toMatchObject({ readQueueNums: 1, writeQueueNums: 1, perm: 6 });
  expect(consumers.clientIds('g')).toEqual(['c']);
  expect(producers.pickChannel('p')).toBe(connection);
  expect(connection.responses).toEqual([]);
  for (const resolve of announcements) resolve();
  await done;
  expect(connection.responses).toEqual([
    expect.objectContaining({
      code: ResponseCode.SUCCESS,
      extFields: { IS_SUPPORT_HEART_BEAT_V2: 'true', IS_SUB_CHANGE: 'true' },
    }),
  ]);
  expect(connection.responses[0]?.version).toBeGreaterThanOrEqual(232);
});

test('the notice of the change goes out before the answer', async () => {
  const { announcements, beat } = await setup();
  const connection = new RecordingConnection();
  const done = beat({ consumers: [consumer()] }, connection);
  for (const resolve of announcements) resolve();
  await done;
  expect(connection.sent.map((command) => command.code)).toEqual([RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, ResponseCode.SUCCESS]);
});

test('later heartbeats are answered in their turn', async () => {
  const { announcements, beat } = await setup();
  void beat({ consumers: [consumer()] }, new RecordingConnection());
  const connection = new RecordingConnection();
  void beat({ consumers: [consumer()] }, connection);
  expect(connection.responses).toHaveLength(1);
  expect(announcements).toHaveLength(1);
});

test('a group that may not be created is left out, the heartbeat succeeds', async () => {
  const { topics, consumers, producers, beat } = await setup({ autoCreateSubscriptionGroup: false });
  const connection = new RecordingConnection();
  void beat({ consumers: [consumer()], producerGroups: ['p'] }, connection);
  expect(connection.responses[0]?.code).toBe(ResponseCode.SUCCESS);
  expect(consumers.hasMembers('g')).toBe(false);
  expect(topics.get('%RETRY%g')).toBeUndefined();
  expect(producers.pickChannel('p')).toBe(connection);
});

test('a connection that names too many groups brings no more into being', async () => {
  const { groups, topics, beat, announcements } = await setup();
  const connection = new RecordingConnection();
  const before = groups.all().size;
  const many = Array.from({ length: 5000 }, (_, index) => consumer({ groupName: `g${index}`, subscriptionDataSet: [] }));
  void beat({ consumers: many }, connection);
  void beat({ consumers: many.map((one) => ({ ...one, groupName: `other-${one.groupName}` })) }, connection);
  expect(groups.all().size - before).toBe(4096);
  expect([...topics.all().keys()].filter((name) => name.startsWith('%RETRY%'))).toHaveLength(4096);
  expect(announcements).toHaveLength(1);
});

test('version 2: subscriptions are asked for when they changed or are not known', async () => {
  const { consumers, topics, beat } = await setup();
  topics.ensure('%RETRY%g', 1, 6);
  const connection = new RecordingConnection();
  const isSubChange = (heartbeatFingerprint: number, withoutSub: boolean): string | undefined => {
    const subscriptionDataSet = withoutSub ? [] : [subscription];
    void beat({ heartbeatFingerprint, withoutSub, consumers: [consumer({ subscriptionDataSet })] }, connection);
    return connection.responses.at(-1)?.extFields?.['IS_SUB_CHANGE'];
  };
  // The broker started anew and knows nothing: the subscriptions are needed.
  expect(isSubChange(11, true)).toBe('true');
  expect(isSubChange(11, true)).toBe('true');
  expect(isSubChange(11, false)).toBe('false');
  expect(isSubChange(11, true)).toBe('false');
  expect(consumers.subscription('g', 'T')).toBeDefined();
  expect(isSubChange(12, false)).toBe('true');
  expect(isSubChange(12, true)).toBe('false');
  // A member of version 1 may have changed the group's subscriptions.
  expect(isSubChange(0, false)).toBe('true');
  expect(isSubChange(12, true)).toBe('true');
  expect(isSubChange(12, false)).toBe('true');
  expect(isSubChange(12, false)).toBe('false');
  // A pull referred to what nobody had told (24, 25): Apache's broker waits for the client to change something.
  consumers.askForSubscriptions('g');
  expect(isSubChange(12, true)).toBe('true');
  expect(isSubChange(12, false)).toBe('true');
  expect(isSubChange(12, true)).toBe('false');
});

test('a heartbeat without a body is a protocol error', async () => {
  const { groups, topics, consumers, producers } = await setup();
  const { logger, timers } = virtualEnvironment(1);
  const processor = new HeartbeatProcessor({
    consumers,
    producers,
    groups,
    topics,
    announceTopics: async () => undefined,
    logger,
    large: new LargeRequests({ timers, largeBytesMin: Number.POSITIVE_INFINITY }),
  });
  expect(() => processor.process(createRequest(RequestCode.HEART_BEAT), new RecordingConnection())).toThrow(
    expect.objectContaining({ code: 'BODY_INVALID' }),
  );
});
