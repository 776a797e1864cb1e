/** The requests of tools, over the wire. */
import {
  createRequest,
  decodeBrokerMemberGroup,
  decodeKvTable,
  decodeRoute,
  decodeTopicList,
  encodeRegisterBrokerBody,
  encodeRoute,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  registerBrokerHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, createRemotingServer, InProcessNetwork } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, test } from 'vitest';
import { defaultNamesrvConfig, type NamesrvConfig } from '../config/namesrv-config.js';
import { MemoryFiles } from '../test-support/memory-files.js';
import { topicConfigOf } from '../test-support/topic-config-of.js';
import { createNameServer } from './name-server.js';

const kvPath = '/ns/kvConfig.json';
const configPath = '/ns/ns.conf';

async function setup(config: Partial<NamesrvConfig> = {}, files = new MemoryFiles()) {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const nameServer = createNameServer({
    environment,
    network,
    files,
    config: { ...defaultNamesrvConfig, kvConfigPath: kvPath, configStorePath: configPath, ...config },
  });
  await nameServer.start();
  const client = createRemotingClient({ environment, dialer: network, idleTimeoutMs: 100_000_000 });
  await client.start();
  const invoke = async (command: RemotingCommand): Promise<RemotingCommand> => {
    let response: RemotingCommand | undefined;
    const asked = client.invoke('127.0.0.1:9876', command, { timeoutMs: 3000 }).then((answer) => {
      response = answer;
    });
    await environment.time.runUntil(() => response !== undefined, 5000);
    await asked;
    if (response === undefined) throw new Error('no answer');
    return response;
  };
  const ask = (code: number, extFields: Record<string, string> = {}, body?: Buffer) =>
    invoke(createRequest(code, { extFields, ...(body === undefined ? {} : { body }) }));
  const register = (overrides: Record<string, string> = {}, topics: readonly string[] = ['T', 'U']) => {
    const table = topics.map((topicName) => [topicName, topicConfigOf(topicName)]);
    const extFields = registerBrokerHeader.encode({
      brokerName: 'a',
      brokerAddr: '127.0.0.1:10911',
      clusterName: 'c',
      brokerId: 0,
      haServerAddr: '127.0.0.1:10912',
      heartbeatTimeoutMillis: undefined,
      enableActingMaster: true,
      compressed: false,
      bodyCrc32: 0,
    });
    const body = encodeRegisterBrokerBody(
      {
        dataVersion: { counter: 1, timestamp: 1, stateVersion: 0 },
        topicConfigTable: Object.fromEntries(table),
        filterServerList: [],
      },
      { compressed: false },
    );
    return ask(RequestCode.REGISTER_BROKER, { ...extFields, ...overrides }, body);
  };
  const route = async (topic: string, extFields: Record<string, string> = {}) => {
    const answer = await ask(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic, ...extFields });
    return { code: answer.code, remark: answer.remark, route: answer.body && decodeRoute(answer.body) };
  };
  return { environment, network, nameServer, files, ask, register, route };
}

const order = { namespace: 'ORDER_TOPIC_CONFIG', key: 'T' };

