/** Registrations that are read piece by piece, and what comes while one is being read. */
import {
  createRequest,
  decodeDataVersion,
  decodeRoute,
  encodeDataVersion,
  encodeRegisterBrokerBody,
  maskedCrc32,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  registerBrokerHeader,
  type TopicConfig,
  unregisterBrokerHeader,
} from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork, type ServerConnection } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultNamesrvConfig } from '../config/namesrv-config.js';
import { LargeRequests } from '../large-requests.js';
import { RecordingConnection } from '../test-support/recording-connection.js';
import { topicConfigOf } from '../test-support/topic-config-of.js';
import { KvConfigStore } from './kv-config-store.js';
import { createNameServer } from './name-server.js';
import { RegisterBrokerProcessor } from './processors/register-broker.js';
import { RouteTable } from './route-table.js';

const address = '127.0.0.1:9876';
const identity = { brokerName: 'a', brokerAddr: '10.0.0.1:10911', clusterName: 'c', brokerId: 0 };
/** Some pieces of work. */
const manyCount = 30_000;

async function setup() {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  await nameServer.start();
  const connect = async () => {
    const client = createRemotingClient({ environment, dialer: network, idleTimeoutMs: 100_000_000 });
    await client.start();
    return client;
  };
  const [broker, other] = [await connect(), await connect()];
  const tell = (request: RemotingCommand, from = broker) => from.invoke(address, request, { timeoutMs: 60_000 });
  const settled = <T>(...asked: Promise<T>[]): Promise<T[]> => environment.time.settle(Promise.all(asked));
  const ask = async (request: RemotingCommand, from = broker) => (await settled(tell(request, from)))[0] as RemotingCommand;
  const queuesOf = async (topic: string) => {
    const answer = await ask(createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields: { topic } }), other);
    return answer.code === ResponseCode.SUCCESS
      ? decodeRoute(answer.body ?? Buffer.alloc(0)).queueDatas[0]?.writeQueueNums
      : undefined;
  };
  /** The request has come, and a part of it is read. */
  const begun = async () => {
    const { time } = environment;
    const untilCount = time.firedCount + 12;
    await time.runUntil(() => time.firedCount >= untilCount, 1000);
  };
  return { nameServer, other, tell, settled, ask, begun, queuesOf };
}

function registration(counter: number, topics: readonly TopicConfig[], compressed = false): RemotingCommand {
  const topicConfigTable = Object.fromEntries(topics.map((topic) => [topic.topicName, topic]));
  const dataVersion = { counter, timestamp: counter, stateVersion: 0 };
  const body = encodeRegisterBrokerBody({ dataVersion, topicConfigTable, filterServerList: [] }, { compressed });
  const extFields = registerBrokerHeader.encode({
    ...identity,
    haServerAddr: '10.0.0.1:10912',
    heartbeatTimeoutMillis: undefined,
    enableActingMaster: false,
    compressed,
    bodyCrc32: maskedCrc32(body),
  });
  return createRequest(RequestCode.REGISTER_BROKER, { extFields, body });
}

const topicsOf = (count: number, queueNums = 4): TopicConfig[] =>
  Array.from({ length: count }, (_, index) => ({ ...topicConfigOf(`T${index}`), writeQueueNums: queueNums }));
const unregistration = () => createRequest(RequestCode.UNREGISTER_BROKER, { extFields: unregisterBrokerHeader.encode(identity) });

test.each([false, true])('a large registration is taken as a whole, in the end (compressed: %s)', async (compressed) => {
  const { tell, settled, begun, queuesOf } = await setup();
  const registering = tell(registration(1, topicsOf(manyCount), compressed));
  await begun();
  expect(await queuesOf('T0')).toBeUndefined();
  expect(await queuesOf(`T${manyCount - 1}`)).toBeUndefined();
  expect(await settled(registering)).toMatchObject([{ code: ResponseCode.SUCCESS }]);
  expect(await queuesOf('T0')).toBe(4);
  expect(await queuesOf(`T${manyCount - 1}`)).toBe(4);
});

test('what is asked while a large registration is read is answered before it', async () => {
  const { tell, other, settled } = await setup();
  const answered: string[] = [];
  const large = tell(registration(1, topicsOf(manyCount))).then(() => void answered.push('large'));
  const cluster = tell(createRequest(RequestCode.GET_BROKER_CLUSTER_INFO), other).then(() => void answered.push('small'));
  await settled(large, cluster);
  expect(answered).toEqual(['small', 'large']);
});

