import {
  createRequest,
  decodeTopicConfigTable,
  decodeTopicList,
  type ExtFields,
  encodeTopicConfigList,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { type BrokerConfig, defaultBrokerConfig } from '../../config/broker-config.js';
import { LiveBrokerConfig } from '../../config/live-broker-config.js';
import { createSubscriptionGroupManager } from '../../group/create-subscription-group-manager.js';
import { defaultSubscriptionGroup } from '../../group/subscription-group-json.js';
import { LargeRequests } from '../../large-requests.js';
import { BrokerConfigManager } from '../../metadata/broker-config-manager.js';
import { createConsumerOffsetManager } from '../../offset/create-consumer-offset-manager.js';
import { MemoryFileSystem } from '../../store/io/memory-file-system.js';
import type { StoreMaintenance } from '../../store/store-maintenance.js';
import { RecordingConnection } from '../../test-support/recording-connection.js';
import { plainTopic } from '../../topic/boot-topics.js';
import { createTopicConfigManager } from '../../topic/create-topic-config-manager.js';
import { createAdminProcessors } from '../create-admin-processors.js';

type Answer = Pick<RemotingCommand, 'code' | 'remark' | 'extFields' | 'body'>;

async function setup(overrides: Partial<BrokerConfig> = {}, largeBytesMin = Number.POSITIVE_INFINITY) {
  const environment = virtualEnvironment(1);
  const fileSystem = new MemoryFileSystem();
  const directory = '/store/config';
  const live = new LiveBrokerConfig({ ...defaultBrokerConfig, brokerName: 'broker-a', ...overrides });
  const config = live.view;
  const shared = { environment, fileSystem, directory, config };
  const topics = await createTopicConfigManager(shared);
  const groups = await createSubscriptionGroupManager(shared);
  const offsets = await createConsumerOffsetManager({ ...shared, store: { whenFlushed: async () => undefined } });
  const calls: string[] = [];
  const held: (() => void)[] = [];
  const maintenance = {
    deleteTopics: async (names: Iterable<string>, onRemoval?: () => void) => {
      onRemoval?.();
      calls.push(`delete ${[...names].join(' ')}`);
    },
    cleanUnusedTopics: async (isRetained: (topic: string) => boolean) => {
      const all = ['T', 'Gone', 'SELF_TEST_TOPIC', 'rmq_sys_x'];
      calls.push(`unused ${all.filter((topic) => !isRetained(topic)).join(' ')}`);
      await new Promise<void>((resolve) => held.push(resolve));
      return [];
    },
    cleanExpiredQueues: async (isRetained: (topic: string) => boolean) => {
      calls.push(`expired ${['T', 'SCHEDULE_TOPIC_XXXX'].filter((topic) => !isRetained(topic)).join(' ')}`);
      return 0;
    },
    deleteExpiredFiles: () => void calls.push('files'),
  } satisfies Partial<StoreMaintenance>;
  const processors = createAdminProcessors({
    environment,
    config,
    configManager: new BrokerConfigManager({ environment, fileSystem, live, configFile: undefined, effects: {} }),
    maintenance: maintenance as unknown as StoreMaintenance,
    stats: { groupDeleted: (group) => void calls.push(`stats of ${group}`) },
    topics,
    groups,
    offsets,
    announceTopics: async () => void calls.push('announce'),
    large: new LargeRequests({ timers: environment.timers, largeBytesMin }),
    tables: new LargeRequests({ timers: environment.timers }),
  });
  const byCode = new Map(processors.flatMap(({ codes, processor }) => codes.map((code) => [code, processor] as const)));
  const ask = async (code: number, extFields?: ExtFields, body?: object | string): Promise<Answer> => {
    const text = typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body;
    const content = text === undefined ? undefined : Buffer.isBuffer(text) ? text : Buffer.from(text);
    const connection = new RecordingConnection();
    await byCode.get(code)?.process(createRequest(code, { extFields, body: content }), connection);
    expect(connection.responses).toHaveLength(1);
    const { code: answered, remark, extFields: fields, body: answer } = connection.responses[0] as RemotingCommand;
    return { code: answered, remark, extFields: fields, body: answer };
  };
  const json = async (...request: Parameters<typeof ask>) => {
    const answer = await ask(...request);
    return JSON.parse(answer.body?.toString() ?? 'null');
  };
  const read = async (name: string) => JSON.parse((await fileSystem.readFile(`${directory}/${name}`))?.toString() ?? 'null');
  /** All in one turn, as they come from one connection; each has to succeed. */
  const askAll = async (...requests: readonly (readonly [code: number, extFields: ExtFields, body?: Buffer])[]) => {
    const connection = new RecordingConnection();
    const asked = requests.map(([code, extFields, body]) => createRequest(code, { extFields, body }));
    const all = Promise.all(asked.map(async (request) => byCode.get(request.code)?.process(request, connection)));
    await environment.time.settle(all);
    expect(connection.responses.map(({ code }) => code)).toEqual(asked.map(() => ResponseCode.SUCCESS));
  };
  return { time: environment.time, topics, groups, offsets, config, live, calls, held, ask, askAll, json, read };
}

const topicFields = { topic: 'T', defaultTopic: 'TBW102', readQueueNums: '4', writeQueueNums: '4', perm: '6', order: 'false' };
const createFields = { ...topicFields, topicFilterType: 'SINGLE_TAG', topicSysFlag: '0' };

test('17: the same topic again is a success without a word to the NameServers', async () => {
  const { ask, calls, topics } = await setup();
  const create = (fields: ExtFields = {}) => ask(RequestCode.UPDATE_AND_CREATE_TOPIC, { ...createFields, ...fields });
  expect((await create()).code).toBe(ResponseCode.SUCCESS);
  const { dataVersion } = topics;
  expect((await create()).code).toBe(ResponseCode.SUCCESS);
  expect([calls, topics.dataVersion]).toEqual([['announce'], dataVersion]);
  expect((await create({ order: 'true', topicSysFlag: '3', topicFilterType: 'MULTI_TAG' })).code).toBe(ResponseCode.SUCCESS);
  expect(topics.get('T')).toMatchObject({ order: true, topicSysFlag: 3, topicFilterType: 'MULTI_TAG' });
  expect(calls).toEqual(['announce', 'announce']);
});

test('18: all topics or none', async () => {
  const { ask, topics, read, calls } = await setup();
  const create = (...list: Parameters<typeof encodeTopicConfigList>[0]) =>
    ask(RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {}, encodeTopicConfigList(list));
  const typed = { ...plainTopic('U', 2, 6), attributes: { '+message.type': 'FIFO' } };
  expect(await create(plainTopic('T', 4, 6), plainTopic('a b', 1, 6))).toMatchObject({ code: ResponseCode.INVALID_PARAMETER });
  expect(await create(plainTopic('T', 4, 6), plainTopic('SELF_TEST_TOPIC', 1, 6))).toMatchObject({
    code: ResponseCode.INVALID_PARAMETER,
  });
  expect([topics.get('T'), calls]).toEqual([undefined, []]);
  expect((await create(plainTopic('T', 4, 6), typed)).code).toBe(ResponseCode.SUCCESS);
  expect((await create()).code).toBe(ResponseCode.SUCCESS);
  expect((await read('topics.json')).topicConfigTable.U.attributes).toEqual({ 'message.type': 'FIFO' });
  expect(calls).toEqual(['announce']);
  await expect(ask(RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {})).rejects.toMatchObject({ code: 'BODY_INVALID' });
});

test('18 and 225: as many as a request may have, and not one more; 18 refuses flags that a file could not hold', async () => {
  const { time, ask, topics, groups } = await setup();
  const topicList = (count: number) => encodeTopicConfigList(Array.from({ length: count }, (_, n) => plainTopic(`T${n}`, 1, 6)));
  const groupConfigList = (count: number) => Array.from({ length: count }, (_, n) => ({ groupName: `g${n}` }));
  const create = (count: number) => ask(RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {}, topicList(count));
  const createGroups = (count: number) =>
    ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, { groupConfigList: groupConfigList(count) });
  const refused = { code: ResponseCode.INVALID_PARAMETER, remark: expect.stringContaining('allowed are 1000') };
  expect([await create(1001), await createGroups(1001)]).toMatchObject([refused, refused]);
  expect([topics.get('T0'), groups.all().has('g0')]).toEqual([undefined, false]);
  // Tables of that size are written in turns.
  expect((await time.settle(create(1000))).code).toBe(ResponseCode.SUCCESS);
  expect((await time.settle(createGroups(1000))).code).toBe(ResponseCode.SUCCESS);
  const flagged = encodeTopicConfigList([{ ...plainTopic('F', 1, 6), topicSysFlag: 2 ** 31 }]);
  expect((await ask(RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {}, flagged)).code).toBe(ResponseCode.INVALID_PARAMETER);
});