describe('KV configuration', () => {
  test('put, get, list, delete', async () => {
    const { ask, files } = await setup();
    expect((await ask(RequestCode.GET_KV_CONFIG, order)).code).toBe(ResponseCode.QUERY_NOT_FOUND);
    expect((await ask(RequestCode.GET_KVLIST_BY_NAMESPACE, order)).code).toBe(ResponseCode.QUERY_NOT_FOUND);
    expect((await ask(RequestCode.PUT_KV_CONFIG, { ...order, value: 'a:4' })).code).toBe(ResponseCode.SUCCESS);
    expect(files.text(kvPath)).toBe('{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"a:4"}}}');
    expect((await ask(RequestCode.GET_KV_CONFIG, order)).extFields).toEqual({ value: 'a:4' });
    const list = await ask(RequestCode.GET_KVLIST_BY_NAMESPACE, order);
    expect({ ...decodeKvTable(list.body ?? Buffer.alloc(0)) }).toEqual({ T: 'a:4' });
    expect((await ask(RequestCode.DELETE_KV_CONFIG, order)).code).toBe(ResponseCode.SUCCESS);
    expect((await ask(RequestCode.DELETE_KV_CONFIG, order)).code).toBe(ResponseCode.SUCCESS);
    expect(await ask(RequestCode.GET_KV_CONFIG, order)).toMatchObject({
      code: ResponseCode.QUERY_NOT_FOUND,
      remark: expect.stringContaining('No config item, Namespace: ORDER_TOPIC_CONFIG Key: T'),
    });
  });

  test('a NameServer that starts again has it; another one has its own', async () => {
    const first = await setup();
    await first.ask(RequestCode.PUT_KV_CONFIG, { ...order, value: 'a:4' });
    const again = await setup({}, first.files);
    expect((await again.ask(RequestCode.GET_KV_CONFIG, order)).extFields).toEqual({ value: 'a:4' });
    const other = await setup();
    expect((await other.ask(RequestCode.GET_KV_CONFIG, order)).code).toBe(ResponseCode.QUERY_NOT_FOUND);
  });

  test('what is missing in the header, or cannot be written, is an error, and nothing changes', async () => {
    const { ask, files } = await setup();
    expect((await ask(RequestCode.PUT_KV_CONFIG, order)).code).toBe(ResponseCode.SYSTEM_ERROR);
    files.isRefusing = true;
    expect((await ask(RequestCode.PUT_KV_CONFIG, { ...order, value: 'a:4' })).code).toBe(ResponseCode.SYSTEM_ERROR);
    expect((await ask(RequestCode.GET_KV_CONFIG, order)).code).toBe(ResponseCode.QUERY_NOT_FOUND);
  });
});

describe('ordered topics', () => {
  test.each([
    [true, 'a:4'],
    [false, undefined],
  ])('routes carry their queues with orderMessageEnable=%s', async (orderMessageEnable, expected) => {
    const { ask, register, route } = await setup({ orderMessageEnable });
    await register();
    await ask(RequestCode.PUT_KV_CONFIG, { ...order, value: 'a:4' });
    expect((await route('T')).route?.orderTopicConf).toBe(expected);
    expect((await route('U')).route?.orderTopicConf).toBeUndefined();
  });

  test.each([
    [true, '{"table":{"T":"a:4"}}'],
    [false, undefined],
  ])('brokers are told with returnOrderTopicConfigToBroker=%s', async (returnOrderTopicConfigToBroker, expected) => {
    const { ask, register } = await setup({ returnOrderTopicConfigToBroker });
    expect((await register()).body).toBeUndefined();
    await ask(RequestCode.PUT_KV_CONFIG, { ...order, value: 'a:4' });
    expect((await register()).body?.toString()).toBe(expected);
  });
});

test('permission to write', async () => {
  const { ask, register, route } = await setup();
  await register();
  const perm = async () => (await route('T')).route?.queueDatas[0]?.perm;
  const wiped = await ask(RequestCode.WIPE_WRITE_PERM_OF_BROKER, { brokerName: 'a' });
  expect(wiped).toMatchObject({ code: ResponseCode.SUCCESS, extFields: { wipeTopicCount: '2' } });
  expect(await perm()).toBe(4);
  expect((await ask(RequestCode.ADD_WRITE_PERM_OF_BROKER, { brokerName: 'a' })).extFields).toEqual({ addTopicCount: '2' });
  expect(await perm()).toBe(6);
});

describe('lists of topics', () => {
  const lists = [
    RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER,
    RequestCode.GET_TOPICS_BY_CLUSTER,
    RequestCode.GET_UNIT_TOPIC_LIST,
    RequestCode.GET_HAS_UNIT_SUB_TOPIC_LIST,
    RequestCode.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST,
  ];

  test('each has its topics', async () => {
    const { ask, register } = await setup();
    await register();
    const listOf = async (code: number) => decodeTopicList((await ask(code, { cluster: 'c' })).body ?? Buffer.alloc(0));
    expect((await listOf(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER)).topicList).toEqual(['T', 'U']);
    expect((await listOf(RequestCode.GET_TOPICS_BY_CLUSTER)).topicList).toEqual(['T', 'U']);
    expect((await listOf(RequestCode.GET_UNIT_TOPIC_LIST)).topicList).toEqual([]);
    expect(await listOf(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS)).toEqual({
      topicList: ['c', 'a'],
      brokerAddr: '127.0.0.1:10911',
    });
  });

  test('each can be switched off, but for the one of the system', async () => {
    const { ask } = await setup({ enableAllTopicList: false, enableTopicList: false });
    for (const code of lists) {
      expect(await ask(code, { cluster: 'c' })).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark: 'disable' });
    }
    expect((await ask(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS)).code).toBe(ResponseCode.SUCCESS);
  });
});

