/** The message part of a broker on the real store, in memory and on virtual time. What each part does is tested beside it. */
import {
  createRequest,
  decodeRecords,
  endTransactionHeader,
  PullSysFlag,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import { createConsumerManager } from './client/create-consumer-manager.js';
import { createProducerManager } from './client/create-producer-manager.js';
import { type BrokerConfig, defaultBrokerConfig } from './config/broker-config.js';
import { createSubscriptionGroupManager } from './group/create-subscription-group-manager.js';
import { createMessageServices } from './message-services.js';
import { createConsumerOffsetManager } from './offset/create-consumer-offset-manager.js';
import { createRebalanceLockManager } from './order/create-rebalance-lock-manager.js';
import { createTagsCodeOf } from './schedule/tags-code-of.js';
import { createStatistics } from './stats/create-statistics.js';
import { createMessageStore } from './store/create-message-store.js';
import { MemoryFileSystem } from './store/io/memory-file-system.js';
import { FakeConnection } from './test-support/fake-connection.js';
import { pullRequest, type SendFields, sendRequest } from './test-support/message-testbed.js';
import { createTopicConfigManager } from './topic/create-topic-config-manager.js';

const config: BrokerConfig = { ...defaultBrokerConfig, brokerName: 'broker-a', storePathRootDir: '/store' };

interface Bed {
  readonly environment: VirtualEnvironment;
  readonly connection: FakeConnection;
  readonly producers: ReturnType<typeof createProducerManager>;
  /** Hands a request over and waits for its answer. */
  ask(request: RemotingCommand): Promise<RemotingCommand>;
  process(request: RemotingCommand): Promise<void>;
  send(fields: SendFields): Promise<RemotingCommand>;
  stop(): Promise<void>;
}

async function bedOn(environment: VirtualEnvironment, fileSystem: MemoryFileSystem): Promise<Bed> {
  const { clock, time } = environment;
  const store = createMessageStore({
    environment,
    fileSystem,
    config,
    tagsCodeOf: createTagsCodeOf(config),
    onFailure: (error) => {
      throw error;
    },
  });
  await time.settle(store.start());
  const files = { environment, fileSystem, directory: '/store/config' };
  const topics = await createTopicConfigManager({ ...files, config });
  const groups = await createSubscriptionGroupManager({ ...files, config });
  const offsets = await createConsumerOffsetManager({ ...files, store });
  const consumers = createConsumerManager({ clock, timers: time, channelExpiredTimeoutMs: 120_000, isNotified: () => false });
  const producers = createProducerManager({ clock, channelExpiredTimeoutMs: 120_000 });
  const locks = createRebalanceLockManager({ clock });
  const address = (): string => '127.0.0.1:10911';
  const services = createMessageServices({
    environment,
    config,
    store,
    topics,
    groups,
    offsets,
    consumers,
    producers,
    locks,
    fileSystem,
    address,
    log: store,
    ...createStatistics({ environment, clusterName: config.brokerClusterName, isSystemTopic: () => false }),
  });
  const running = [store, ...services.services, ...services.frontServices];
  for (const service of running.slice(1)) await time.settle(service.start());
  const connection = new FakeConnection();
  const process = async (request: RemotingCommand): Promise<void> => {
    const found = services.processors.find(({ codes }) => codes.includes(request.code));
    await found?.processor.process(request, connection);
  };
  const ask = async (request: RemotingCommand): Promise<RemotingCommand> => {
    const count = connection.responses.length;
    const processing = process(request);
    await time.runUntil(() => connection.responses.length > count, 60_000);
    await processing;
    return connection.responses[count]!;
  };
  const stop = async (): Promise<void> => {
    for (const service of running.slice(1).toReversed()) await time.settle(service.stop());
    await time.settle(offsets.persist());
    await topics.persist();
    await time.settle(store.stop());
  };
  return { environment, connection, producers, ask, process, send: (fields) => ask(sendRequest(fields, clock.now())), stop };
}

const newBed = (): Promise<Bed> => bedOn(virtualEnvironment(1), new MemoryFileSystem());
const bodiesOf = (answer: RemotingCommand | undefined) =>
  decodeRecords(answer?.body ?? Buffer.alloc(0)).map(({ body }) => body.toString());

describe('on the real store', () => {
  it('what is sent is pulled, and a parked pull is answered', async () => {
    const bed = await newBed();
    for (const body of ['a', 'b']) expect((await bed.send({ body: Buffer.from(body) })).code).toBe(ResponseCode.SUCCESS);
    expect(bodiesOf(await bed.ask(pullRequest({})))).toEqual(['a', 'b']);
    const sysFlag = PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND;
    await bed.process(pullRequest({ queueOffset: 2, sysFlag }));
    const count = bed.connection.responses.length;
    await bed.process(sendRequest({ body: Buffer.from('c') }, 0));
    await bed.environment.time.runUntil(() => bed.connection.responses.length === count + 2, 1000);
    const answers = bed.connection.responses.slice(count);
    expect(answers.flatMap(bodiesOf)).toEqual(['c']);
    await bed.stop();
  });

  it('delays, retries, transactions and their progress survive a restart', async () => {
    const fileSystem = new MemoryFileSystem();
    const environment = virtualEnvironment(1);
    const first = await bedOn(environment, fileSystem);
    const early = await first.send({ body: Buffer.from('early'), propertyTable: { DELAY: '1' } });
    expect(early.code).toBe(ResponseCode.SUCCESS);
    await environment.time.advance(1500);
    await first.send({ body: Buffer.from('late'), propertyTable: { DELAY: '2' } });
    const half = { sysFlag: SysFlag.TRANSACTION_PREPARED, queueId: 1, body: Buffer.from('tx') };
    const propertyTable = { TRAN_MSG: 'true', PGROUP: 'PG_T', UNIQ_KEY: 'U' };
    const prepared = await first.send({ ...half, propertyTable });
    const commit = createRequest(RequestCode.END_TRANSACTION, {
      extFields: endTransactionHeader.encode({
        producerGroup: 'PG_T',
        tranStateTableOffset: 0,
        commitLogOffset: Number.parseInt(prepared.extFields!['msgId']!.slice(16), 16),
        commitOrRollback: SysFlag.TRANSACTION_COMMIT,
        fromTransactionCheck: false,
        msgId: 'U',
        transactionId: 'U',
        topic: undefined,
        brokerName: undefined,
      }),
    });
    expect((await first.ask(commit)).code).toBe(ResponseCode.SUCCESS);
    await first.send({ ...half, propertyTable });
    await first.stop();

    const second = await bedOn(environment, fileSystem);
    expect((await second.ask(commit)).remark).toBe('The transaction is decided already');
    const producer = new FakeConnection();
    second.producers.register('PG_T', 'client', producer);
    await environment.time.advance(31_000);
    expect(producer.notifications).toHaveLength(1);
    expect(bodiesOf(await second.ask(pullRequest({ queueId: 0 })))).toEqual(['early', 'late']);
    expect(bodiesOf(await second.ask(pullRequest({ queueId: 1 })))).toEqual(['tx']);
    expect((await second.ask(pullRequest({ topic: SystemTopic.TRANS_HALF }))).code).toBe(ResponseCode.SUCCESS);
    await second.stop();
  });
});
