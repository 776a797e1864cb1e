import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, test } from 'vitest';
import { defaultBrokerConfig } from '../../config/broker-config.js';
import { createSubscriptionGroupManager } from '../../group/create-subscription-group-manager.js';
import { createConsumerOffsetManager } from '../../offset/create-consumer-offset-manager.js';
import { MemoryFileSystem } from '../../store/io/memory-file-system.js';
import { RecordingConnection } from '../../test-support/recording-connection.js';
import { plainTopic } from '../../topic/boot-topics.js';
import { createTopicConfigManager } from '../../topic/create-topic-config-manager.js';
import { QueryConsumerOffsetProcessor } from './query-consumer-offset-processor.js';
import { QueueOffsetProcessor } from './queue-offset-processor.js';
import { SearchOffsetProcessor } from './search-offset-processor.js';
import { UpdateConsumerOffsetProcessor } from './update-consumer-offset-processor.js';

interface Queue {
  readonly min: number;
  readonly max: number;
  readonly isInMemory: boolean;
}

/** A store with one queue, `T` 0, whose message n was stored at (n + 1) * 100. */
const storeOf = ({ min, max, isInMemory }: Queue) => {
  const isHere = (topic: string, queueId: number): boolean => topic === 'T' && queueId === 0;
  return {
    minOffset: (topic: string, queueId: number) => (isHere(topic, queueId) ? min : 0),
    maxOffset: (topic: string, queueId: number) => (isHere(topic, queueId) ? max : 0),
    isInMemory: (topic: string, queueId: number) => isHere(topic, queueId) && isInMemory,
    earliestStoreTime: async (topic: string, queueId: number) => (isHere(topic, queueId) && max > min ? (min + 1) * 100 : -1),
    offsetByTime: async (topic: string, queueId: number, timestamp: number) =>
      isHere(topic, queueId) ? Math.min(Math.max(Math.ceil(timestamp / 100) - 1, min), max) : 0,
  };
};

async function managers() {
  const environment = virtualEnvironment(1);
  const fileSystem = new MemoryFileSystem();
  const shared = { environment, fileSystem, directory: '/store/config', config: defaultBrokerConfig };
  const topics = await createTopicConfigManager(shared);
  topics.update(plainTopic('T', 2, 6));
  const groups = await createSubscriptionGroupManager(shared);
  groups.find('g');
  return {
    topics,
    groups,
    offsets: await createConsumerOffsetManager({ ...shared, store: { whenFlushed: async () => undefined } }),
  };
}

async function ask(
  processor: { process(request: ReturnType<typeof createRequest>, connection: RecordingConnection): void | Promise<void> },
  code: number,
  extFields: Record<string, string>,
) {
  const connection = new RecordingConnection();
  await processor.process(createRequest(code, { extFields }), connection);
  expect(connection.responses).toHaveLength(1);
  return connection.responses[0];
}

describe('QUERY_CONSUMER_OFFSET', () => {
  const young = { min: 0, max: 5, isInMemory: true };
  const query = async (queue: Queue, committed: number | undefined, fields: Record<string, string> = {}) => {
    const { offsets } = await managers();
    if (committed !== undefined) offsets.commit('g', 'T', 0, committed);
    const processor = new QueryConsumerOffsetProcessor(offsets, storeOf(queue));
    const extFields = { consumerGroup: 'g', topic: 'T', queueId: '0', ...fields };
    const response = await ask(processor, RequestCode.QUERY_CONSUMER_OFFSET, extFields);
    return response?.code === ResponseCode.SUCCESS ? response.extFields?.['offset'] : response?.code;
  };

  test.each([
    ['what was committed', young, 3, {}, '3'],
    ['a committed 0', { ...young, isInMemory: false }, 0, {}, '0'],
    ['a new group on a young queue starts at 0', young, undefined, {}, '0'],
    ['a new group when message 0 is on disk', { ...young, isInMemory: false }, undefined, {}, ResponseCode.QUERY_NOT_FOUND],
    ['a new group when message 0 was removed', { ...young, min: 1 }, undefined, {}, ResponseCode.QUERY_NOT_FOUND],
    ['a new group on an empty queue', { ...young, max: 0 }, undefined, {}, ResponseCode.QUERY_NOT_FOUND],
    ['a new group on an unknown queue', young, undefined, { queueId: '1' }, ResponseCode.QUERY_NOT_FOUND],
    ['setZeroIfNotFound=false', young, undefined, { setZeroIfNotFound: 'false' }, ResponseCode.QUERY_NOT_FOUND],
    ['setZeroIfNotFound=true', young, undefined, { setZeroIfNotFound: 'true' }, '0'],
  ])('%s', async (_name, queue, committed, fields, expected) => {
    expect(await query(queue, committed, fields)).toBe(expected);
  });
});

