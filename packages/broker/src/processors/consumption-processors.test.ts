import {
  createRequest,
  createResponse,
  decodeResetOffsetBody,
  type ExtFields,
  encodeClientStatus,
  encodeOffsetMessageId,
  type JsonObject,
  type JsonValue,
  parseFastjson,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  type SubscriptionData,
} from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import type { BrokerConfig } from '../config/broker-config.js';
import { LargeRequests } from '../large-requests.js';
import { createConsumerOffsetManager } from '../offset/create-consumer-offset-manager.js';
import { FakeConnection } from '../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, pullRequest } from '../test-support/message-testbed.js';
import { plainTopic } from '../topic/boot-topics.js';
import { createConsumptionProcessors } from './create-consumption-processors.js';
import { UpdateConsumerOffsetProcessor } from './offset/update-consumer-offset-processor.js';

/** A client that answers what the broker hands on to it. */
class AnsweringConnection extends FakeConnection {
  readonly asked: RemotingCommand[] = [];
  answer: (request: RemotingCommand) => Promise<RemotingCommand> = async (request) =>
    createResponse(request, ResponseCode.SUCCESS);

  override invoke(request?: RemotingCommand): Promise<RemotingCommand> {
    if (request === undefined) throw new Error('nothing was asked');
    this.asked.push(request);
    return this.answer(request);
  }
}

const subscription = (topic: string): SubscriptionData => ({
  topic,
  subString: '*',
  tagsSet: [],
  codeSet: [],
  subVersion: 1,
  expressionType: 'TAG',
  classFilterMode: false,
});

async function setup(overrides: Partial<BrokerConfig> = {}) {
  const bed = await messageTestbed({ config: overrides });
  bed.topics.update(plainTopic('T', 2, 6));
  bed.groups.find('g');
  const address = '127.0.0.1:10911';
  const rates = {
    topicPutTps: () => 1.5,
    groupGetTps: (topic: string, group: string) => (topic === 'T' && group === 'g' ? 2 : 0),
  };
  const processors = new Map(
    createConsumptionProcessors({
      ...bed,
      rates,
      tables: new LargeRequests({ timers: bed.environment.timers }),
      delayOffsets: () => bed.services.delayOffsets(),
      wakeReaders: (...reader) => bed.services.wakeReaders(...reader),
      address: () => address,
    }).flatMap(({ codes, processor }) => codes.map((code) => [code, processor] as const)),
  );
  const start = (code: number, extFields: ExtFields, connection: FakeConnection) =>
    processors.get(code)?.process(createRequest(code, { extFields }), connection);
  const ask = async (code: number, extFields: ExtFields = {}, connection = new FakeConnection()): Promise<RemotingCommand> => {
    await bed.environment.time.settle(Promise.resolve(start(code, extFields, connection)));
    const answer = connection.lastResponse;
    if (answer === undefined) throw new Error(`no answer to ${code}`);
    return answer;
  };
  const json = async (code: number, extFields: ExtFields = {}): Promise<JsonObject> => {
    const answer = await ask(code, extFields);
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    return parseFastjson(answer.body?.toString() ?? '') as JsonObject;
  };
  const join = (clientId: string, topics = ['T'], connection = new AnsweringConnection()): AnsweringConnection => {
    const data = {
      groupName: 'g',
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
      subscriptionDataSet: topics.map(subscription),
      unitMode: false,
    } as const;
    bed.consumers.register({ connection, clientId, language: 0, version: 473 }, data, false);
    return connection;
  };
  return { bed, start, ask, json, join };
}

async function sendTo(bed: MessageTestbed, count: number, queueId = 0): Promise<void> {
  for (let sent = 0; sent < count; sent++) await bed.send({ topic: 'T', queueId });
}

const code = (answer: RemotingCommand) => [answer.code, answer.remark];

test('203: the members, how they consume and what; 206 when nobody does', async () => {
  const { ask, json, join } = await setup();
  expect(code(await ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: 'g' }))).toEqual([
    206,
    'the consumer group[g] not online',
  ]);
  join('a');
  expect(await json(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: 'g' })).toEqual({
    connectionSet: [{ clientAddr: '192.0.2.2:44930', clientId: 'a', language: 'JAVA', version: 473 }],
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    subscriptionTable: { T: subscription('T') },
  });
});

