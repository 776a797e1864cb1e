import type { OutgoingMessage, ProducerDefinition } from '@orbitmq/core';
import { Permission, SystemTopic, type TopicRouteData } from '@orbitmq/protocol';
import { InProcessNetwork } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { createTcpTransport, type TcpTransportOptions } from '../transport.js';
import { FakeBroker } from './fake-broker.js';
import { FakeNameServer } from './fake-name-server.js';

/** Builds a route: queues of each broker, its addresses by id (`undefined` for a broker without master). */
export function routeOf(
  brokers: readonly { readonly name: string; readonly address: string; readonly slave?: string }[],
  queueNums = 4,
  perm: number = Permission.READ | Permission.WRITE,
): TopicRouteData {
  return {
    brokerDatas: brokers.map(({ name, address, slave }) => ({
      cluster: 'c',
      brokerName: name,
      brokerAddrs: { ...(address === '' ? {} : { '0': address }), ...(slave === undefined ? {} : { '1': slave }) },
    })),
    queueDatas: brokers.map(({ name }) => ({
      brokerName: name,
      readQueueNums: queueNums,
      writeQueueNums: queueNums,
      perm,
      topicSysFlag: 0,
    })),
  };
}

export function outgoing(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic: 'orders', body: Buffer.from('hello'), keys: [], properties: {}, ...fields };
}

export function producerDefinition(fields: Partial<ProducerDefinition> = {}): ProducerDefinition {
  return {
    group: 'shop',
    topics: ['orders'],
    sendTimeoutMs: 3000,
    retryTimesWhenSendFailed: 2,
    compressBodyOverBytes: 4096,
    maxMessageSizeBytes: 4 * 1024 * 1024,
    ...fields,
  };
}

/** Two brokers and a NameServer that do as the test says, on one virtual network and clock. */
export class FakeCluster {
  readonly environment: VirtualEnvironment;
  readonly network: InProcessNetwork;
  readonly nameServer: FakeNameServer;
  readonly brokerA: FakeBroker;
  readonly brokerB: FakeBroker;

  constructor(seed = 1) {
    this.environment = virtualEnvironment(seed);
    this.network = new InProcessNetwork({ timers: this.environment.timers });
    this.nameServer = new FakeNameServer(this.environment, this.network, 9876);
    this.brokerA = new FakeBroker(this.environment, this.network, 'broker-a', 10911);
    this.brokerB = new FakeBroker(this.environment, this.network, 'broker-b', 10921);
    this.nameServer.routes.set('orders', routeOf([this.brokerA, this.brokerB], 2));
    this.nameServer.routes.set(SystemTopic.AUTO_CREATE_TOPIC_KEY, routeOf([this.brokerA], 8, 7));
  }

  get time(): VirtualEnvironment['time'] {
    return this.environment.time;
  }

  async start(): Promise<void> {
    await this.settle(Promise.all([this.nameServer.start(), this.brokerA.start(), this.brokerB.start()]));
  }

  transport(options: Partial<TcpTransportOptions> = {}): ReturnType<typeof createTcpTransport> {
    return createTcpTransport({
      environment: this.environment,
      dialer: this.network,
      namesrvAddr: [this.nameServer.address],
      durability: 'disk',
      clientIp: '192.0.2.2',
      processId: 4711,
      ...options,
    });
  }

  settle<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    return this.time.settle(promise, limitMs);
  }
}
