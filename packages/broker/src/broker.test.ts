import { type Logger, type LogLevel, sleep, type Timers } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeRecords,
  decodeRoute,
  encodeHeartbeat,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork, type RemotingClient } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { createBroker } from './broker.js';
import { type BrokerConfig, defaultBrokerConfig } from './config/broker-config.js';
import { defaultNamesrvConfig } from './config/namesrv-config.js';
import { createNameServer } from './nameserver/name-server.js';
import type { File } from './store/io/file-system.js';
import { MemoryFileSystem } from './store/io/memory-file-system.js';
import { pullFields, sendFields } from './test-support/request-fields.js';

const root = '/store';
const limitMs = 120_000;

/** The mark of a store that is not closed is removed as slowly as a busy disk does it. */
class SlowFileSystem extends MemoryFileSystem {
  readonly #timers: Timers;

  constructor(timers: Timers) {
    super();
    this.#timers = timers;
  }

  override async remove(path: string): Promise<void> {
    await sleep(this.#timers, 50);
    await super.remove(path);
  }
}

class Cluster {
  readonly environment: VirtualEnvironment;
  readonly network: InProcessNetwork;
  fileSystem: MemoryFileSystem = new MemoryFileSystem();
  readonly #client: RemotingClient;

  constructor(environment = virtualEnvironment(1)) {
    this.environment = environment;
    this.network = new InProcessNetwork({ timers: environment.timers });
    this.#client = createRemotingClient({ environment, dialer: this.network, idleTimeoutMs: 1_000_000_000 });
  }

  broker(overrides: Partial<BrokerConfig> = {}) {
    const { environment, network, fileSystem } = this;
    const config = {
      ...defaultBrokerConfig,
      brokerName: 'broker-a',
      storePathRootDir: root,
      mappedFileSizeCommitLog: 1_048_576,
      ...overrides,
    };
    return createBroker({ environment, network, fileSystem, config });
  }

