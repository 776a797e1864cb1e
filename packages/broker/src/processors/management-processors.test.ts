import { sleep } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeConsumerIdList,
  decodeLockBatchResult,
  decodeTopicConfig,
  encodeCheckClientConfig,
  encodeLockBatch,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { createConsumerManager } from '../client/create-consumer-manager.js';
import { createProducerManager } from '../client/create-producer-manager.js';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { createSubscriptionGroupManager } from '../group/create-subscription-group-manager.js';
import { LargeRequests } from '../large-requests.js';
import { createRebalanceLockManager } from '../order/create-rebalance-lock-manager.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { RecordingConnection } from '../test-support/recording-connection.js';
import { plainTopic } from '../topic/boot-topics.js';
import { createTopicConfigManager } from '../topic/create-topic-config-manager.js';
import { CreateGroupsProcessor } from './admin/group/create.js';
import { CreateTopicProcessor } from './admin/topic/create.js';
import { GetTopicProcessor } from './admin/topic/get.js';
import { CheckClientConfigProcessor } from './client/check-client-config-processor.js';
import { ConsumerListProcessor } from './client/consumer-list-processor.js';
import { UnregisterClientProcessor } from './client/unregister-client-processor.js';
import { LockBatchProcessor } from './lock/lock-batch-processor.js';

const config = { ...defaultBrokerConfig, brokerName: 'broker-a' };

async function setup() {
  const environment = virtualEnvironment(1);
  const fileSystem = new MemoryFileSystem();
  const shared = { environment, fileSystem, directory: '/store/config', config };
  const { clock, timers } = environment;
  const topics = await createTopicConfigManager(shared);
  const groups = await createSubscriptionGroupManager(shared);
  const consumers = createConsumerManager({ clock, timers, channelExpiredTimeoutMs: 120_000, isNotified: () => true });
  const producers = createProducerManager({ clock, channelExpiredTimeoutMs: 120_000 });
  const locks = createRebalanceLockManager({ clock });
  const read = async (name: string) => JSON.parse((await fileSystem.readFile(`/store/config/${name}`))?.toString() ?? 'null');
  const large = new LargeRequests({ timers, largeBytesMin: Number.POSITIVE_INFINITY });
  return { environment, topics, groups, consumers, producers, locks, large, read };
}

async function ask(
  processor: { process(request: RemotingCommand, connection: RecordingConnection): void | Promise<void> },
  request: RemotingCommand,
  connection = new RecordingConnection(),
) {
  await processor.process(request, connection);
  expect(connection.responses).toHaveLength(1);
  return connection.responses[0];
}

const consumerData = {
  groupName: 'g',
  consumeType: 'CONSUME_PASSIVELY',
  messageModel: 'CLUSTERING',
  consumeFromWhere: undefined,
  subscriptionDataSet: [],
  unitMode: false,
} as const;

test('GET_CONSUMER_LIST_BY_GROUP names the members; nobody is an error, not an empty list', async () => {
  const { consumers } = await setup();
  const request = createRequest(RequestCode.GET_CONSUMER_LIST_BY_GROUP, { extFields: { consumerGroup: 'g' } });
  expect(await ask(new ConsumerListProcessor(consumers), request)).toMatchObject({
    code: ResponseCode.SYSTEM_ERROR,
    remark: 'no consumer for this group, g',
  });
  for (const clientId of ['a', 'b']) {
    consumers.register({ connection: new RecordingConnection(), clientId, language: 0, version: 473 }, consumerData, false);
  }
  const response = await ask(new ConsumerListProcessor(consumers), request);
  expect(response?.code).toBe(ResponseCode.SUCCESS);
  expect(decodeConsumerIdList(response?.body ?? Buffer.alloc(0))).toEqual(['a', 'b']);
});

test('UNREGISTER_CLIENT ends both memberships of the client', async () => {
  const { consumers, producers } = await setup();
  const connection = new RecordingConnection();
  consumers.register({ connection, clientId: 'a', language: 0, version: 473 }, consumerData, false);
  producers.register('p', 'a', connection);
  const extFields = { clientID: 'a', producerGroup: 'p', consumerGroup: 'g' };
  const request = createRequest(RequestCode.UNREGISTER_CLIENT, { extFields });
  expect((await ask(new UnregisterClientProcessor(consumers, producers), request, connection))?.code).toBe(0);
  expect([consumers.hasMembers('g'), producers.pickChannel('p')]).toEqual([false, undefined]);
});

