import {
  buildSubscription,
  createRequest,
  type ExtFields,
  encodeProperties,
  type MessageModel,
  PullSysFlag,
  pullMessageHeader,
  type RemotingCommand,
  RequestCode,
  type SendMessageHeader,
  sendMessageHeader,
  sendMessageV2Header,
} from '@orbitmq/protocol';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { createConsumerManager, type LiveConsumerManager } from '../client/create-consumer-manager.js';
import { createProducerManager, type LiveProducerManager } from '../client/create-producer-manager.js';
import { type BrokerConfig, defaultBrokerConfig } from '../config/broker-config.js';
import { createSubscriptionGroupManager } from '../group/create-subscription-group-manager.js';
import type { SubscriptionGroupManager } from '../group/subscription-group-manager.js';
import type { MessageLimits } from '../message-limits.js';
import { createMessageServices, type MessageServices } from '../message-services.js';
import type { ConsumerOffsetManager } from '../offset/consumer-offset-manager.js';
import { createConsumerOffsetManager } from '../offset/create-consumer-offset-manager.js';
import { createRebalanceLockManager } from '../order/create-rebalance-lock-manager.js';
import type { RebalanceLockManager } from '../order/rebalance-lock-manager.js';
import { createTagsCodeOf } from '../schedule/tags-code-of.js';
import { createStatistics, type Statistics } from '../stats/create-statistics.js';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { createTopicConfigManager } from '../topic/create-topic-config-manager.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { FakeConnection } from './fake-connection.js';
import { FakeMessageStore } from './fake-message-store.js';

export interface TestbedOptions {
  readonly config?: Partial<BrokerConfig>;
  readonly limits?: Partial<MessageLimits>;
  /** What an earlier testbed left: its disk and log. */
  readonly previous?: {
    readonly environment: VirtualEnvironment;
    readonly fileSystem: MemoryFileSystem;
    readonly store: FakeMessageStore;
  };
}

/** The message part of a broker on virtual time, with the real tables and a store of arrays. */
export interface MessageTestbed {
  readonly environment: VirtualEnvironment;
  readonly config: BrokerConfig;
  readonly fileSystem: MemoryFileSystem;
  readonly store: FakeMessageStore;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: ConsumerOffsetManager;
  readonly consumers: LiveConsumerManager;
  readonly producers: LiveProducerManager;
  readonly locks: RebalanceLockManager;
  readonly statistics: Statistics;
  readonly services: MessageServices;
  /** Hands a request to its processor, as the server would. */
  process(request: RemotingCommand, connection?: FakeConnection): Promise<void>;
  /** Sends, waits for the flush, and returns the answer. */
  send(fields: SendFields, connection?: FakeConnection): Promise<RemotingCommand>;
  stop(): Promise<void>;
}

export interface SendFields extends Partial<SendMessageHeader> {
  readonly code?: number;
  readonly body?: Buffer;
  readonly propertyTable?: Readonly<Record<string, string>>;
  readonly oneway?: boolean;
  readonly version?: number;
}

