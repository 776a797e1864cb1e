/** A NameServer and a broker in memory, and any number of client processes, on one virtual clock and one in-process network. */
import {
  type Broker,
  createBroker,
  createNameServer,
  defaultBrokerConfig,
  defaultNamesrvConfig,
  MemoryFileSystem,
} from '@orbitmq/broker';
import type {
  ConsumerDefinition,
  Deliver,
  IncomingMessage,
  Transport,
  TransportConsumer,
  TransportProducer,
} from '@orbitmq/core';
import { InProcessNetwork } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { createTcpTransport } from '@orbitmq/transport-tcp';

export const topic = 'orders';
export const group = 'billing';

interface ConsumerProcess {
  readonly transport: Transport;
  readonly consumer: TransportConsumer;
}

export interface Cluster {
  readonly environment: VirtualEnvironment;
  readonly time: VirtualEnvironment['time'];
  readonly producer: TransportProducer;
  pass(ms: number): Promise<void>;
  send(body: string, options?: { readonly queue?: number; readonly tag?: string }): Promise<void>;
  consumer(deliver: Deliver, changes?: Partial<ConsumerDefinition>): Promise<ConsumerProcess>;
  /** Stops the broker cleanly and starts one on the same files. */
  restartBroker(): Promise<void>;
  stop(): Promise<void>;
}

const namesrvAddr = '127.0.0.1:9876';

export async function startCluster(seed: number): Promise<Cluster> {
  const environment = virtualEnvironment(seed);
  const { time } = environment;
  const network = new InProcessNetwork({ timers: time });
  const fileSystem = new MemoryFileSystem();
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  await time.settle(nameServer.start());
  const config = {
    ...defaultBrokerConfig,
    brokerName: 'broker-a',
    namesrvAddr,
    storePathRootDir: '/store',
    storePathCommitLog: '/store/commitlog',
  };
  const newBroker = async (): Promise<Broker> => {
    const broker = createBroker({ environment, network, fileSystem, config });
    await time.settle(broker.start());
    return broker;
  };
  let broker = await newBroker();
  const transports: Transport[] = [];
  const newTransport = (): Transport => {
    const transport = createTcpTransport({
      environment,
      dialer: network,
      namesrvAddr: [namesrvAddr],
      durability: 'memory',
      clientIp: '127.0.0.1',
      processId: 100 + transports.length,
    });
    transports.push(transport);
    return transport;
  };
  const sending = newTransport();
  const producer = sending.createProducer({
    group: 'shop',
    topics: [topic],
    sendTimeoutMs: 3000,
    retryTimesWhenSendFailed: 2,
    compressBodyOverBytes: 4096,
    maxMessageSizeBytes: 4_194_304,
  });
  await time.settle(sending.start());
  return {
    environment,
    time,
    producer,
    pass: (ms) => time.advance(ms),
    send: async (body, options = {}) => {
      const { queue, tag } = options;
      const selectQueue = queue === undefined ? undefined : () => queue;
      await time.settle(producer.send({ topic, body: Buffer.from(body), tag, keys: [], properties: {}, selectQueue }));
    },
    consumer: async (deliver, changes) => {
      const transport = newTransport();
      const consumer = transport.createConsumer(definition(changes), deliver);
      await time.settle(transport.start());
      return { transport, consumer };
    },
    restartBroker: async () => {
      await time.settle(broker.stop());
      broker = await newBroker();
    },
    stop: async () => {
      for (const transport of transports) await time.settle(transport.stop());
      await time.settle(broker.stop());
      await time.settle(nameServer.stop());
    },
  };
}

function definition(changes: Partial<ConsumerDefinition> = {}): ConsumerDefinition {
  return {
    group,
    subscriptions: [{ topic, filter: { kind: 'all' } }],
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
    ...changes,
  };
}

export function textOf(message: IncomingMessage): string {
  return Buffer.from(message.body).toString();
}