test('18: a single change of a topic that comes behind a list which is worked on in turns takes effect behind it', async () => {
  const { askAll, topics } = await setup({}, 100);
  const list = encodeTopicConfigList(['T', 'U', 'V'].map((name) => plainTopic(name, 4, 6)));
  await askAll(
    [RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {}, list],
    [RequestCode.UPDATE_AND_CREATE_TOPIC, { ...createFields, readQueueNums: '8' }],
    [RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'U' }],
    [RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {}, encodeTopicConfigList([plainTopic('V', 2, 6)])],
  );
  expect(['T', 'U', 'V'].map((name) => topics.get(name)?.readQueueNums)).toEqual([8, undefined, 2]);
});

test('225: a single change of a group that comes behind a list which is worked on in turns takes effect behind it', async () => {
  const { askAll, groups } = await setup({}, 100);
  const json = (body: object): Buffer => Buffer.from(JSON.stringify(body));
  const groupConfigList = ['g', 'h', 'i', 'j'].map((groupName) => ({ groupName, retryMaxTimes: 3, brokerId: 0 }));
  await askAll(
    [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, json({ groupConfigList })],
    [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, json({ groupName: 'g', retryMaxTimes: 9 })],
    [RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'h', cleanOffset: 'false' }],
    [RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group: 'i', topic: 'T', readable: 'false' }],
    [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, json({ groupConfigList: [{ groupName: 'j', retryMaxTimes: 5 }] })],
  );
  expect(['g', 'h', 'i', 'j'].map((name) => groups.all().get(name)?.retryMaxTimes)).toEqual([9, undefined, 3, 5]);
  expect(groups.isReadForbidden('i', 'T')).toBe(true);
});