test('a small registration that comes behind a large one of the same broker has the last word', async () => {
  const { tell, other, settled, queuesOf } = await setup();
  const answers = await settled(tell(registration(1, topicsOf(manyCount))), tell(registration(2, topicsOf(2, 9)), other));
  expect(answers.map(({ code }) => code)).toEqual([0, 0]);
  expect(await queuesOf('T0')).toBe(9);
  expect(await queuesOf('T2')).toBe(4);
});

test('the version that is asked for is that of the registration before', async () => {
  const { tell, settled } = await setup();
  const question = createRequest(RequestCode.QUERY_DATA_VERSION, {
    extFields: unregisterBrokerHeader.encode(identity),
    body: encodeDataVersion({ counter: 7, timestamp: 7, stateVersion: 0 }),
  });
  const [, version] = await settled(tell(registration(7, topicsOf(manyCount))), tell(question));
  expect(version?.extFields).toEqual({ changed: 'false' });
  expect(decodeDataVersion(version?.body ?? Buffer.alloc(0)).counter).toBe(7);
});

test('a broker that unregisters while its registration is read is gone', async () => {
  const { tell, other, settled, queuesOf } = await setup();
  const answers = await settled(tell(registration(1, topicsOf(manyCount))), tell(unregistration(), other));
  expect(answers.map(({ code }) => code)).toEqual([0, 0]);
  expect(await queuesOf('T0')).toBeUndefined();
});

test('a topic that is deleted while a registration is read stays deleted, and its writes stay taken away', async () => {
  const { tell, other, settled, queuesOf } = await setup();
  const deletion = createRequest(RequestCode.DELETE_TOPIC_IN_NAMESRV, { extFields: { topic: 'T1', clusterName: '' } });
  const wiping = createRequest(RequestCode.WIPE_WRITE_PERM_OF_BROKER, { extFields: { brokerName: 'a' } });
  const answers = await settled(tell(registration(1, topicsOf(manyCount))), tell(deletion, other), tell(wiping, other));
  expect(answers[2]?.extFields).toEqual({ wipeTopicCount: String(manyCount - 1) });
  expect(await queuesOf('T1')).toBeUndefined();
  expect(await queuesOf('T2')).toBe(4);
});

test('a broker that is gone while its registration is read does not come into the table', async () => {
  const environment = virtualEnvironment(1);
  const { time, timers } = environment;
  const routes = new RouteTable<ServerConnection>();
  const processor = new RegisterBrokerProcessor({
    environment,
    routes,
    kvConfig: new KvConfigStore(undefined),
    config: () => defaultNamesrvConfig,
    onBrokerConnection: () => undefined,
    large: new LargeRequests({ timers }),
  });
  const [lost, kept] = [new RecordingConnection(), new RecordingConnection()];
  const processing = Promise.all([
    processor.process(registration(1, topicsOf(manyCount)), lost),
    processor.process(registration(2, topicsOf(2)), kept),
  ]);
  await time.runUntil(() => time.firedCount > 10, 1000);
  lost.close();
  await time.runUntil(() => kept.responses.length > 0, 1000);
  await processing;
  expect(lost.responses).toEqual([]);
  expect(routes.topicNames()).toEqual(['T0', 'T1']);
});

test('a NameServer that stops finishes what it reads, and answers', async () => {
  const { nameServer, tell, settled, begun } = await setup();
  const registering = tell(registration(1, topicsOf(manyCount)));
  await begun();
  const [answer] = await settled<unknown>(registering, nameServer.stop());
  expect(answer).toMatchObject({ code: ResponseCode.SUCCESS });
});

test('a large registration that is malformed at its end changes nothing', async () => {
  const { ask, queuesOf } = await setup();
  await ask(registration(1, topicsOf(2)));
  const request = registration(2, topicsOf(manyCount, 9));
  const body = Buffer.concat([request.body ?? Buffer.alloc(0), Buffer.from('}')]);
  const answer = await ask({ ...request, extFields: { ...request.extFields, bodyCrc32: '0' }, body });
  expect(answer).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark: expect.stringContaining('something follows') });
  expect(await queuesOf('T0')).toBe(4);
  expect(await queuesOf('T2')).toBeUndefined();
});
