import { createRequest, createResponse, decodeRoute, encodeKvTable, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, createRemotingServer, InProcessNetwork } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { type BrokerConfig, defaultBrokerConfig } from '../config/broker-config.js';
import { defaultNamesrvConfig, type NamesrvConfig } from '../config/namesrv-config.js';
import { createNameServer } from '../nameserver/name-server.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { plainTopic } from '../topic/boot-topics.js';
import { createTopicConfigManager } from '../topic/create-topic-config-manager.js';
import { NameServerRegistration } from './name-server-registration.js';

async function setup(overrides: Partial<BrokerConfig> = {}) {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const config = { ...defaultBrokerConfig, brokerName: 'a', namesrvAddr: '127.0.0.1:9876;127.0.0.1:9877', ...overrides };
  const topics = await createTopicConfigManager({
    environment,
    fileSystem: new MemoryFileSystem(),
    directory: '/store/config',
    config,
  });
  const registration = new NameServerRegistration({
    environment,
    dialer: network,
    config,
    topics,
    brokerAddr: '127.0.0.1:10911',
    haServerAddr: '127.0.0.1:10912',
  });
  const startNameServer = async (listenPort: number, more: Partial<NamesrvConfig> = {}) => {
    const nameServer = createNameServer({ environment, network, config: { ...defaultNamesrvConfig, listenPort, ...more } });
    await nameServer.start();
    return nameServer;
  };
  const client = createRemotingClient({ environment, dialer: network });
  await client.start();
  /** The topic's queue data at a NameServer; undefined when it knows no route or is down. */
  const queuesAt = async (port: number, topic: string) => {
    const request = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields: { topic } });
    const asked = client.invoke(`127.0.0.1:${port}`, request, { timeoutMs: 1000 }).catch(() => undefined);
    await environment.time.advance(5);
    const response = await settle(asked);
    if (response?.code !== ResponseCode.SUCCESS || response.body === undefined) return undefined;
    return decodeRoute(response.body).queueDatas[0];
  };
  /** Lets virtual time pass until the promise settles. */
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const marked = promise.finally(() => {
      isSettled = true;
    });
    await environment.time.runUntil(() => isSettled, 60_000);
    return marked;
  };
  return { environment, topics, registration, startNameServer, queuesAt, settle, network };
}

test('the broker is known to every NameServer when start() resolves', async () => {
  const { registration, startNameServer, queuesAt, settle } = await setup();
  await startNameServer(9876);
  await startNameServer(9877);
  await settle(registration.start());
  for (const port of [9876, 9877]) {
    expect(await queuesAt(port, 'TBW102')).toEqual({
      brokerName: 'a',
      readQueueNums: 8,
      writeQueueNums: 8,
      perm: 7,
      topicSysFlag: 0,
    });
  }
});

test('a changed topic is announced at once, to all', async () => {
  const { environment, topics, registration, startNameServer, queuesAt, settle } = await setup();
  await startNameServer(9876);
  await startNameServer(9877);
  await settle(registration.start());
  topics.update(plainTopic('T', 4, 6));
  topics.update(plainTopic('T', 5, 6));
  await environment.time.advance(50);
  expect((await queuesAt(9876, 'T'))?.writeQueueNums).toBe(5);
  expect((await queuesAt(9877, 'T'))?.writeQueueNums).toBe(5);
  topics.update(plainTopic('U', 4, 6));
  await settle(registration.announce());
  expect(await queuesAt(9876, 'U')).toBeDefined();
});

test('a NameServer that is down delays nothing and is told when it is up', async () => {
  const { environment, topics, registration, startNameServer, queuesAt, settle } = await setup();
  await startNameServer(9876);
  await settle(registration.start());
  expect(await queuesAt(9876, 'TBW102')).toBeDefined();
  topics.update(plainTopic('T', 4, 6));
  const before = environment.clock.monotonic();
  await settle(registration.announce());
  expect(environment.clock.monotonic() - before).toBeLessThan(1000);
  expect(await queuesAt(9876, 'T')).toBeDefined();
  await startNameServer(9877);
  await environment.time.advance(4000);
  expect(await queuesAt(9877, 'T')).toBeDefined();
});

test('a NameServer that starts anew is told at once, not at the next period', async () => {
  const { environment, registration, startNameServer, queuesAt, settle } = await setup({ namesrvAddr: '127.0.0.1:9876' });
  const first = await startNameServer(9876);
  await settle(registration.start());
  await settle(first.stop());
  await startNameServer(9876);
  await environment.time.advance(4000);
  expect(await queuesAt(9876, 'TBW102')).toBeDefined();
});

test('one that accepts and never answers holds an announcement up for a second, no longer', async () => {
  const { environment, registration, network, settle } = await setup({ namesrvAddr: '127.0.0.1:9876' });
  await network.listen({ host: '127.0.0.1', port: 9876 }, (stream) =>
    stream.attach({ onData: () => undefined, onDrain: () => undefined, onClose: () => undefined }),
  );
  const before = environment.clock.monotonic();
  await settle(registration.start());
  expect(environment.clock.monotonic() - before).toBeCloseTo(1000, -2);
  await settle(registration.stop());
});