test('200 and 225: what a group says of itself is bounded, over several requests and within one', async () => {
  const { ask, groups } = await setup();
  const refused = { code: ResponseCode.INVALID_PARAMETER, remark: expect.stringContaining('allowed are 65536') };
  const create = (body: object) => ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, body);
  expect((await create({ groupName: 'g', a: 'x'.repeat(40_000) })).code).toBe(ResponseCode.SUCCESS);
  const { dataVersion } = groups;
  expect(await create({ groupName: 'g', b: 'x'.repeat(40_000) })).toMatchObject(refused);
  expect([groups.describe('g'), groups.dataVersion]).toEqual([
    expect.not.objectContaining({ b: expect.anything() }),
    dataVersion,
  ]);
  const twice = ['a', 'b'].map((name) => ({ groupName: 'h', [name]: 'x'.repeat(40_000) }));
  expect(await ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, { groupConfigList: twice })).toMatchObject(refused);
  expect(groups.all().has('h')).toBe(false);
});

test('215: topic, queues and offsets go, with the retry topics that pop made', async () => {
  const { ask, topics, groups, offsets, calls, read } = await setup();
  for (const name of ['T', '%RETRY%g_T', '%RETRY%h+T', '%RETRY%other_T', '%RETRY%g']) topics.update(plainTopic(name, 1, 6));
  groups.find('g');
  offsets.commit('g', 'T', 0, 1);
  offsets.commit('h', 'T', 0, 1);
  offsets.commit('g', '%RETRY%g_T', 0, 1);
  offsets.commit('g', '%RETRY%g', 0, 1);
  expect((await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' })).code).toBe(ResponseCode.SUCCESS);
  expect(calls).toEqual(['delete T %RETRY%g_T %RETRY%h+T']);
  const left = ['T', '%RETRY%g_T', '%RETRY%h+T', '%RETRY%other_T', '%RETRY%g'].filter((name) => topics.get(name) !== undefined);
  expect(left).toEqual(['%RETRY%other_T', '%RETRY%g']);
  expect(Object.keys((await read('consumerOffset.json')).offsetTable)).toEqual(['%RETRY%g@g']);
  expect((await read('topics.json')).topicConfigTable.T).toBeUndefined();
  expect((await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' })).code).toBe(ResponseCode.SUCCESS);
});

test('215: the retry topics of pop stay when clearRetryTopicWhenDeleteTopic is off', async () => {
  const { ask, topics, offsets } = await setup({ clearRetryTopicWhenDeleteTopic: false });
  for (const name of ['T', '%RETRY%g_T']) topics.update(plainTopic(name, 1, 6));
  offsets.commit('g', 'T', 0, 1);
  await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' });
  expect([topics.get('T'), topics.get('%RETRY%g_T')?.topicName]).toEqual([undefined, '%RETRY%g_T']);
});

test.each([
  ['no topic', {}],
  ['a blank one', { topic: ' ' }],
  ['the template of auto-creation', { topic: 'TBW102' }],
  ["the cluster's", { topic: 'DefaultCluster' }],
  ["a timer's", { topic: 'rmq_sys_wheel_timer' }],
  ['the delayed messages', { topic: 'SCHEDULE_TOPIC_XXXX' }],
])('215 refuses %s', async (_name, extFields: ExtFields) => {
  const { ask, calls } = await setup();
  expect(await ask(RequestCode.DELETE_TOPIC_IN_BROKER, extFields)).toMatchObject({ code: ResponseCode.INVALID_PARAMETER });
  expect(calls).toEqual([]);
});

test('21: everything without a header, pages with one', async () => {
  const { ask, topics } = await setup({ splitMetadataSize: 5 });
  const total = topics.all().size;
  const list = async (extFields?: ExtFields) => {
    const { body, extFields: fields } = await ask(RequestCode.GET_ALL_TOPIC_CONFIG, extFields);
    return { fields, ...decodeTopicConfigTable(body ?? Buffer.alloc(0)) };
  };
  const everything = await list();
  expect(everything.fields).toEqual({ totalTopicNum: String(total) });
  expect(everything.topics).toEqual([...topics.all().values()]);
  expect(everything.dataVersion).toEqual(topics.dataVersion);
  const names: string[] = [];
  while (names.length < total) {
    const dataVersion = JSON.stringify(topics.dataVersion);
    const page = await list({ topicSeq: String(names.length), maxTopicNum: '7', dataVersion });
    expect(page.topics.length).toBeLessThanOrEqual(5);
    names.push(...page.topics.map(({ topicName }) => topicName));
  }
  expect(names).toEqual([...topics.all().keys()]);
});

test('305 names the system topics of this broker', async () => {
  const { ask, topics } = await setup();
  topics.update(plainTopic('T', 1, 6));
  topics.update(plainTopic('rmq_sys_wheel_timer', 1, 6));
  const { topicList } = decodeTopicList((await ask(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER)).body ?? Buffer.alloc(0));
  for (const name of [
    'TBW102',
    'SCHEDULE_TOPIC_XXXX',
    'broker-a',
    'DefaultCluster',
    'DefaultCluster_REPLY_TOPIC',
    'rmq_sys_wheel_timer',
  ]) {
    expect(topicList).toContain(name);
  }
  expect(topicList).not.toContain('T');
  expect(new Set(topicList).size).toBe(topicList.length);
});

test('225: all groups or none', async () => {
  const { ask, groups, read } = await setup();
  const create = (...groupConfigList: object[]) =>
    ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, { groupConfigList });
  expect(await create({ groupName: 'g' }, { groupName: 'a b' })).toMatchObject({ code: ResponseCode.INVALID_PARAMETER });
  expect(groups.all().has('g')).toBe(false);
  expect((await create({ groupName: 'g', retryMaxTimes: 2 }, { groupName: 'h' })).code).toBe(ResponseCode.SUCCESS);
  expect((await create()).code).toBe(ResponseCode.SUCCESS);
  expect((await read('subscriptionGroup.json')).subscriptionGroupTable.g.retryMaxTimes).toBe(2);
  for (const body of [undefined, 'garbage', '[]', '{}', '{"groupConfigList":1}']) {
    await expect(ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, body)).rejects.toMatchObject({
      code: 'BODY_INVALID',
    });
  }
});

test('352 describes a group with all members, and makes one that may be made', async () => {
  const { ask, json, groups, live } = await setup();
  groups.update({ ...defaultSubscriptionGroup('g'), retryMaxTimes: 3 }, { groupRetryPolicy: { type: 'EXPONENTIAL' } });
  expect(await json(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'g' })).toEqual({
    ...defaultSubscriptionGroup('g'),
    retryMaxTimes: 3,
    groupRetryPolicy: { type: 'EXPONENTIAL' },
  });
  expect(await json(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'new' })).toMatchObject({
    groupName: 'new',
    groupRetryPolicy: { type: 'CUSTOMIZED' },
  });
  expect(groups.all().has('new')).toBe(true);
  const notThere = { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: 'No group in this broker' };
  expect(await ask(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'a b' })).toMatchObject(notThere);
  live.configure({ autoCreateSubscriptionGroup: false });
  expect(await ask(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'other' })).toMatchObject(notThere);
});

