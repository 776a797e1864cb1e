import {
  type Broker,
  type BrokerConfig,
  createBroker,
  createNameServer,
  defaultBrokerConfig,
  defaultNamesrvConfig,
  type NameServer,
  type NamesrvConfig,
} from '@orbitmq/broker';
import type {
  BatchProducer,
  ConsumerDefinition,
  IncomingMessage,
  OutgoingMessage,
  ProducerDefinition,
  TransactionalProducer,
  Transport,
} from '@orbitmq/core';
import { InProcessNetwork } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { createTcpTransport, type TcpTransportOptions } from '@orbitmq/transport-tcp';
import { SlowDisk } from './slow-disk.js';

const namesrvAddr = '127.0.0.1:9876';

/** A NameServer and brokers with their clients in one process: no socket, no disk, virtual time. */
export class Cluster {
  readonly environment: VirtualEnvironment;
  readonly network: InProcessNetwork;
  readonly disk: SlowDisk;
  readonly #nameServer: NameServer;
  readonly #brokers: Broker[] = [];
  readonly #transports: Transport[] = [];

  constructor(seed = 1, namesrv: Partial<NamesrvConfig> = {}) {
    this.environment = virtualEnvironment(seed);
    this.network = new InProcessNetwork({ timers: this.environment.time });
    this.disk = new SlowDisk(this.environment.time);
    const { environment, network } = this;
    this.#nameServer = createNameServer({ environment, network, config: { ...defaultNamesrvConfig, ...namesrv } });
  }

  async start(...configs: readonly Partial<BrokerConfig>[]): Promise<void> {
    await this.settle(this.#nameServer.start());
    for (const config of configs.length === 0 ? [{}] : configs) await this.startBroker(config);
  }

  async startBroker(config: Partial<BrokerConfig>): Promise<Broker> {
    const { environment, network } = this;
    const brokerName = config.brokerName ?? 'broker-a';
    const broker = createBroker({
      environment,
      network,
      fileSystem: this.disk,
      config: {
        ...defaultBrokerConfig,
        brokerName,
        namesrvAddr,
        storePathRootDir: `/${brokerName}`,
        storePathCommitLog: `/${brokerName}/commitlog`,
        mappedFileSizeCommitLog: 16 * 1024 * 1024,
        ...config,
      },
    });
    this.#brokers.push(broker);
    await this.settle(broker.start());
    return broker;
  }

  transport(options: Partial<TcpTransportOptions> = {}): Transport {
    const transport = createTcpTransport({
      environment: this.environment,
      dialer: this.network,
      namesrvAddr: [namesrvAddr],
      durability: 'disk',
      clientIp: '127.0.0.1',
      processId: 1,
      ...options,
    });
    this.#transports.push(transport);
    return transport;
  }

  /** Virtual time passes until `promise` settles. */
  settle<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    return this.environment.time.settle(promise, limitMs);
  }

  until(predicate: () => boolean, limitMs = 120_000): Promise<void> {
    return this.environment.time.runUntil(predicate, limitMs);
  }

  advance(byMs: number): Promise<void> {
    return this.environment.time.advance(byMs);
  }

  async stop(): Promise<void> {
    for (const part of [...this.#transports, ...this.#brokers, this.#nameServer]) await this.settle(part.stop());
  }
}

/** Everything one of our producers can do. */
export type FullProducer = BatchProducer & TransactionalProducer;

export function createProducer(transport: Transport, definition: Partial<ProducerDefinition> = {}): FullProducer {
  return transport.createProducer({
    group: 'shop',
    topics: ['orders'],
    sendTimeoutMs: 3000,
    retryTimesWhenSendFailed: 2,
    compressBodyOverBytes: 4096,
    maxMessageSizeBytes: 4 * 1024 * 1024,
    ...definition,
  }) as FullProducer;
}

/** A consumer that keeps what it gets. */
export function createConsumer(transport: Transport, definition: Partial<ConsumerDefinition> = {}): IncomingMessage[] {
  const received: IncomingMessage[] = [];
  transport.createConsumer(
    {
      group: 'billing',
      subscriptions: [{ topic: 'orders', filter: { kind: 'all' } }],
      orderly: false,
      consumeFrom: 'first',
      concurrency: 20,
      batchSizeMax: 1,
      batchWaitMs: 0,
      maxReconsumeTimes: -1,
      pullBatchSize: 32,
      pullThresholdForQueue: 1000,
      pullThresholdSizeMiBForQueue: 100,
      consumeConcurrentlyMaxSpan: 2000,
      consumeTimeoutMs: 900_000,
      suspendCurrentQueueTimeMs: 1000,
      ...definition,
    },
    (messages) => {
      received.push(...messages.map(factsOf));
      return Promise.resolve({ status: 'ack' });
    },
  );
  return received;
}

/** The message as plain data, for comparisons. */
function factsOf(message: IncomingMessage): IncomingMessage {
  const { messageId, offsetMessageId, topic, body, tag, keys, properties } = message;
  const { queueId, queueOffset, brokerName, bornTimestamp, storeTimestamp, reconsumeTimes } = message;
  const identity = { messageId, offsetMessageId, topic, body, tag, keys, properties };
  return { ...identity, queueId, queueOffset, brokerName, bornTimestamp, storeTimestamp, reconsumeTimes };
}

export function order(body: string, fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic: 'orders', body: Buffer.from(body), keys: [], properties: {}, ...fields };
}

export function bodies(messages: readonly IncomingMessage[]): string[] {
  return messages.map((message) => Buffer.from(message.body).toString());
}