test.each([
  ['TAG', false, 'a || b', ResponseCode.SUCCESS],
  ['', false, '', ResponseCode.SUCCESS],
  ['SQL92', false, 'a > 1', ResponseCode.SYSTEM_ERROR],
  ['SQL92', true, 'a > 1', ResponseCode.SUCCESS],
  ['SQL92', true, "a > 'x'", ResponseCode.SUBSCRIPTION_PARSE_FAILED],
  ['SQL92', true, '', ResponseCode.SUBSCRIPTION_PARSE_FAILED],
  ['SQL92', true, `a IN (${"'x',".repeat(4096)}'x')`, ResponseCode.SUBSCRIPTION_PARSE_FAILED],
  ['XPATH', true, 'a > 1', ResponseCode.SUBSCRIPTION_PARSE_FAILED],
])(
  'CHECK_CLIENT_CONFIG of a %s subscription, property filter %s',
  async (expressionType, enablePropertyFilter, subString, code) => {
    const subscription = {
      topic: 'T',
      subString,
      tagsSet: [],
      codeSet: [],
      subVersion: 1,
      expressionType,
      classFilterMode: false,
    };
    const body = encodeCheckClientConfig({ clientId: 'a', group: 'g', subscription });
    const processor = new CheckClientConfigProcessor({ enablePropertyFilter });
    expect((await ask(processor, createRequest(RequestCode.CHECK_CLIENT_CONFIG, { body })))?.code).toBe(code);
  },
);

test('LOCK_BATCH_MQ grants what is free and succeeds in any case', async () => {
  const { locks, large } = await setup();
  const processor = new LockBatchProcessor(locks, large);
  const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 };
  const lock = async (clientId: string) => {
    const body = encodeLockBatch({ consumerGroup: 'g', clientId, queues: [queue] });
    const response = await ask(processor, createRequest(RequestCode.LOCK_BATCH_MQ, { body }));
    expect(response?.code).toBe(ResponseCode.SUCCESS);
    return decodeLockBatchResult(response?.body ?? Buffer.alloc(0));
  };
  expect(await lock('a')).toEqual([queue]);
  expect(await lock('b')).toEqual([]);
  const body = encodeLockBatch({ consumerGroup: 'g', clientId: 'a', queues: [queue] });
  expect((await ask(processor, createRequest(RequestCode.UNLOCK_BATCH_MQ, { body })))?.code).toBe(ResponseCode.SUCCESS);
  expect(await lock('b')).toEqual([queue]);
});

test('a lock is granted when it would outlive the broker; one that cannot be written is not granted', async () => {
  const { locks, large, environment } = await setup();
  let outcome: () => Promise<void> = () => Promise.resolve();
  const afterTheDisk = async (): Promise<void> => {
    await sleep(environment.timers, 10);
    await outcome();
  };
  const processor = new LockBatchProcessor({ ...locks, whenDurable: afterTheDisk }, large);
  const body = encodeLockBatch({ consumerGroup: 'g', clientId: 'a', queues: [{ topic: 'T', brokerName: 'b', queueId: 0 }] });
  const request = createRequest(RequestCode.LOCK_BATCH_MQ, { body });
  const connection = new RecordingConnection();
  const granting = Promise.resolve(processor.process(request, connection));
  await environment.time.advance(9);
  expect(connection.responses).toHaveLength(0);
  await environment.time.settle(granting);
  expect(connection.responses).toHaveLength(1);
  outcome = () => Promise.reject(new Error('EIO'));
  await expect(environment.time.settle(Promise.resolve(processor.process(request, connection)))).rejects.toThrow('EIO');
  expect(connection.responses).toHaveLength(1);
});

const topicFields = {
  topic: 'T',
  defaultTopic: 'TBW102',
  readQueueNums: '4',
  writeQueueNums: '3',
  perm: '6',
  topicFilterType: 'SINGLE_TAG',
  topicSysFlag: '0',
  order: 'false',
};

test('UPDATE_AND_CREATE_TOPIC answers when the topic is on disk and announced; a repeat changes nothing', async () => {
  const { topics, read } = await setup();
  let announceCount = 0;
  const announceTopics = async (): Promise<void> => {
    announceCount += 1;
    expect((await read('topics.json')).topicConfigTable.T).toMatchObject({ readQueueNums: 4, writeQueueNums: 3 });
  };
  const processor = new CreateTopicProcessor({ config, topics, announceTopics });
  const request = createRequest(RequestCode.UPDATE_AND_CREATE_TOPIC, {
    extFields: { ...topicFields, order: 'true', attributes: '+message.type=FIFO' },
  });
  expect((await ask(processor, request))?.code).toBe(ResponseCode.SUCCESS);
  expect(topics.get('T')).toMatchObject({ order: true, attributes: { 'message.type': 'FIFO' } });
  expect(announceCount).toBe(1);
  const version = topics.dataVersion;
  expect((await ask(processor, request))?.code).toBe(ResponseCode.SUCCESS);
  expect([announceCount, topics.dataVersion]).toEqual([1, version]);
});