describe('UPDATE_CONSUMER_OFFSET', () => {
  test.each([
    ['a commit', {}, ResponseCode.SUCCESS, 7],
    ['a commit that goes back', { commitOffset: '1' }, ResponseCode.SUCCESS, 1],
    ['an unknown group', { consumerGroup: 'h' }, ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, 2],
    ['an unknown topic', { topic: 'U' }, ResponseCode.TOPIC_NOT_EXIST, 2],
    ['a negative offset', { commitOffset: '-1' }, ResponseCode.INVALID_PARAMETER, 2],
    ['a queue the topic does not have', { queueId: '2' }, ResponseCode.INVALID_PARAMETER, 2],
    ['a negative queue', { queueId: '-1' }, ResponseCode.INVALID_PARAMETER, 2],
  ])('%s', async (_name, fields, code, expected) => {
    const { topics, groups, offsets } = await managers();
    offsets.commit('g', 'T', 0, 2);
    const processor = new UpdateConsumerOffsetProcessor(offsets, groups, topics);
    const extFields = { consumerGroup: 'g', topic: 'T', queueId: '0', commitOffset: '7', ...fields };
    expect((await ask(processor, RequestCode.UPDATE_CONSUMER_OFFSET, extFields))?.code).toBe(code);
    expect(offsets.query('g', 'T', 0)).toBe(expected);
  });

  test("a client cannot move the broker's own progress", async () => {
    const { topics, groups, offsets } = await managers();
    offsets.commit('CID_RMQ_SYS_TRANS', 'RMQ_SYS_TRANS_HALF_TOPIC', 0, 5);
    const processor = new UpdateConsumerOffsetProcessor(offsets, groups, topics);
    for (const topic of ['RMQ_SYS_TRANS_HALF_TOPIC', 'RMQ_SYS_TRANS_OP_HALF_TOPIC']) {
      const extFields = { consumerGroup: 'CID_RMQ_SYS_TRANS', topic, queueId: '0', commitOffset: '77' };
      expect((await ask(processor, RequestCode.UPDATE_CONSUMER_OFFSET, extFields))?.code).toBe(ResponseCode.NO_PERMISSION);
    }
    expect(offsets.query('CID_RMQ_SYS_TRANS', 'RMQ_SYS_TRANS_HALF_TOPIC', 0)).toBe(5);
    expect(offsets.query('CID_RMQ_SYS_TRANS', 'RMQ_SYS_TRANS_OP_HALF_TOPIC', 0)).toBe(-1);
  });

  test('a queue that was taken away is read to its end', async () => {
    const { topics, groups, offsets } = await managers();
    offsets.commit('g', 'T', 1, 2);
    topics.update(plainTopic('T', 1, 6));
    const processor = new UpdateConsumerOffsetProcessor(offsets, groups, topics);
    const extFields = { consumerGroup: 'g', topic: 'T', queueId: '1', commitOffset: '7' };
    expect((await ask(processor, RequestCode.UPDATE_CONSUMER_OFFSET, extFields))?.code).toBe(ResponseCode.SUCCESS);
  });
});

describe('queue offsets', () => {
  const store = storeOf({ min: 2, max: 5, isInMemory: true });
  test.each([
    [RequestCode.GET_MAX_OFFSET, 'T', { offset: '5' }],
    [RequestCode.GET_MAX_OFFSET, 'U', { offset: '0' }],
    [RequestCode.GET_MIN_OFFSET, 'T', { offset: '2' }],
    [RequestCode.GET_MIN_OFFSET, 'U', { offset: '0' }],
    [RequestCode.GET_EARLIEST_MSG_STORETIME, 'T', { timestamp: '300' }],
    [RequestCode.GET_EARLIEST_MSG_STORETIME, 'U', { timestamp: '-1' }],
  ])('request %i of %s', async (code, topic, extFields) => {
    expect(await ask(new QueueOffsetProcessor(store), code, { topic, queueId: '0' })).toMatchObject({ code: 0, extFields });
  });

  test.each([
    // Messages 2, 3 and 4 were stored at 300, 400 and 500.
    ['400', undefined, '3'],
    ['401', 'LOWER', '4'],
    ['1', 'lower', '2'],
    ['501', 'LOWER', '5'],
    ['400', 'UPPER', '3'],
    ['399', 'upper', '2'],
    ['299', 'UPPER', '0'],
    ['9999', 'UPPER', '4'],
  ])('offset by time %s %s is %s', async (timestamp, boundaryType, offset) => {
    const extFields = { topic: 'T', queueId: '0', timestamp, ...(boundaryType === undefined ? {} : { boundaryType }) };
    const response = await ask(new SearchOffsetProcessor(store), RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, extFields);
    expect(response).toMatchObject({ code: 0, extFields: { offset } });
  });

  test('offset by time of an unknown topic is 0 for both boundaries', async () => {
    for (const boundaryType of ['LOWER', 'UPPER']) {
      const extFields = { topic: 'U', queueId: '0', timestamp: '400', boundaryType };
      const response = await ask(new SearchOffsetProcessor(store), RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, extFields);
      expect(response?.extFields).toEqual({ offset: '0' });
    }
  });
});
