import {
  createRequest,
  decodeClusterInfo,
  decodeDataVersion,
  decodeRoute,
  encodeDataVersion,
  encodeRegisterBrokerBody,
  maskedCrc32,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  registerBrokerHeader,
  unregisterBrokerHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultNamesrvConfig } from '../config/namesrv-config.js';
import { topicConfigOf } from '../test-support/topic-config-of.js';
import { createNameServer } from './name-server.js';

const address = '127.0.0.1:9876';
const dataVersion = { counter: 1, timestamp: 1, stateVersion: 0 };

async function setup() {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  await nameServer.start();
  const connect = async () => {
    const client = createRemotingClient({ environment, dialer: network, idleTimeoutMs: 100_000_000 });
    await client.start();
    const ask = async (request: RemotingCommand): Promise<RemotingCommand> => {
      let response: RemotingCommand | undefined;
      const asked = client.invoke(address, request, { timeoutMs: 3000 }).then((answer) => {
        response = answer;
      });
      await environment.time.runUntil(() => response !== undefined, 5000);
      await asked;
      if (response === undefined) throw new Error('no answer');
      return response;
    };
    return { client, ask };
  };
  return { environment, nameServer, connect };
}

const identity = { brokerName: 'a', brokerAddr: '10.0.0.1:10911', clusterName: 'c', brokerId: 0 };

function registerRequest(
  overrides: Partial<Parameters<typeof registerBrokerHeader.encode>[0]> = {},
  compressed = false,
): RemotingCommand {
  const body = encodeRegisterBrokerBody(
    { dataVersion, topicConfigTable: { T: topicConfigOf('T'), U: topicConfigOf('U') }, filterServerList: [] },
    { compressed },
  );
  const extFields = registerBrokerHeader.encode({
    ...identity,
    haServerAddr: '10.0.0.1:10912',
    heartbeatTimeoutMillis: undefined,
    enableActingMaster: false,
    compressed,
    bodyCrc32: maskedCrc32(body),
    ...overrides,
  });
  return createRequest(RequestCode.REGISTER_BROKER, { extFields, body });
}

const routeRequest = (topicName: string) =>
  createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields: { topic: topicName } });

test('brokers register, clients find them', async () => {
  const { nameServer, connect } = await setup();
  expect(nameServer.port).toBe(9876);
  const { ask } = await connect();
  expect(await ask(routeRequest('T'))).toMatchObject({
    code: ResponseCode.TOPIC_NOT_EXIST,
    remark: expect.stringContaining('No topic route info in name server for the topic: T'),
  });
  expect((await ask(registerRequest())).code).toBe(ResponseCode.SUCCESS);
  const route = decodeRoute((await ask(routeRequest('T'))).body ?? Buffer.alloc(0));
  expect(route.brokerDatas).toEqual([{ brokerName: 'a', cluster: 'c', brokerAddrs: { 0: '10.0.0.1:10911' } }]);
  const cluster = await ask(createRequest(RequestCode.GET_BROKER_CLUSTER_INFO));
  expect(decodeClusterInfo(cluster.body ?? Buffer.alloc(0)).clusterAddrTable).toEqual({ c: ['a'] });
});

test('old senders get bare integer keys, new ones and those that ask for it standard JSON', async () => {
  const { connect } = await setup();
  const { ask } = await connect();
  await ask(registerRequest());
  const text = async (request: RemotingCommand) => (await ask(request)).body?.toString();
  expect(await text({ ...routeRequest('T'), version: 400 })).toContain('{0:"10.0.0.1:10911"}');
  expect(await text({ ...routeRequest('T'), version: 401 })).toContain('{"0":"10.0.0.1:10911"}');
  const standard = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, {
    extFields: { topic: 'T', acceptStandardJsonOnly: 'true' },
  });
  expect(await text({ ...standard, version: 0 })).toContain('{"0":"10.0.0.1:10911"}');
});