test('204 and 328: producers', async () => {
  const { bed, ask, json } = await setup();
  expect((await ask(RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup: 'p' })).code).toBe(ResponseCode.SYSTEM_ERROR);
  expect(await json(RequestCode.GET_ALL_PRODUCER_INFO)).toEqual({ data: {} });
  bed.producers.register('p', 'c', new FakeConnection(), { language: 9, version: 5 });
  const client = { clientId: 'c', language: 'GO', version: 5 };
  expect(await json(RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup: 'p' })).toEqual({
    connectionSet: [{ ...client, clientAddr: '192.0.2.2:44930' }],
  });
  expect(await json(RequestCode.GET_ALL_PRODUCER_INFO)).toEqual({
    data: { p: [{ ...client, remoteIP: '192.0.2.2:44930', lastUpdateTimestamp: bed.environment.clock.now() }] },
  });
});

test('208: progress by queue, in one topic, in several, in all', async () => {
  const { bed, json, join } = await setup();
  await sendTo(bed, 3);
  bed.offsets.commit('g', 'T', 0, 1);
  bed.offsets.commit('g', 'U', 0, 1);
  await bed.process(pullRequest({ group: 'g', topic: 'T', queueOffset: 3 }));
  const lastTimestamp = (await bed.store.lookMessage(0))?.storeTimestamp ?? 0;
  const expected = {
    consumeTps: 2,
    offsetTable: {
      'T@broker-a@0': { brokerOffset: 3, consumerOffset: 1, lastTimestamp, pullOffset: 3 },
      'T@broker-a@1': { brokerOffset: 0, consumerOffset: 0, lastTimestamp: 0, pullOffset: 0 },
    },
  };
  expect(lastTimestamp).toBeGreaterThan(0);
  for (const fields of [{}, { topic: 'T' }, { topicList: 'U;T;T' }]) {
    expect(await json(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'g', ...fields })).toEqual(expected);
  }
  const nothing = { consumeTps: 0, offsetTable: {} };
  expect(await json(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'nobody' })).toEqual(nothing);
  expect(await json(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'g', topic: 'unknown' })).toEqual(nothing);
  // The live group has left the topic: it is not behind in it.
  join('a', ['U']);
  expect(await json(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'g' })).toEqual(nothing);
});

test('317: all groups, and how far they are behind in all', async () => {
  const { bed, json } = await setup();
  await sendTo(bed, 3);
  bed.offsets.commit('g', 'T', 0, 1);
  bed.offsets.notePull('g', 'T', 0, 2);
  const stats = await json(RequestCode.GET_BROKER_CONSUME_STATS, { isOrder: 'false' });
  expect([stats.brokerAddr, stats.totalDiff, stats.totalInflightDiff]).toEqual(['127.0.0.1:10911', 2, 1]);
  const list = stats.consumeStatsList as readonly JsonObject[];
  expect(list.find((entry) => 'g' in entry)).toMatchObject({ g: [{ consumeTps: 2 }] });
  const ordered = await json(RequestCode.GET_BROKER_CONSUME_STATS, { isOrder: 'true' });
  expect(ordered.totalDiff).toBe(0);
});