test('201: everything without a header, pages with one, each with what is forbidden to its groups', async () => {
  const { ask, json, groups } = await setup({ splitMetadataSize: 3 });
  groups.setReadForbidden('TOOLS_CONSUMER', 'T', true);
  groups.setReadForbidden('nobody', 'U', true);
  const total = groups.all().size;
  const everything = await json(RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG);
  expect(Object.keys(everything.subscriptionGroupTable)).toEqual([...groups.all().keys()]);
  expect(everything.subscriptionGroupTable.TOOLS_CONSUMER).toEqual({
    ...defaultSubscriptionGroup('TOOLS_CONSUMER'),
    groupRetryPolicy: { type: 'CUSTOMIZED' },
  });
  expect([everything.forbiddenTable, everything.dataVersion]).toEqual([
    { TOOLS_CONSUMER: { T: 4 }, nobody: { U: 4 } },
    groups.dataVersion,
  ]);
  const names: string[] = [];
  const forbidden: object[] = [];
  while (names.length < total) {
    const extFields = { groupSeq: String(names.length), maxGroupNum: '3', dataVersion: JSON.stringify(groups.dataVersion) };
    const { body, extFields: fields } = await ask(RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, extFields);
    expect(fields).toEqual({ totalGroupNum: String(total) });
    const page = JSON.parse(body?.toString() ?? '');
    names.push(...Object.keys(page.subscriptionGroupTable));
    forbidden.push(page.forbiddenTable);
  }
  expect(names).toEqual([...groups.all().keys()]);
  expect(forbidden).toEqual([{ TOOLS_CONSUMER: { T: 4 } }, {}, {}]);
});