export async function messageTestbed(options: TestbedOptions = {}): Promise<MessageTestbed> {
  const environment = options.previous?.environment ?? virtualEnvironment(1);
  const fileSystem = options.previous?.fileSystem ?? new MemoryFileSystem();
  const config: BrokerConfig = { ...defaultBrokerConfig, brokerName: 'broker-a', storePathRootDir: '/store', ...options.config };
  const tagsCodeOf = createTagsCodeOf(config);
  const { clock, timers } = environment;
  const store = options.previous?.store ?? new FakeMessageStore({ clock, timers, tagsCodeOf });
  const files = { environment, fileSystem, directory: '/store/config' };
  const topics = await createTopicConfigManager({ ...files, config });
  const groups = await createSubscriptionGroupManager({ ...files, config });
  const offsets = await createConsumerOffsetManager({ ...files, store });
  const consumers = createConsumerManager({ clock, timers, channelExpiredTimeoutMs: 120_000, isNotified: () => false });
  const producers = createProducerManager({ clock, channelExpiredTimeoutMs: 120_000 });
  const locks = createRebalanceLockManager({ clock });
  const tables = { topics, groups, offsets, consumers, producers, locks };
  const statistics = createStatistics({
    environment,
    clusterName: config.brokerClusterName,
    isSystemTopic: () => false,
    countsByType: true,
  });
  const services = createMessageServices({
    environment,
    config,
    store,
    ...tables,
    fileSystem,
    address: () => '127.0.0.1:10911',
    limits: options.limits,
    log: store,
    ...statistics,
    diskUsage: () => ({ commitLog: 91, consumeQueue: 7 }),
  });
  // The store's, which this one does not make.
  await fileSystem.makeDirectory('/store/orbitmq');
  const running = [...services.services, ...services.frontServices];
  for (const service of running) await service.start();
  const processors = new Map(
    services.processors.flatMap(({ codes, processor }) => codes.map((code) => [code, processor] as const)),
  );

  const process = async (request: RemotingCommand, connection = new FakeConnection()): Promise<void> => {
    const processor = processors.get(request.code);
    if (processor === undefined) throw new Error(`no processor for ${request.code}`);
    await processor.process(request, connection);
  };
  const send = async (fields: SendFields, connection = new FakeConnection()): Promise<RemotingCommand> => {
    const count = connection.responses.length;
    await process(sendRequest(fields, clock.now()), connection);
    await environment.time.runUntil(() => connection.responses.length > count, 10_000);
    const answer = connection.lastResponse;
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  const stop = async (): Promise<void> => {
    for (const service of running.toReversed()) await environment.time.settle(service.stop());
    await offsets.persist();
  };
  return { environment, config, fileSystem, store, ...tables, statistics, services, process, send, stop };
}

export function sendRequest(fields: SendFields, now: number): RemotingCommand {
  const {
    code = RequestCode.SEND_MESSAGE_V2,
    body = Buffer.from('hello'),
    propertyTable,
    oneway = false,
    version,
    ...header
  } = fields;
  const properties = propertyTable === undefined ? header.properties : encodeProperties(propertyTable);
  const isLong = code === RequestCode.SEND_MESSAGE || code === RequestCode.SEND_REPLY_MESSAGE;
  const codec = isLong ? sendMessageHeader : sendMessageV2Header;
  const extFields = codec.encode({
    producerGroup: 'PG_A',
    topic: 'TopicT',
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: now,
    flag: 0,
    reconsumeTimes: undefined,
    unitMode: undefined,
    maxReconsumeTimes: undefined,
    batch: undefined,
    brokerName: undefined,
    ...header,
    properties,
  });
  const request = createRequest(code, { extFields, body: body.length === 0 ? undefined : body }, oneway);
  return version === undefined ? request : { ...request, version };
}

export interface PullFields {
  readonly group?: string;
  readonly topic?: string;
  readonly queueId?: number;
  readonly queueOffset?: number;
  readonly maxMsgNums?: number;
  readonly sysFlag?: number;
  readonly commitOffset?: number;
  readonly suspendTimeoutMillis?: number;
  readonly subscription?: string;
  readonly subVersion?: number;
  readonly expressionType?: string;
}

/** A pull that carries its own subscription (`*`) unless told otherwise. */
export function pullRequest(fields: PullFields = {}): RemotingCommand {
  const extFields: ExtFields = pullMessageHeader.encode({
    consumerGroup: fields.group ?? 'CG_A',
    topic: fields.topic ?? 'TopicT',
    queueId: fields.queueId ?? 0,
    queueOffset: fields.queueOffset ?? 0,
    maxMsgNums: fields.maxMsgNums ?? 32,
    sysFlag: fields.sysFlag ?? PullSysFlag.SUBSCRIPTION,
    commitOffset: fields.commitOffset ?? 0,
    suspendTimeoutMillis: fields.suspendTimeoutMillis ?? 15_000,
    subscription: fields.subscription ?? '*',
    subVersion: fields.subVersion ?? 0,
    expressionType: fields.expressionType,
    maxMsgBytes: undefined,
    brokerName: undefined,
  });
  return createRequest(RequestCode.PULL_MESSAGE, { extFields });
}

/** Makes `connection` a member of a group with one subscription. */
export function subscribe(
  bed: MessageTestbed,
  connection: FakeConnection,
  fields: {
    readonly group?: string;
    readonly topic?: string;
    readonly expression?: string;
    readonly subVersion?: number;
    readonly model?: MessageModel;
  },
): void {
  bed.consumers.register(
    { connection, clientId: `client-${connection.id}`, language: 0, version: 400 },
    {
      groupName: fields.group ?? 'CG_A',
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: fields.model ?? 'CLUSTERING',
      consumeFromWhere: undefined,
      subscriptionDataSet: [buildSubscription(fields.topic ?? 'TopicT', fields.expression ?? '*', fields.subVersion ?? 1)],
      unitMode: false,
    },
    false,
  );
}