  /** Lets virtual time pass until the promise settles. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const marked = promise.finally(() => {
      isSettled = true;
    });
    marked.catch(() => undefined);
    await this.environment.time.runUntil(() => isSettled, limitMs);
    return marked;
  }

  async startNameServer(): Promise<void> {
    const { environment, network } = this;
    await createNameServer({ environment, network, config: defaultNamesrvConfig }).start();
  }

  async startClient(): Promise<void> {
    await this.#client.start();
  }

  ask(code: number, extFields: Record<string, string>, body?: Buffer, port = 10_911): Promise<RemotingCommand> {
    const request = createRequest(code, { extFields, body });
    return this.settle(this.#client.invoke(`127.0.0.1:${port}`, request, { timeoutMs: 3000 }));
  }

  send(topic: string, text: string): Promise<RemotingCommand> {
    const extFields = sendFields(topic, this.environment.clock.now(), 4);
    return this.ask(RequestCode.SEND_MESSAGE_V2, extFields, Buffer.from(text));
  }

  pull(topic: string, queueOffset: number): Promise<RemotingCommand> {
    return this.ask(RequestCode.PULL_MESSAGE, { ...pullFields(topic, queueOffset), expressionType: 'TAG' });
  }

  async write(name: string, content: string): Promise<void> {
    await this.fileSystem.makeDirectory(`${root}/config`);
    await this.fileSystem.writeFileAtomically(`${root}/config/${name}`, Buffer.from(content));
  }
}

async function newCluster(): Promise<Cluster> {
  const cluster = new Cluster();
  await cluster.startClient();
  return cluster;
}

const bodies = (response: RemotingCommand): string[] =>
  decodeRecords(response.body ?? Buffer.alloc(0)).map((message) => message.body.toString());

test('a started broker serves, and the NameServer knows it and what it auto-creates', async () => {
  const cluster = await newCluster();
  await cluster.startNameServer();
  const broker = cluster.broker({ namesrvAddr: '127.0.0.1:9876' });
  await cluster.settle(broker.start());
  expect([broker.port, broker.address]).toEqual([10_911, '127.0.0.1:10911']);
  expect(await cluster.send('T', 'hello')).toMatchObject({ code: ResponseCode.SUCCESS });
  expect(bodies(await cluster.pull('T', 0))).toEqual(['hello']);
  await cluster.environment.time.advance(100);
  const route = await cluster.ask(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'T' }, undefined, 9876);
  expect(decodeRoute(route.body ?? Buffer.alloc(0)).queueDatas[0]).toMatchObject({ brokerName: 'broker-a', writeQueueNums: 4 });
  await cluster.settle(broker.stop());
});

test('what was acknowledged is there after a restart: messages, topics, groups, offsets', async () => {
  const cluster = await newCluster();
  const first = cluster.broker();
  await cluster.settle(first.start());
  await cluster.send('T', 'one');
  await cluster.send('T', 'two');
  const heartbeat = encodeHeartbeat({
    clientId: 'c',
    producerGroups: [],
    consumers: [
      {
        groupName: 'g',
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: undefined,
        subscriptionDataSet: [],
        unitMode: false,
      },
    ],
    heartbeatFingerprint: 0,
    withoutSub: false,
  });
  expect((await cluster.ask(RequestCode.HEART_BEAT, {}, heartbeat)).code).toBe(ResponseCode.SUCCESS);
  const queue = { consumerGroup: 'g', topic: 'T', queueId: '0' };
  expect((await cluster.ask(RequestCode.UPDATE_CONSUMER_OFFSET, { ...queue, commitOffset: '1' })).code).toBe(
    ResponseCode.SUCCESS,
  );
  await cluster.settle(Promise.all([first.stop(), first.stop()]));

  const second = cluster.broker();
  await cluster.settle(second.start());
  expect((await cluster.ask(RequestCode.QUERY_CONSUMER_OFFSET, queue)).extFields).toEqual({ offset: '1' });
  expect(bodies(await cluster.pull('T', 0))).toEqual(['one', 'two']);
  expect((await cluster.ask(RequestCode.GET_TOPIC_CONFIG, { topic: '%RETRY%g' })).code).toBe(ResponseCode.SUCCESS);
  expect(await cluster.send('T', 'three')).toMatchObject({ extFields: expect.objectContaining({ queueOffset: '2' }) });
  await cluster.settle(second.stop());
});

test('a send that creates its topic is answered when the topic is on disk as well', async () => {
  const cluster = await newCluster();
  const { timers } = cluster.environment;
  class SlowTablesFileSystem extends MemoryFileSystem {
    override async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
      await new Promise<void>((resolve) => timers.setTimeout(resolve, 200));
      await super.writeFileAtomically(path, content);
    }
  }
  cluster.fileSystem = new SlowTablesFileSystem();
  const broker = cluster.broker();
  await cluster.settle(broker.start());
  expect((await cluster.send('T', 'one')).code).toBe(ResponseCode.SUCCESS);
  const table = JSON.parse((await cluster.fileSystem.readFile(`${root}/config/topics.json`))?.toString() ?? '');
  expect(table.topicConfigTable.T).toMatchObject({ writeQueueNums: 4 });
  await cluster.settle(broker.stop());
});

test.each(['topics.json', 'subscriptionGroup.json'])(
  'while %s cannot be written, sends to topics that are on disk go on, and others are not acknowledged',
  async (name) => {
    const cluster = await newCluster();
    const disk = { isRefusing: false };
    class RefusingFileSystem extends MemoryFileSystem {
      override writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
        if (disk.isRefusing && path.endsWith(name)) return Promise.reject(new Error('EACCES'));
        return super.writeFileAtomically(path, content);
      }
    }
    cluster.fileSystem = new RefusingFileSystem();
    const broker = cluster.broker();
    await cluster.settle(broker.start());
    expect((await cluster.send('Old', 'one')).code).toBe(ResponseCode.SUCCESS);
    disk.isRefusing = true;
    const expected = name === 'topics.json' ? ResponseCode.FLUSH_DISK_TIMEOUT : ResponseCode.SUCCESS;
    expect((await cluster.send('New', 'lost with its topic')).code).toBe(expected);
    // The first pull of a group creates the group.
    expect(bodies(await cluster.pull('Old', 0))).toEqual(['one']);
    for (const text of ['two', 'three']) expect((await cluster.send('Old', text)).code).toBe(ResponseCode.SUCCESS);
    disk.isRefusing = false;
    await cluster.environment.time.advance(2000);
    expect((await cluster.send('New', 'kept')).code).toBe(ResponseCode.SUCCESS);
    await cluster.settle(broker.stop());
  },
);

test('a consumer offset ahead of the log is lowered, so that no later message is skipped', async () => {
  const cluster = await newCluster();
  await cluster.write('consumerOffset.json', '{"offsetTable":{"T@g":{0:5}}}');
  const broker = cluster.broker();
  await cluster.settle(broker.start());
  const offset = await cluster.ask(RequestCode.QUERY_CONSUMER_OFFSET, { consumerGroup: 'g', topic: 'T', queueId: '0' });
  expect(offset.extFields).toEqual({ offset: '0' });
  await cluster.settle(broker.stop());
});

test('a start on a port in use fails at once and says so once, and the store it had opened is closed in order', async () => {
  const lines: string[] = [];
  const log = (level: LogLevel) => (message: string) => void lines.push(`${level} ${message}`);
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), child: () => logger };
  const cluster = new Cluster(virtualEnvironment(1, { logger }));
  cluster.fileSystem = new SlowFileSystem(cluster.environment.timers);
  const first = cluster.broker();
  await cluster.settle(first.start());
  const other = { storePathRootDir: '/other' };
  const before = cluster.environment.clock.monotonic();
  await expect(cluster.settle(cluster.broker(other).start())).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: expect.stringMatching(/10911.*127\.0\.0\.1/),
  });
  expect(cluster.environment.clock.monotonic() - before).toBeLessThan(1000);
  expect(lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  expect(await cluster.fileSystem.stat('/other/abort')).toBeUndefined();
  await cluster.settle(first.stop());
});

test('one directory, one broker; a start that fails releases everything it took', async () => {
  const cluster = await newCluster();
  const first = cluster.broker();
  await cluster.settle(first.start());
  await expect(cluster.settle(cluster.broker({ listenPort: 20_911 }).start())).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await expect(cluster.settle(cluster.broker({ storePathRootDir: '/other' }).start())).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
  });
  await cluster.settle(first.stop());
  const again = cluster.broker({ storePathRootDir: '/other' });
  await cluster.settle(again.start());
  await cluster.settle(again.stop());
});

test('a start that fails while tables cannot be written leaves nothing that writes them later', async () => {
  const cluster = await newCluster();
  const disk = { isFull: true };
  class FullFileSystem extends MemoryFileSystem {
    override async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
      if (disk.isFull && path.endsWith('topics.json')) throw new Error('ENOSPC');
      await super.writeFileAtomically(path, content);
    }
  }
  cluster.fileSystem = new FullFileSystem();
  await expect(cluster.settle(cluster.broker().start())).rejects.toThrow('ENOSPC');
  disk.isFull = false;
  await cluster.environment.time.advance(10_000);
  expect(await cluster.fileSystem.readFile(`${root}/config/topics.json`)).toBeUndefined();
});

test('a damaged table without backup stops the start, and is left as it is', async () => {
  const cluster = await newCluster();
  await cluster.write('topics.json', '{"topicConfigTable":{"T":');
  await expect(cluster.settle(cluster.broker().start())).rejects.toMatchObject({
    code: 'STORE_CORRUPT',
    message: expect.stringContaining('topics.json'),
  });
  expect((await cluster.fileSystem.readFile(`${root}/config/topics.json`))?.toString()).toBe('{"topicConfigTable":{"T":');
  await cluster.fileSystem.remove(`${root}/config/topics.json`);
  const repaired = cluster.broker();
  await cluster.settle(repaired.start());
  await cluster.settle(repaired.stop());
});

test.each(['', 'store'])('a store at %j is refused', async (storePathRootDir) => {
  const cluster = await newCluster();
  await expect(cluster.settle(cluster.broker({ storePathRootDir }).start())).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a broker that was never started stops at once, and port 0 picks one', async () => {
  const cluster = await newCluster();
  await cluster.settle(cluster.broker().stop());
  const broker = cluster.broker({ listenPort: 0 });
  await cluster.settle(broker.start());
  expect(broker.port).toBeGreaterThan(0);
  expect(broker.address).toBe(`127.0.0.1:${broker.port}`);
  await cluster.settle(broker.stop());
});

test('held pulls are answered and the stop does not wait for their time-outs', async () => {
  const cluster = await newCluster();
  const broker = cluster.broker();
  await cluster.settle(broker.start());
  await cluster.send('T', 'one');
  const held = cluster.ask(RequestCode.PULL_MESSAGE, {
    consumerGroup: 'g',
    topic: 'T',
    queueId: '0',
    queueOffset: '1',
    maxMsgNums: '32',
    sysFlag: '6',
    commitOffset: '0',
    suspendTimeoutMillis: '60000',
    subscription: '*',
    subVersion: '0',
    expressionType: 'TAG',
  });
  // Not settled on: `ask` drives time itself, so the stop has to begin inside of it.
  const before = cluster.environment.clock.monotonic();
  let stopped: Promise<void> | undefined;
  cluster.environment.timers.setTimeout(() => {
    stopped = broker.stop();
  }, 50);
  expect((await held).code).toBe(ResponseCode.PULL_NOT_FOUND);
  await cluster.settle(stopped ?? Promise.reject(new Error('the stop did not begin')));
  expect(cluster.environment.clock.monotonic() - before).toBeLessThan(3000);
});

test('a client that does not answer what it was asked leaves the store time to stop in order', async () => {
  const cluster = await newCluster();
  cluster.fileSystem = new SlowFileSystem(cluster.environment.timers);
  const broker = cluster.broker();
  await cluster.settle(broker.start());
  const data = {
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
  } as const;
  const consumers = [{ ...data, groupName: 'g', subscriptionDataSet: [], unitMode: false }];
  const heartbeat = { clientId: 'c', producerGroups: [], consumers, heartbeatFingerprint: 0, withoutSub: false };
  const silent = createRemotingClient({
    environment: cluster.environment,
    dialer: cluster.network,
    idleTimeoutMs: 1_000_000_000,
  });
  let isAsked = false;
  silent.registerHandler(RequestCode.GET_CONSUMER_RUNNING_INFO, () => {
    isAsked = true;
    return new Promise<never>(() => undefined);
  });
  await silent.start();
  const beat = createRequest(RequestCode.HEART_BEAT, { body: encodeHeartbeat(heartbeat) });
  await cluster.settle(silent.invoke('127.0.0.1:10911', beat, { timeoutMs: 3000 }));
  const about = createRequest(RequestCode.GET_CONSUMER_RUNNING_INFO, { extFields: { consumerGroup: 'g', clientId: 'c' } });
  silent.invoke('127.0.0.1:10911', about, { timeoutMs: 60_000 }).catch(() => undefined);
  await cluster.environment.time.runUntil(() => isAsked, limitMs);
  await cluster.settle(broker.stop());
  expect(await cluster.fileSystem.stat(`${root}/abort`)).toBeUndefined();
  const again = cluster.broker();
  await cluster.settle(again.start());
  await cluster.settle(again.stop());
});

test('a store that failed is reported, and sends are refused', async () => {
  const cluster = await newCluster();
  const disk = { isBroken: false };
  class BreakingFileSystem extends MemoryFileSystem {
    override async open(path: string, options: { readonly create: boolean }): Promise<File> {
      const file = await super.open(path, options);
      const writeDurably = file.writeDurably.bind(file);
      file.writeDurably = (chunks, position, done) =>
        writeDurably(chunks, position, (error) => done(disk.isBroken ? new Error('EIO') : error));
      return file;
    }
  }
  cluster.fileSystem = new BreakingFileSystem();
  const broker = cluster.broker();
  await cluster.settle(broker.start());
  expect((await cluster.send('T', 'one')).code).toBe(ResponseCode.SUCCESS);
  disk.isBroken = true;
  await expect(cluster.send('T', 'two')).rejects.toMatchObject({ outcome: 'unknown' });
  expect(await cluster.settle(broker.failed)).toBeInstanceOf(Error);
  expect((await cluster.send('T', 'three')).code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
  expect(bodies(await cluster.pull('T', 0))).toEqual(['one']);
  await cluster.settle(broker.stop({ deadlineMs: 1000 })).catch(() => undefined);
});