test.each([
  ['5.x asks for its offsets too', { cleanOffset: 'true' }, -1],
  ['4.9 asks for its offsets too', { removeOffset: 'true' }, -1],
  ['its offsets stay', {}, 7],
  ['its offsets stay, said so', { cleanOffset: 'false' }, 7],
])('207 deletes a group: %s', async (_name, fields: ExtFields, offset) => {
  const { ask, groups, offsets, read } = await setup();
  groups.find('g');
  groups.setReadForbidden('g', 'T', true);
  offsets.commit('g', 'T', 0, 7);
  offsets.commit('h', 'T', 0, 9);
  expect((await ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'g', ...fields })).code).toBe(ResponseCode.SUCCESS);
  expect([groups.all().has('g'), groups.isReadForbidden('g', 'T')]).toEqual([false, false]);
  expect([offsets.query('g', 'T', 0), offsets.query('h', 'T', 0)]).toEqual([offset, 9]);
  expect((await read('subscriptionGroup.json')).subscriptionGroupTable.g).toBeUndefined();
  expect((await ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'g' })).code).toBe(ResponseCode.SUCCESS);
});

test("207 refuses the broker's own group: its offsets say which transactions are decided", async () => {
  const { ask, groups } = await setup();
  const answer = await ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'CID_RMQ_SYS_TRANS', cleanOffset: 'true' });
  expect([answer.code, groups.all().has('CID_RMQ_SYS_TRANS')]).toEqual([ResponseCode.NO_PERMISSION, true]);
});