test('202, 300, 303, 343 and 345', async () => {
  const { bed, ask, json, join } = await setup();
  await sendTo(bed, 2);
  const [first, second] = await Promise.all([0, 1].map((offset) => bed.store.storeTime('T', 0, offset)));
  expect(await json(RequestCode.GET_TOPIC_STATS_INFO, { topic: 'T' })).toEqual({
    offsetTable: {
      'T@broker-a@0': { lastUpdateTimestamp: second, maxOffset: 2, minOffset: 0 },
      'T@broker-a@1': { lastUpdateTimestamp: 0, maxOffset: 0, minOffset: 0 },
    },
    topicPutTps: 1.5,
  });
  expect((await ask(RequestCode.GET_TOPIC_STATS_INFO, { topic: 'U' })).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  expect((await ask(RequestCode.QUERY_CONSUME_TIME_SPAN, { topic: 'U', group: 'g' })).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  bed.offsets.commit('g', 'T', 0, 1);
  bed.offsets.commit('h', 'T', 0, 1);
  join('a');
  expect(await json(RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, { topic: 'T' })).toEqual({ groupList: ['g', 'h'] });
  const topics = await json(RequestCode.QUERY_TOPICS_BY_CONSUMER, { group: 'h' });
  expect(topics).toEqual({ brokerAddr: '127.0.0.1:10911', topicList: ['T'] });
  const about = { group: 'g', topic: 'T' };
  const subscribed = await json(RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, about);
  expect(subscribed).toEqual({ ...about, subscriptionData: subscription('T') });
  expect(await json(RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, { group: 'h', topic: 'T' })).toEqual({ group: 'h', topic: 'T' });
  const spans = (await json(RequestCode.QUERY_CONSUME_TIME_SPAN, about)).consumeTimeSpanSet as readonly JsonValue[];
  expect(spans[0]).toEqual({
    consumeTimeStamp: first,
    delayTime: bed.environment.clock.now() - (second ?? 0),
    maxTimeStamp: second,
    messageQueue: { brokerName: 'broker-a', queueId: 0, topic: 'T' },
    minTimeStamp: -1,
  });
});

test('308, 314 and 43: offsets of groups compared, copied, shown', async () => {
  const { bed, ask, json, join } = await setup();
  bed.offsets.commit('g', 'T', 0, 5);
  bed.offsets.commit('h', 'T', 0, 3);
  const correct = (fields: ExtFields) =>
    json(RequestCode.QUERY_CORRECTION_OFFSET, { topic: 'T', compareGroup: 'none', ...fields });
  expect(await correct({})).toEqual({ correctionOffsets: { 0: 3 } });
  expect(await correct({ filterGroups: 'h,x' })).toEqual({ correctionOffsets: { 0: 5 } });
  expect(bed.offsets.query('h', 'T', 0)).toBe(3);
  const clone = async (fields: ExtFields) =>
    (await ask(RequestCode.CLONE_GROUP_OFFSET, { srcGroup: 'h', destGroup: 'g', offline: 'false', ...fields })).code;
  join('a', ['U']);
  expect([await clone({ topic: 'T' }), bed.offsets.query('g', 'T', 0)]).toEqual([ResponseCode.SUCCESS, 5]);
  expect([await clone({ offline: 'true' }), bed.offsets.query('g', 'T', 0)]).toEqual([ResponseCode.SUCCESS, 3]);
  bed.offsets.commit('h', 'T', 0, 9);
  expect(bed.offsets.query('g', 'T', 0)).toBe(3);
  expect(await clone({ destGroup: 'CID_RMQ_SYS_TRANS' })).toBe(ResponseCode.NO_PERMISSION);
  expect((await json(RequestCode.GET_ALL_CONSUMER_OFFSET)).offsetTable).toEqual({ 'T@g': { 0: 3 }, 'T@h': { 0: 9 } });
});

test('314 makes no group of a name that no group may have, nor where groups are not made by themselves', async () => {
  const clone = (destGroup: string) => ({ srcGroup: 'g', destGroup, offline: 'true' });
  const open = await setup();
  open.bed.offsets.commit('g', 'T', 0, 5);
  const answered = async (bench: typeof open, destGroup: string) => [
    (await bench.ask(RequestCode.CLONE_GROUP_OFFSET, clone(destGroup))).code,
    bench.bed.offsets.query(destGroup, 'T', 0),
    bench.bed.groups.all().has(destGroup),
  ];
  expect(await answered(open, 'a b')).toEqual([ResponseCode.INVALID_PARAMETER, -1, false]);
  expect(await answered(open, 'x'.repeat(121))).toEqual([ResponseCode.INVALID_PARAMETER, -1, false]);
  expect(await answered(open, 'new')).toEqual([ResponseCode.SUCCESS, 5, true]);
  const closed = await setup({ autoCreateSubscriptionGroup: false });
  closed.bed.offsets.commit('g', 'T', 0, 5);
  expect(await answered(closed, 'new')).toEqual([ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, -1, false]);
});

test('314 with more offsets than there is room for', async () => {
  const { bed, ask } = await setup();
  bed.topics.update(plainTopic('Wide', 65_536, 6));
  for (let queueId = 0; queueId < 65_536; queueId += 1) bed.offsets.commit('g', 'Wide', queueId, 1);
  const clone = async (destGroup: string) =>
    (await ask(RequestCode.CLONE_GROUP_OFFSET, { srcGroup: 'g', destGroup, offline: 'true' })).code;
  const codes: number[] = [];
  for (const group of ['g1', 'g2', 'g3']) codes.push(await clone(group));
  expect(codes).toEqual([ResponseCode.SUCCESS, ResponseCode.SUCCESS, ResponseCode.SYSTEM_BUSY]);
  expect([bed.offsets.entryCount, bed.offsets.query('g3', 'Wide', 0)]).toEqual([3 * 65_536, -1]);
});

test('43: a table that no frame holds is refused before its text is made', async () => {
  const { bed, ask } = await setup();
  let isTextMade = false;
  const describe = bed.offsets.describeSteps.bind(bed.offsets);
  Object.defineProperties(bed.offsets, {
    entryCount: { value: 1_700_000 },
    describeSteps: {
      value: () => {
        isTextMade = true;
        return describe();
      },
    },
  });
  const answer = await ask(RequestCode.GET_ALL_CONSUMER_OFFSET);
  expect([answer.code, answer.remark, isTextMade]).toEqual([
    ResponseCode.SYSTEM_ERROR,
    expect.stringContaining('an answer at most'),
    false,
  ]);
});

const reset = { topic: 'T', group: 'g', timestamp: '0', isForce: 'true' };

test('222 at the broker: the next pull is told to move, and until then no commit counts', async () => {
  const { bed, ask } = await setup();
  await sendTo(bed, 4);
  bed.offsets.commit('g', 'T', 0, 4);
  const answer = await ask(RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, reset);
  expect(decodeResetOffsetBody(answer.body ?? Buffer.alloc(0))).toEqual(
    [0, 1].map((queueId) => [{ topic: 'T', brokerName: 'broker-a', queueId }, 0]),
  );
  expect(bed.offsets.query('g', 'T', 0)).toBe(0);
  const update = new UpdateConsumerOffsetProcessor(bed.offsets, bed.groups, bed.topics);
  const commit = (): number | undefined => {
    const connection = new FakeConnection();
    const extFields = { consumerGroup: 'g', topic: 'T', queueId: '0', commitOffset: '4' };
    update.process(createRequest(RequestCode.UPDATE_CONSUMER_OFFSET, { extFields }), connection);
    return connection.lastResponse?.code;
  };
  expect([commit(), bed.offsets.query('g', 'T', 0)]).toEqual([ResponseCode.SUCCESS, 0]);
  // A restart in between loses nothing of it.
  const again = await createConsumerOffsetManager({
    ...bed,
    directory: '/store/config',
    store: { whenFlushed: async () => undefined },
  });
  expect(again.takeReset('g', 'T', 0)).toBe(0);
  const reader = new FakeConnection();
  const pull = pullRequest({ group: 'g', topic: 'T', queueOffset: 4, commitOffset: 4, sysFlag: 5 });
  await bed.process(pull, reader);
  expect(reader.lastResponse).toMatchObject({
    code: ResponseCode.PULL_OFFSET_MOVED,
    remark: 'OFFSET_RESET',
    extFields: { nextBeginOffset: '0', minOffset: '0', maxOffset: '4' },
  });
  expect(bed.offsets.query('g', 'T', 0)).toBe(0);
  // Told once; the reader is on its own now.
  await bed.process(pullRequest({ group: 'g', topic: 'T', queueOffset: 0 }), reader);
  expect(reader.lastResponse?.code).toBe(ResponseCode.SUCCESS);
  expect([commit(), bed.offsets.query('g', 'T', 0)]).toEqual([ResponseCode.SUCCESS, 4]);
});

test('222 at the broker: a parked pull hears of it at once, when it is on the disk', async () => {
  const { bed, ask } = await setup();
  await sendTo(bed, 4);
  const reader = new FakeConnection();
  const other = new FakeConnection();
  await bed.process(pullRequest({ group: 'g', topic: 'T', queueOffset: 4, sysFlag: 6 }), reader);
  await bed.process(pullRequest({ group: 'h', topic: 'T', queueOffset: 4, sysFlag: 6 }), other);
  expect(reader.responses).toEqual([]);
  await ask(RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, reset);
  expect(reader.lastResponse).toMatchObject({
    code: ResponseCode.PULL_OFFSET_MOVED,
    extFields: { nextBeginOffset: '0' },
  });
  expect(other.responses).toEqual([]);
  expect(bed.offsets.isResetPending('g', 'T', 0)).toBe(false);
});

test('45: how far each delay level is, as its file has it', async () => {
  const { bed, json } = await setup();
  const delayed = { topic: 'T', propertyTable: { DELAY: '2' } };
  for (let sent = 0; sent < 3; sent++) await bed.send(delayed);
  expect((await json(RequestCode.GET_ALL_DELAY_OFFSET)).offsetTable).toEqual({});
  await bed.environment.time.advance(6000);
  expect(await json(RequestCode.GET_ALL_DELAY_OFFSET)).toMatchObject({
    dataVersion: { stateVersion: 0 },
    offsetTable: { 2: 3 },
  });
});

test.each([
  ['an unknown topic', { topic: 'U' }, ResponseCode.TOPIC_NOT_EXIST],
  ['a group that may not be', { group: 'a b' }, ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST],
  ["the broker's own group", { group: 'CID_RMQ_SYS_TRANS' }, ResponseCode.NO_PERMISSION],
  ['an offset behind the end', { queueId: '0', offset: '6' }, ResponseCode.SYSTEM_ERROR],
  ['a queue that is none', { queueId: '2', offset: '0' }, ResponseCode.SYSTEM_ERROR],
  ['an offset at the end', { queueId: '0', offset: '4' }, ResponseCode.SUCCESS],
  ['one behind it, as Apache', { queueId: '0', offset: '5' }, ResponseCode.SUCCESS],
  ['the end of all queues', { timestamp: '-1' }, ResponseCode.SUCCESS],
])('222 at the broker: %s', async (_name, fields, expected) => {
  const { bed, ask } = await setup();
  await sendTo(bed, 4);
  expect((await ask(RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, { ...reset, ...fields })).code).toBe(expected);
  expect(bed.offsets.query('g', 'T', 0)).toBe(expected === ResponseCode.SUCCESS ? 4 : -1);
});

test('222 at the clients, as 4.9: each member is told, nobody is moved forward unforced, 206 when nobody is there', async () => {
  const { bed, ask, join } = await setup({ useServerSideResetOffset: false });
  await sendTo(bed, 4);
  const asked = (fields: ExtFields = {}) => ask(RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, { ...reset, ...fields });
  expect((await asked({ topic: 'U' })).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  expect((await asked()).code).toBe(ResponseCode.SYSTEM_ERROR);
  for (const queueId of [0, 1]) bed.offsets.commit('g', 'T', queueId, 0);
  expect((await asked()).code).toBe(206);
  const member = join('a');
  for (const [isForce, offset] of [
    ['false', 0],
    ['true', 4],
  ] as const) {
    const answer = await asked({ timestamp: '-1', isForce });
    expect(decodeResetOffsetBody(answer.body ?? Buffer.alloc(0))[0]?.[1]).toBe(offset);
    const told = member.notifications.at(-1);
    expect([told?.code, told?.extFields]).toEqual([220, { topic: 'T', group: 'g', timestamp: '-1', isForce }]);
    expect(told?.body).toEqual(answer.body);
  }
  expect(bed.offsets.query('g', 'T', 0)).toBe(0);
});

test('307 goes to the client and its answer back; 1 when it is not there, 207 when it says nothing', async () => {
  const { ask, join } = await setup();
  const fields = { consumerGroup: 'g', clientId: 'a', jstackEnable: 'false' };
  expect(code(await ask(RequestCode.GET_CONSUMER_RUNNING_INFO, fields))).toEqual([1, 'The Consumer <g> <a> not online']);
  const member = join('a');
  const body = Buffer.from('{"properties":{}}');
  member.answer = async (request) => createResponse(request, ResponseCode.SUCCESS, { body });
  expect(await ask(RequestCode.GET_CONSUMER_RUNNING_INFO, fields)).toMatchObject({ code: 0, body });
  expect(member.asked[0]).toMatchObject({ code: 307, extFields: fields });
  member.answer = () => Promise.reject(new Error('no answer within 10000 ms'));
  expect((await ask(RequestCode.GET_CONSUMER_RUNNING_INFO, fields)).code).toBe(207);
});

test('clients that never answer take their places and no more', async () => {
  const { start, ask, join } = await setup();
  const member = join('a');
  member.answer = () => new Promise(() => {});
  const fields = { consumerGroup: 'g', clientId: 'a' };
  for (let asked = 0; asked < 64; asked++) void start(RequestCode.GET_CONSUMER_RUNNING_INFO, fields, new FakeConnection());
  expect((await ask(RequestCode.GET_CONSUMER_RUNNING_INFO, fields)).code).toBe(ResponseCode.SYSTEM_BUSY);
  expect(member.asked).toHaveLength(64);
});

test('309 hands the stored message on', async () => {
  const { bed, ask, join } = await setup();
  await sendTo(bed, 1);
  const member = join('a');
  const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
  const fields = { consumerGroup: 'g', clientId: 'a', msgId: encodeOffsetMessageId(host, 0) };
  expect((await ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, fields)).code).toBe(ResponseCode.SUCCESS);
  expect(member.asked[0]?.body).toEqual(bed.store.records.get(0));
  expect(member.asked[0]?.extFields).toEqual({ ...fields, brokerName: 'broker-a', topicSysFlag: '0', groupSysFlag: '0' });
  for (const msgId of ['x', encodeOffsetMessageId(host, 1)]) {
    expect((await ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, { ...fields, msgId })).code).toBe(ResponseCode.SYSTEM_ERROR);
  }
  expect(member.asked).toHaveLength(1);
});

test('223 asks all members, or one; who does not answer is left out', async () => {
  const { ask, json, join } = await setup();
  const about = { topic: 'T', group: 'g' };
  expect((await ask(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, about)).code).toBe(ResponseCode.SYSTEM_ERROR);
  const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 };
  join('a').answer = async (request) => createResponse(request, ResponseCode.SUCCESS, { body: encodeClientStatus([[queue, 7]]) });
  join('b').answer = () => Promise.reject(new Error('gone'));
  join('c').answer = async (request) => createResponse(request, ResponseCode.SUCCESS, { body: Buffer.from('garbage') });
  const all = await json(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, about);
  expect(all).toEqual({ consumerTable: { a: { 'T@broker-a@0': 7 } }, messageQueueTable: {} });
  const one = await json(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, { ...about, clientAddr: 'b' });
  expect(one.consumerTable).toEqual({});
});