test.each([
  ['a bad name', { topic: 'T#' }, ResponseCode.INVALID_PARAMETER],
  ['a system topic', { topic: 'SCHEDULE_TOPIC_XXXX' }, ResponseCode.INVALID_PARAMETER],
  ['the cluster', { topic: 'DefaultCluster' }, ResponseCode.INVALID_PARAMETER],
  ['a name reserved for the broker', { topic: 'rmq_sys_wheel_timer' }, ResponseCode.INVALID_PARAMETER],
  ['too many queues', { readQueueNums: '65537' }, ResponseCode.INVALID_PARAMETER],
  ['a negative count', { writeQueueNums: '-1' }, ResponseCode.INVALID_PARAMETER],
  ['a bad permission', { perm: '8' }, ResponseCode.INVALID_PARAMETER],
  ['a bad filter type', { topicFilterType: 'NONE' }, ResponseCode.SYSTEM_ERROR],
  ['an unknown attribute', { attributes: '+colour=red' }, ResponseCode.SYSTEM_ERROR],
  ['an attribute without sign', { attributes: 'message.type=FIFO' }, ResponseCode.SYSTEM_ERROR],
  ['a bad value of an attribute', { attributes: '+message.type=RED' }, ResponseCode.SYSTEM_ERROR],
  ['removing what is not there', { attributes: '-message.type' }, ResponseCode.SYSTEM_ERROR],
])('UPDATE_AND_CREATE_TOPIC refuses %s and changes nothing', async (_name, fields, code) => {
  const { topics } = await setup();
  const before = topics.dataVersion;
  const processor = new CreateTopicProcessor({ config, topics, announceTopics: async () => undefined });
  const extFields = { ...topicFields, ...fields };
  const response = await ask(processor, createRequest(RequestCode.UPDATE_AND_CREATE_TOPIC, { extFields }));
  expect(response?.code).toBe(code);
  expect(response?.remark).toBeTruthy();
  expect(topics.dataVersion).toBe(before);
});

test('attributes fixed at the creation stay', async () => {
  const { topics } = await setup();
  topics.update({ ...plainTopic('T', 4, 6), attributes: { 'queue.type': 'SimpleCQ', 'message.type': 'FIFO' } });
  const processor = new CreateTopicProcessor({ config, topics, announceTopics: async () => undefined });
  const update = async (attributes: string) => {
    const extFields = { ...topicFields, attributes };
    return (await ask(processor, createRequest(RequestCode.UPDATE_AND_CREATE_TOPIC, { extFields })))?.code;
  };
  expect(await update('+queue.type=BatchCQ')).toBe(ResponseCode.SYSTEM_ERROR);
  expect(await update('-message.type,+reserve.time=-1')).toBe(ResponseCode.SUCCESS);
  expect(topics.get('T')?.attributes).toEqual({ 'queue.type': 'SimpleCQ', 'reserve.time': '-1' });
});

test('GET_TOPIC_CONFIG describes a topic; an unknown one is 17', async () => {
  const { topics } = await setup();
  topics.update(plainTopic('T', 4, 6));
  const get = (topic: string) =>
    ask(new GetTopicProcessor(topics), createRequest(RequestCode.GET_TOPIC_CONFIG, { extFields: { topic, lo: 'true' } }));
  expect(decodeTopicConfig((await get('T'))?.body ?? Buffer.alloc(0))).toEqual(topics.get('T'));
  expect((await get('U'))?.code).toBe(ResponseCode.TOPIC_NOT_EXIST);
});

test('UPDATE_AND_CREATE_SUBSCRIPTIONGROUP keeps what it does not know and answers when it is on disk', async () => {
  const { groups, large, read } = await setup();
  const processor = new CreateGroupsProcessor(groups, large);
  const update = (group: object | undefined) => {
    const body = group === undefined ? undefined : Buffer.from(JSON.stringify(group));
    return ask(processor, createRequest(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, { body }));
  };
  const first = {
    groupName: 'g',
    retryMaxTimes: 3,
    groupRetryPolicy: { type: 'CUSTOMIZED' },
    attributes: { '+lite.sub.model': 'Shared' },
  };
  expect((await update(first))?.code).toBe(ResponseCode.SUCCESS);
  expect((await read('subscriptionGroup.json')).subscriptionGroupTable.g).toMatchObject({
    retryMaxTimes: 3,
    groupRetryPolicy: { type: 'CUSTOMIZED' },
    attributes: { 'lite.sub.model': 'Shared' },
  });
  expect((await update({ groupName: 'g', consumeEnable: false }))?.code).toBe(ResponseCode.SUCCESS);
  expect(groups.find('g')).toMatchObject({ consumeEnable: false, retryMaxTimes: 16, attributes: { 'lite.sub.model': 'Shared' } });
  expect((await update(undefined))?.code).toBe(ResponseCode.SUCCESS);
  expect((await update({ groupName: 'g h' }))?.code).toBe(ResponseCode.INVALID_PARAMETER);
  expect((await update({}))?.code).toBe(ResponseCode.INVALID_PARAMETER);
  expect((await update({ groupName: 'g', retryMaxTimes: 'x' }))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  expect((await update({ groupName: 'g', attributes: { '+colour': 'red' } }))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  expect((await update([]))?.code).toBe(ResponseCode.SYSTEM_ERROR);
});