test('registrations repeat in the period, so a broker stays known while nothing changes', async () => {
  const { environment, registration, startNameServer, queuesAt, settle } = await setup({ namesrvAddr: '127.0.0.1:9876' });
  await startNameServer(9876);
  await settle(registration.start());
  await environment.time.advance(600_000);
  expect(await queuesAt(9876, 'TBW102')).toBeDefined();
});

test('a stopped broker is unknown to all, and registers no more', async () => {
  const { environment, topics, registration, startNameServer, queuesAt, settle } = await setup();
  await startNameServer(9876);
  await settle(registration.start());
  await settle(registration.stop());
  expect(await queuesAt(9876, 'TBW102')).toBeUndefined();
  topics.update(plainTopic('T', 4, 6));
  await settle(registration.announce());
  await environment.time.advance(120_000);
  expect(await queuesAt(9876, 'T')).toBeUndefined();
});

test('a broker without the right to write says so for every topic', async () => {
  const { registration, startNameServer, queuesAt, settle } = await setup({ brokerPermission: 4 });
  await startNameServer(9876);
  await settle(registration.start());
  expect((await queuesAt(9876, 'BenchmarkTest'))?.perm).toBe(4);
  expect((await queuesAt(9876, 'TBW102'))?.perm).toBe(5);
});

test("topics of the NameServer's order configuration become ordered", async () => {
  const { environment, topics, registration, network, settle } = await setup({ namesrvAddr: '127.0.0.1:9876' });
  const server = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port: 9876 });
  server.registerProcessor([RequestCode.REGISTER_BROKER], {
    process: (request, connection) => {
      const body = encodeKvTable({ T: 'a:4', Unknown: 'a:1' });
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
    },
  });
  await server.start();
  topics.update(plainTopic('T', 4, 6));
  await settle(registration.start());
  expect(topics.get('T')?.order).toBe(true);
  expect(topics.get('Unknown')).toBeUndefined();
  await settle(registration.stop());
});

test('a registration in parts makes every topic known, and so does each change of one', async () => {
  const { environment, topics, registration, startNameServer, queuesAt, settle } = await setup({
    namesrvAddr: '127.0.0.1:9876',
    enableSplitRegistration: true,
    splitRegistrationSize: 4,
  });
  await startNameServer(9876);
  for (let n = 0; n < 10; n += 1) topics.update(plainTopic(`T${n}`, 4, 6));
  await settle(registration.start());
  for (let n = 0; n < 10; n += 1) expect((await queuesAt(9876, `T${n}`))?.writeQueueNums, `T${n}`).toBe(4);
  for (const name of ['T0', 'T9']) topics.update(plainTopic(name, 7, 6));
  await environment.time.advance(100);
  for (const name of ['T0', 'T9']) expect((await queuesAt(9876, name))?.writeQueueNums, name).toBe(7);
  expect((await queuesAt(9876, 'TBW102'))?.perm).toBe(7);
});

test('parts at a NameServer that forgets what is not named: all topics stay, and one that was deleted goes', async () => {
  const { environment, topics, registration, startNameServer, queuesAt, settle } = await setup({
    namesrvAddr: '127.0.0.1:9876',
    enableSplitRegistration: true,
    splitRegistrationSize: 1,
  });
  await startNameServer(9876, { deleteTopicWithBrokerRegistration: true });
  const names = Array.from({ length: 9 }, (_, n) => `T${n}`);
  for (const name of names) topics.update(plainTopic(name, 4, 6));
  await settle(registration.start());
  for (const name of names) expect(await queuesAt(9876, name), name).toBeDefined();
  topics.delete('T4');
  await environment.time.advance(100);
  for (const name of names) expect((await queuesAt(9876, name)) === undefined, name).toBe(name === 'T4');
});

test.each([1, 2, 3, 4, 6])(
  'a registration that is being made at the stop, %i turns after the change, is not sent behind the goodbye',
  async (turnCount) => {
    const { environment, network, registration, settle, topics } = await setup({ namesrvAddr: '127.0.0.1:9876' });
    const codes: number[] = [];
    const server = createRemotingServer({ environment, listener: network, host: '127.0.0.1', port: 9876 });
    server.registerProcessor([RequestCode.REGISTER_BROKER, RequestCode.UNREGISTER_BROKER], {
      process: (request, connection) => {
        codes.push(request.code);
        connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
      },
    });
    await server.start();
    for (let index = 0; index < 3000; index += 1) topics.update(plainTopic(`Topic-of-many-${index}`, 4, 6));
    await settle(registration.start());
    codes.length = 0;
    topics.update(plainTopic('One', 4, 6));
    let turns = 0;
    const countTurns = (): void => {
      turns += 1;
      if (turns < turnCount) environment.timers.setImmediate(countTurns);
    };
    countTurns();
    await environment.time.runUntil(() => turns === turnCount, 1000);
    await settle(registration.stop());
    await environment.time.advance(1000);
    expect(codes.at(-1)).toBe(RequestCode.UNREGISTER_BROKER);
    await settle(server.stop({ deadlineMs: 0 }));
  },
);