test('353 forbids a group to read a topic, allows it again, and says what holds', async () => {
  const { ask, json, groups, read } = await setup();
  const forbid = (fields: ExtFields) => json(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group: 'g', topic: 'T', ...fields });
  expect(await forbid({})).toEqual({ group: 'g', topic: 'T', readable: true });
  expect(await forbid({ readable: 'false' })).toEqual({ group: 'g', topic: 'T', readable: false });
  expect(await forbid({})).toEqual({ group: 'g', topic: 'T', readable: false });
  expect((await read('subscriptionGroup.json')).forbiddenTable).toEqual({ g: { T: 4 } });
  expect(groups.isReadForbidden('g', 'T')).toBe(true);
  expect(await forbid({ readable: 'true' })).toEqual({ group: 'g', topic: 'T', readable: true });
  expect((await read('subscriptionGroup.json')).forbiddenTable).toEqual({});
  const bad = { group: 'a b', topic: 'T', readable: 'false' };
  expect((await ask(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, bad)).code).toBe(ResponseCode.INVALID_PARAMETER);
});

test('25 and 26: what is changed is shown, under a new version', async () => {
  const { ask, live } = await setup();
  const get = async () => {
    const { body, extFields } = await ask(RequestCode.GET_BROKER_CONFIG);
    return { lines: body?.toString().split('\n') ?? [], version: JSON.parse(extFields?.['version'] ?? '') };
  };
  const before = await get();
  expect(before.lines).toContain('fileReservedTime=72');
  // The official tools end with an exception where one of these is missing.
  for (const key of ['brokerClusterName', 'brokerId', 'brokerRole', 'filterServerNums', 'flushDiskType', 'maxMessageSize']) {
    expect(
      before.lines.some((line) => line.startsWith(`${key}=`)),
      key,
    ).toBe(true);
  }
  for (const key of ['messageDelayLevel', 'msgTraceTopicName', 'slaveReadEnable', 'traceOn', 'traceTopicEnable', 'useTLS']) {
    expect(
      before.lines.some((line) => line.startsWith(`${key}=`)),
      key,
    ).toBe(true);
  }
  expect(before.lines.toSorted()).toEqual(['', ...before.lines.filter((line) => line !== '')]);
  const answer = await ask(RequestCode.UPDATE_BROKER_CONFIG, {}, 'fileReservedTime=48\nfoo=1\n');
  expect([answer.code, answer.remark]).toEqual([ResponseCode.SUCCESS, 'the key "foo" is unknown']);
  const after = await get();
  expect(after.lines).toContain('fileReservedTime=48');
  expect(after.version.counter).toBe(before.version.counter + 1);
  expect(live.view.fileReservedTime).toBe(48);
});