test('topics are deleted and registered one by one', async () => {
  const { ask, register, route } = await setup();
  await register();
  await ask(RequestCode.DELETE_TOPIC_IN_NAMESRV, { topic: 'T', clusterName: 'other' });
  expect((await route('T')).code).toBe(ResponseCode.SUCCESS);
  await ask(RequestCode.DELETE_TOPIC_IN_NAMESRV, { topic: 'T', clusterName: 'c' });
  expect((await route('T')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  await ask(RequestCode.DELETE_TOPIC_IN_NAMESRV, { topic: 'U' });
  expect((await route('U')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  const queue = { brokerName: 'a', readQueueNums: 2, writeQueueNums: 2, perm: 6, topicSysFlag: 0 };
  const body = encodeRoute({ queueDatas: [queue], brokerDatas: [] }, { standardJson: true });
  expect((await ask(RequestCode.REGISTER_TOPIC_IN_NAMESRV, { topic: 'V' }, body)).code).toBe(ResponseCode.SUCCESS);
  expect((await route('V')).route?.queueDatas).toEqual([queue]);
  expect((await ask(RequestCode.REGISTER_TOPIC_IN_NAMESRV, { topic: 'W' })).code).toBe(ResponseCode.SUCCESS);
  for (const text of [`{"x":"${'x'.repeat(256 * 1024)}"}`, `{"x":[${'0,'.repeat(20_000)}0]}`]) {
    expect((await ask(RequestCode.REGISTER_TOPIC_IN_NAMESRV, { topic: 'W' }, Buffer.from(text))).code).toBe(
      ResponseCode.SYSTEM_ERROR,
    );
  }
});

describe('members of a broker name', () => {
  test('they are listed, and a heartbeat keeps one alive', async () => {
    const { environment, ask, register, route } = await setup();
    await register({ heartbeatTimeoutMillis: '10000' });
    const names = { clusterName: 'c', brokerName: 'a' };
    const group = await ask(RequestCode.GET_BROKER_MEMBER_GROUP, names);
    expect(group.body?.toString()).toBe(
      '{"brokerMemberGroup":{"brokerAddrs":{0:"127.0.0.1:10911"},"brokerName":"a","cluster":"c"}}',
    );
    const unknown = await ask(RequestCode.GET_BROKER_MEMBER_GROUP, { ...names, brokerName: 'nobody' });
    expect(decodeBrokerMemberGroup(unknown.body ?? Buffer.alloc(0))).toEqual({
      cluster: 'c',
      brokerName: 'nobody',
      brokerAddrs: {},
    });
    for (let round = 0; round < 3; round += 1) {
      await environment.time.advance(8000);
      await ask(RequestCode.BROKER_HEARTBEAT, { ...names, brokerAddr: '127.0.0.1:10911' });
    }
    expect((await route('T')).code).toBe(ResponseCode.SUCCESS);
    await environment.time.advance(16_000);
    expect((await route('T')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  });

  test.each([
    [true, { 0: '127.0.0.1:10921' }],
    [false, { 1: '127.0.0.1:10921' }],
  ])('with supportActingMaster=%s and no master the route has %j', async (supportActingMaster, brokerAddrs) => {
    const { register, route } = await setup({ supportActingMaster });
    await register({ brokerId: '1', brokerAddr: '127.0.0.1:10921' });
    expect((await route('T')).route).toMatchObject({ brokerDatas: [{ brokerAddrs }], queueDatas: [{ perm: 4 }] });
  });

  test.each([[true], [false]])('the lowest id that changes is told to brokers with notifyMinBrokerIdChanged=%s', async (isOn) => {
    const { environment, network, ask, register } = await setup({ notifyMinBrokerIdChanged: isOn });
    const told: unknown[] = [];
    const server = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port: 10_921 });
    server.registerProcessor([RequestCode.NOTIFY_MIN_BROKER_ID_CHANGE], {
      process: (request) => void told.push(request.extFields),
    });
    await server.start();
    await register({ brokerId: '1', brokerAddr: '127.0.0.1:10921' });
    await register();
    await environment.time.advance(100);
    await ask(RequestCode.UNREGISTER_BROKER, { brokerName: 'a', brokerAddr: '127.0.0.1:10911', clusterName: 'c', brokerId: '0' });
    await environment.time.advance(100);
    const came = { minBrokerId: '0', brokerName: 'a', minBrokerAddr: '127.0.0.1:10911', haBrokerAddr: '127.0.0.1:10912' };
    const went = { minBrokerId: '1', brokerName: 'a', minBrokerAddr: '127.0.0.1:10921', offlineBrokerAddr: '127.0.0.1:10911' };
    expect(told).toEqual(isOn ? [came, went] : []);
  });

  test('a client may ask for the brokers of its zone', async () => {
    const { register, route } = await setup();
    await register({ __ZONE_NAME: 'east' });
    await register({ __ZONE_NAME: 'west', brokerName: 'b', brokerAddr: '127.0.0.1:10931' });
    const names = async (extFields: Record<string, string>) =>
      (await route('T', extFields)).route?.brokerDatas.map((broker) => [broker.brokerName, broker.zoneName]);
    expect(await names({})).toEqual([
      ['a', 'east'],
      ['b', 'west'],
    ]);
    expect(await names({ __ZONE_NAME: 'west', __ZONE_MODE: 'true' })).toEqual([['b', 'west']]);
  });
});

test('needWaitForService refuses routes until its time is over, to the millisecond', async () => {
  const { environment, register, route } = await setup({ needWaitForService: true, waitSecondsForService: 45 });
  await register();
  expect(await route('T')).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark: 'name server not ready' });
  await environment.time.advance(44_990 - environment.clock.monotonic());
  expect((await route('T')).code).toBe(ResponseCode.SYSTEM_ERROR);
  await environment.time.advance(20);
  expect((await route('T')).code).toBe(ResponseCode.SUCCESS);
});

describe('configuration', () => {
  const update = (text: string) => Buffer.from(text);

  test('all keys are shown', async () => {
    const { ask } = await setup();
    const text = (await ask(RequestCode.GET_NAMESRV_CONFIG)).body?.toString() ?? '';
    expect(text.split('\n').map((line) => line.split('=')[0])).toEqual([...Object.keys(defaultNamesrvConfig).toSorted(), '']);
  });

  test('a change takes effect at once and is in the file', async () => {
    const { ask, files } = await setup();
    const body = update('enableAllTopicList=false\nnobodyKnows=1\nwaitSecondsForService=x\n');
    expect((await ask(RequestCode.UPDATE_NAMESRV_CONFIG, {}, body)).code).toBe(ResponseCode.SUCCESS);
    expect((await ask(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER)).remark).toBe('disable');
    expect(files.text(configPath)).toBe('enableAllTopicList=false\n');
  });

  test('how often dead brokers are looked for changes at once', async () => {
    const { environment, ask, register, route } = await setup({ scanNotActiveBrokerInterval: 1_000_000 });
    await register({ heartbeatTimeoutMillis: '1000' });
    await environment.time.advance(20_000);
    expect((await route('T')).code).toBe(ResponseCode.SUCCESS);
    await ask(RequestCode.UPDATE_NAMESRV_CONFIG, {}, update('scanNotActiveBrokerInterval=1000'));
    await environment.time.advance(1100);
    expect((await route('T')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  });

  test.each([['kvConfigPath=/x'], ['configBlackList='], ['enableTopicList=false']])('%s is refused', async (text) => {
    const { ask, files } = await setup({ configBlackList: 'enableTopicList' });
    expect(await ask(RequestCode.UPDATE_NAMESRV_CONFIG, {}, update(text))).toMatchObject({
      code: ResponseCode.NO_PERMISSION,
      remark: 'Can not update config in black list.',
    });
    expect(files.writeCount).toBe(0);
  });

  test('too long an update, and one that cannot be written, are errors', async () => {
    const { ask, files } = await setup();
    const long = update(`enableTopicList=false\n#${'x'.repeat(64 * 1024)}`);
    expect((await ask(RequestCode.UPDATE_NAMESRV_CONFIG, {}, long)).remark).toContain('allowed are 65536');
    files.isRefusing = true;
    expect((await ask(RequestCode.UPDATE_NAMESRV_CONFIG, {}, update('enableTopicList=false'))).code).toBe(
      ResponseCode.SYSTEM_ERROR,
    );
    expect((await ask(RequestCode.GET_UNIT_TOPIC_LIST)).code).toBe(ResponseCode.SUCCESS);
  });
});

test('a NameServer whose KV file is damaged does not start', async () => {
  const files = new MemoryFiles();
  files.contents.set(kvPath, Buffer.from('{"configTable":'));
  await expect(setup({}, files)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});
