import { createRequest, decodeRecords, queryMessageHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { messageTestbed } from '../../test-support/message-testbed.js';
import { QueryMessageProcessor } from './query-message-processor.js';

function query(key: string, changes: Partial<Parameters<typeof queryMessageHeader.encode>[0]> = {}) {
  const extFields = queryMessageHeader.encode({
    topic: 'TopicT',
    key,
    maxNum: 64,
    beginTimestamp: 0,
    endTimestamp: Number.MAX_SAFE_INTEGER,
    indexType: undefined,
    uniqueKeyQuery: undefined,
    ...changes,
  });
  return createRequest(RequestCode.QUERY_MESSAGE, { extFields });
}

it('answers the messages with a key, byte for byte and in the order of the log, or 22', async () => {
  const bed = await messageTestbed();
  const connection = new FakeConnection();
  for (const keys of ['a', 'b a', 'ab']) await bed.send({ propertyTable: { KEYS: keys, TAGS: 'tag', UNIQ_KEY: `u-${keys}` } });
  await bed.process(query('a'), connection);
  expect(connection.lastResponse?.code).toBe(ResponseCode.SUCCESS);
  const records = [...bed.store.records.values()].slice(0, 2);
  expect(connection.lastResponse?.body).toEqual(Buffer.concat(records));
  expect(connection.lastResponse?.extFields).toEqual({ indexLastUpdateTimestamp: '0', indexLastUpdatePhyoffset: '0' });
  for (const [request, count] of [
    [query('tag'), 0],
    [query('tag', { indexType: 'T' }), 3],
    [query('u-ab'), 1],
    [query('u-ab', { uniqueKeyQuery: 'true' }), 1],
    [query('ab', { uniqueKeyQuery: 'true' }), 0],
    [query('ab', { indexType: 'U' }), 0],
    [query('ab', { uniqueKeyQuery: 'false', indexType: 'K' }), 1],
    [query('a', { topic: 'Other' }), 0],
    [query('a', { maxNum: 0 }), 0],
    [query('a', { beginTimestamp: 10, endTimestamp: 5 }), 0],
  ] as const) {
    await bed.process(request, connection);
    const answer = connection.lastResponse;
    expect(answer?.code).toBe(count === 0 ? ResponseCode.QUERY_NOT_FOUND : ResponseCode.SUCCESS);
    expect(decodeRecords(answer?.body ?? Buffer.alloc(0)).length).toBe(count);
    if (count === 0) expect(answer?.remark).toBe('can not find message, maybe time range not correct');
  }
});

it('asks the store for no more than the configured counts', async () => {
  const asked: number[] = [];
  const nothing = { records: [], sizeBytes: 0, indexLastUpdateTimestamp: 0, indexLastUpdatePhysicalOffset: 0 };
  const processor = new QueryMessageProcessor({
    config: { maxMsgsNumBatch: 64, defaultQueryMaxNum: 32 },
    queryInFlightMax: 1,
    store: {
      queryMessage: async ({ maxCount }) => {
        asked.push(maxCount);
        return nothing;
      },
    },
  });
  const connection = new FakeConnection();
  await processor.process(query('a', { maxNum: 10 }), connection);
  await processor.process(query('a', { maxNum: 1000 }), connection);
  await processor.process(query('a', { maxNum: 1, uniqueKeyQuery: 'true' }), connection);
  expect(asked).toEqual([10, 64, 32]);
});

it('works on so many queries at a time and refuses the next with 2', async () => {
  const waiting: (() => void)[] = [];
  const nothing = { records: [], sizeBytes: 0, indexLastUpdateTimestamp: 0, indexLastUpdatePhysicalOffset: 0 };
  const processor = new QueryMessageProcessor({
    config: { maxMsgsNumBatch: 64, defaultQueryMaxNum: 32 },
    queryInFlightMax: 2,
    store: {
      queryMessage: () => new Promise((resolve) => waiting.push(() => resolve(nothing))),
    },
  });
  const connection = new FakeConnection();
  const first = [processor.process(query('a'), connection), processor.process(query('a'), connection)];
  await processor.process(query('a'), connection);
  expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SYSTEM_BUSY]);
  for (const answer of waiting.splice(0)) answer();
  await Promise.all(first);
  const again = processor.process(query('a'), connection);
  for (const answer of waiting.splice(0)) answer();
  await again;
  const notFound = ResponseCode.QUERY_NOT_FOUND;
  expect(connection.responses.map(({ code }) => code)).toEqual([ResponseCode.SYSTEM_BUSY, notFound, notFound, notFound]);
});