test('223: an answer of a client is 1 MiB at most, and all of them no more than a frame', async () => {
  const { ask, json, join } = await setup();
  const about = { topic: 'T', group: 'g' };
  const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 };
  const small = encodeClientStatus([[queue, 7]]);
  const padded = (sizeBytes: number) => Buffer.concat([small, Buffer.alloc(sizeBytes - small.length, ' ')]);
  const MiB = 1024 * 1024;
  const joinWith = (clientId: string, body: Buffer) => {
    const client = join(clientId, ['T'], new AnsweringConnection());
    client.answer = async (request) => createResponse(request, ResponseCode.SUCCESS, { body });
    return client;
  };
  joinWith('a', padded(MiB));
  joinWith('b', padded(MiB + 1));
  const some = await json(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, about);
  expect(Object.keys(some.consumerTable as JsonObject)).toEqual(['a']);
  const more = Array.from({ length: 32 }, (_, n) => joinWith(`c${n}`, padded(MiB)));
  const refused = await ask(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, about);
  expect([refused.code, refused.remark]).toEqual([ResponseCode.SYSTEM_ERROR, expect.stringContaining('an answer at most')]);
  // With 15 of the first 16 some is left; with the next 16 it is not, and the last ones are not asked.
  expect(more.filter(({ asked }) => asked.length > 0)).toHaveLength(30);
});