test.each([
  ['a compressed table', { compressed: true }],
  ['a compressed table whose header denies it, as 5.x brokers send', { compressed: false }],
])('%s is read', async (_name, overrides) => {
  const { connect } = await setup();
  const { ask } = await connect();
  expect((await ask(registerRequest(overrides, true))).code).toBe(ResponseCode.SUCCESS);
  expect((await ask(routeRequest('U'))).code).toBe(ResponseCode.SUCCESS);
});

test('a damaged body is refused; a checksum of 0 is not checked; no body means no topics', async () => {
  const { connect } = await setup();
  const { ask } = await connect();
  expect(await ask(registerRequest({ bodyCrc32: 7 }))).toMatchObject({
    code: ResponseCode.SYSTEM_ERROR,
    remark: 'crc32 not match',
  });
  expect((await ask({ ...registerRequest({ bodyCrc32: 0 }), body: Buffer.from('{"x') })).code).toBe(ResponseCode.SYSTEM_ERROR);
  expect((await ask({ ...registerRequest({ bodyCrc32: 0 }), body: undefined })).code).toBe(ResponseCode.SUCCESS);
  expect((await ask(registerRequest({ bodyCrc32: 0 }))).code).toBe(ResponseCode.SUCCESS);
});

test('QUERY_DATA_VERSION says whether to register again, and keeps the broker alive', async () => {
  const { environment, connect } = await setup();
  const { ask } = await connect();
  const query = (version: typeof dataVersion) =>
    ask(
      createRequest(RequestCode.QUERY_DATA_VERSION, {
        extFields: unregisterBrokerHeader.encode(identity),
        body: encodeDataVersion(version),
      }),
    );
  expect(await query(dataVersion)).toMatchObject({ code: 0, extFields: { changed: 'true' }, body: undefined });
  await ask(registerRequest());
  const same = await query(dataVersion);
  expect(same.extFields).toEqual({ changed: 'false' });
  expect(decodeDataVersion(same.body ?? Buffer.alloc(0))).toEqual(dataVersion);
  expect((await query({ ...dataVersion, counter: 2 })).extFields).toEqual({ changed: 'true' });
  await environment.time.advance(100_000);
  await query(dataVersion);
  await environment.time.advance(100_000);
  expect((await ask(routeRequest('T'))).code).toBe(ResponseCode.SUCCESS);
});

test('a broker that unregisters, whose connection closes, or that is silent, leaves the routes', async () => {
  const { environment, connect } = await setup();
  const client = await connect();
  const broker = await connect();
  const isRouted = async () => (await client.ask(routeRequest('T'))).code === ResponseCode.SUCCESS;

  await broker.ask(registerRequest());
  const extFields = unregisterBrokerHeader.encode(identity);
  expect((await broker.ask(createRequest(RequestCode.UNREGISTER_BROKER, { extFields }))).code).toBe(ResponseCode.SUCCESS);
  expect(await isRouted()).toBe(false);

  await broker.ask(registerRequest());
  expect(await isRouted()).toBe(true);
  const stopped = broker.client.stop();
  await environment.time.advance(10);
  await stopped;
  expect(await isRouted()).toBe(false);

  const silent = await connect();
  await silent.ask(registerRequest({ heartbeatTimeoutMillis: 10_000 }));
  await environment.time.advance(9000);
  expect(await isRouted()).toBe(true);
  await environment.time.advance(6500);
  expect(await isRouted()).toBe(false);
});

test('an unknown request is answered 3', async () => {
  const { connect } = await setup();
  expect((await (await connect()).ask(createRequest(9999))).code).toBe(ResponseCode.REQUEST_CODE_NOT_SUPPORTED);
});

test('a stopped NameServer gives its port back', async () => {
  const { environment, nameServer, connect } = await setup();
  await (await connect()).ask(registerRequest());
  const stopped = Promise.all([nameServer.stop(), nameServer.stop()]);
  await environment.time.advance(10_000);
  await stopped;
});