test.each([
  ['a key of the black list', 'brokerConfigPath=/x', ResponseCode.NO_PERMISSION, 'Can not update config in black list.'],
  ['nothing', '', ResponseCode.SUCCESS, undefined],
  ['a value that cannot be read', 'fileReservedTime=x', ResponseCode.SUCCESS, '"fileReservedTime" was not changed to "x"'],
])('25: %s', async (_name, body, code, remark) => {
  const { ask } = await setup();
  const answer = await ask(RequestCode.UPDATE_BROKER_CONFIG, {}, body);
  expect(answer.code).toBe(code);
  if (remark === undefined) expect(answer.remark).toBeUndefined();
  else expect(answer.remark).toContain(remark);
});

test.each([
  ['larger than a configuration', `a=${'x'.repeat(65_536)}`, 'BODY_INVALID'],
  ['with a broken escape', 'a=\\u12', 'CONFIG_INVALID'],
])('25 refuses a body %s', async (_name, body, code) => {
  const { ask } = await setup();
  await expect(ask(RequestCode.UPDATE_BROKER_CONFIG, {}, body)).rejects.toMatchObject({ code });
});

test("306, 316 and 329: what is nobody's goes, the broker's own stays", async () => {
  const { ask, topics, calls, held } = await setup();
  topics.update(plainTopic('T', 1, 6));
  expect((await ask(RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE)).code).toBe(ResponseCode.SUCCESS);
  expect((await ask(RequestCode.DELETE_EXPIRED_COMMITLOG)).code).toBe(ResponseCode.SUCCESS);
  const asked = [1, 2, 3].map(() => ask(RequestCode.CLEAN_UNUSED_TOPIC));
  expect(held).toHaveLength(1);
  held[0]?.();
  expect((await Promise.all(asked)).map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(calls).toEqual(['expired T', 'files', 'unused Gone']);
});

test('2001 to 2003: thresholds of cold reads are kept and shown', async () => {
  const { ask, json } = await setup();
  await ask(RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, {}, 'g=100\nh=200\nbad=x\na b=1\n');
  await ask(RequestCode.REMOVE_COLD_DATA_FLOW_CTR_CONFIG, {}, 'h');
  expect(await json(RequestCode.GET_COLD_DATA_FLOW_CTR_INFO)).toEqual({
    runtimeTable: {},
    configTable: { g: 100 },
    cgColdReadThreshold: 3_145_728,
    globalColdReadThreshold: 104_857_600,
    globalAcc: 0,
  });
  const large = { code: ResponseCode.INVALID_PARAMETER };
  expect(await ask(RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, {}, 'x'.repeat(1_048_577))).toMatchObject(large);
});

test.each([
  ['0', ResponseCode.SUCCESS],
  ['1', ResponseCode.SUCCESS],
  ['2', ResponseCode.SYSTEM_ERROR],
  [undefined, ResponseCode.SYSTEM_ERROR],
])('2004 with mode %s', async (mode, code) => {
  const { ask } = await setup();
  const extFields: ExtFields = mode === undefined ? {} : { READ_AHEAD_MODE: mode };
  expect((await ask(RequestCode.SET_COMMITLOG_READ_MODE, extFields)).code).toBe(code);
});

test.each([354, 355, 401, 402, 513])('%i is not built, and says what is missing', async (code) => {
  const { ask } = await setup();
  const answer = await ask(code);
  expect([answer.code, answer.remark]).toEqual([
    ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
    expect.stringMatching(new RegExp(`^ request type ${code} not supported: .+`)),
  ]);
});

test('updates of one topic that come together keep one order, on disk as in memory', async () => {
  const { ask, topics, read } = await setup();
  await Promise.all(
    [1, 2, 3, 4, 5].map((n) => ask(RequestCode.UPDATE_AND_CREATE_TOPIC, { ...createFields, readQueueNums: String(n) })),
  );
  expect(topics.get('T')?.readQueueNums).toBe(5);
  expect((await read('topics.json')).topicConfigTable.T.readQueueNums).toBe(5);
});