test('321: entries of a queue, and whether a group would get them', async () => {
  const { bed, ask, json, join } = await setup();
  await sendTo(bed, 3);
  const about = { topic: 'T', queueId: '0', index: '1', count: '10' };
  const entry = { eval: false, physicOffset: bed.store.queues.get('T@0')?.[1]?.physicalOffset, tagsCode: 0 };
  const found = await json(RequestCode.QUERY_CONSUME_QUEUE, about);
  expect(found).toMatchObject({ minQueueIndex: 0, maxQueueIndex: 3 });
  expect(found.queueData).toHaveLength(2);
  expect((found.queueData as readonly JsonValue[])[0]).toMatchObject(entry);
  const offline = await json(RequestCode.QUERY_CONSUME_QUEUE, { ...about, consumerGroup: 'g' });
  expect(offline.filterData).toBe('g@T is not online!');
  join('a');
  const live = await json(RequestCode.QUERY_CONSUME_QUEUE, { ...about, consumerGroup: 'g', count: '1' });
  expect(live).toMatchObject({ queueData: [{ eval: true }], subscriptionData: { topic: 'T' } });
  expect(await ask(RequestCode.QUERY_CONSUME_QUEUE, { ...about, index: '9' })).toMatchObject({
    code: ResponseCode.SUCCESS,
    remark: 'Index 9 of 0@T is not exist!',
  });
  expect((await ask(RequestCode.QUERY_CONSUME_QUEUE, { ...about, queueId: '2' })).code).toBe(ResponseCode.SYSTEM_ERROR);
});
