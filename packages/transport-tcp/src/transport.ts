import type {
  ConsumerDefinition,
  Deliver,
  Durability,
  IdempotencySupport,
  ProducerDefinition,
  TimedDelivery,
  Transport,
  TransportConsumer,
  TransportFeatures,
  TransportProducer,
} from '@orbitmq/core';
import { ConfigError, type Environment, StateError, type StopOptions } from '@orbitmq/core/kernel';
import { checkGroupName, createMessageIdGenerator, encodeHost } from '@orbitmq/protocol';
import { createRemotingClient, type Dialer } from '@orbitmq/remoting';
import { createClientId } from './client/client-id.js';
import type { ClientInstance } from './client/client-instance.js';
import { createClientInstance } from './client/remoting-client-instance.js';
import { type ConsumerTuning, defaultConsumerTuning } from './consumer/consumer-tuning.js';
import { createPushConsumer, type PushConsumer } from './consumer/push-consumer.js';
import type { MessageIds } from './producer/prepared-message.js';
import { defaultProducerTuning, type ProducerTuning } from './producer/producer-tuning.js';
import { TcpProducer } from './producer/tcp-producer.js';

export interface TcpTransportOptions {
  readonly environment: Environment;
  /** How connections are opened: `tcpNetwork()`, or a network inside the process. */
  readonly dialer: Dialer;
  /** `host:port` of every NameServer. */
  readonly namesrvAddr: readonly string[];
  /** For messages to people. Default: `rocketmq`. */
  readonly name?: string | undefined;
  /** What an acknowledged send has reached: depends on how the brokers are set up, so the caller says it. */
  readonly durability: Durability;
  /** Whether all brokers are OrbitMQ's, which no answer of a broker tells. Default: `carried`, it is not known. */
  readonly idempotencyKey?: IdempotencySupport | undefined;
  /** Whether all brokers deliver messages at a time of their own. Default: `carried`, it is not known. */
  readonly timedDelivery?: TimedDelivery | undefined;
  /** IP address of this host, as brokers and tools show it; also part of message ids. */
  readonly clientIp: string;
  readonly processId: number;
  /** Fixed name of this client instead of `pid#number` (RocketMQ: instanceName). */
  readonly instanceName?: string | undefined;
  /** Time to open a connection, milliseconds. Default: 3000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default: 30000 (RocketMQ: pollNameServerInterval). */
  readonly pollNameServerIntervalMs?: number | undefined;
  /** Default: 30000 (RocketMQ: heartbeatBrokerInterval). */
  readonly heartbeatBrokerIntervalMs?: number | undefined;
  /** Time for an answer to a route or group request, milliseconds. Default: 3000 (RocketMQ: mqClientApiTimeout). */
  readonly mqClientApiTimeoutMs?: number | undefined;
  /** Deviations from the defaults. */
  readonly producerTuning?: Partial<ProducerTuning> | undefined;
  readonly consumerTuning?: Partial<ConsumerTuning> | undefined;
}

/** How long `stop()` waits for handlers and sends when it is not told, milliseconds. */
const stopDeadlineMsDefault = 30_000;
/** Time kept back from the deadline for goodbyes and closing, milliseconds. */
const closeReserveMs = 3000;

/** A transport to RocketMQ brokers, ours or Apache's. Opens nothing yet. Throws a `ConfigError` for options that cannot work. */
export function createTcpTransport(options: TcpTransportOptions): Transport {
  return new TcpTransport(options);
}

/**
 * One client of a cluster (Java: the producers and consumers that share an MQClientInstance). Starts: NameServers, brokers,
 * producers, consumers. Stops the other way round, so that a handler can send to its end.
 */
class TcpTransport implements Transport {
  readonly name: string;
  readonly features: TransportFeatures;
  readonly #environment: Environment;
  readonly #instance: ClientInstance;
  readonly #ids: MessageIds;
  readonly #producerTuning: ProducerTuning;
  readonly #consumerTuning: ConsumerTuning;
  readonly #producers: TcpProducer[] = [];
  readonly #consumers: PushConsumer[] = [];
  #state: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  #stopping: Promise<void> | undefined;

  constructor(options: TcpTransportOptions) {
    const { environment, clientIp, processId, instanceName, namesrvAddr } = options;
    if (namesrvAddr.length === 0)
      throw new ConfigError('CONFIG_INVALID', 'namesrvAddr names no NameServer: give at least one host:port');
    const { clock, random } = environment;
    this.name = options.name ?? 'rocketmq';
    this.features = featuresOf(options.durability, options.idempotencyKey ?? 'carried', options.timedDelivery ?? 'carried');
    this.#environment = environment;
    this.#ids = createMessageIdGenerator({ ip: addressBytes(clientIp), processId, clock, random });
    this.#producerTuning = { ...defaultProducerTuning, ...options.producerTuning };
    this.#consumerTuning = { ...defaultConsumerTuning, ...options.consumerTuning };
    this.#instance = createClientInstance({
      ...options,
      remoting: createRemotingClient({ environment, dialer: options.dialer, connectTimeoutMs: options.connectTimeoutMs }),
      clientId: createClientId({ clientIp, processId, instanceName, clock, random }),
      defaultTopicQueueNums: this.#producerTuning.defaultTopicQueueNums,
    });
  }

  createProducer(definition: ProducerDefinition): TransportProducer {
    this.#checkNew();
    checkGroup(definition.group);
    const producer = new TcpProducer({ instance: this.#instance, definition, ids: this.#ids, tuning: this.#producerTuning });
    this.#producers.push(producer);
    return producer;
  }

  createConsumer(definition: ConsumerDefinition, deliver: Deliver): TransportConsumer {
    this.#checkNew();
    checkGroup(definition.group);
    const consumer = createPushConsumer({ instance: this.#instance, definition, deliver, tuning: this.#consumerTuning });
    this.#consumers.push(consumer);
    return consumer;
  }

  async start(): Promise<void> {
    this.#checkNew();
    this.#state = 'starting';
    try {
      await this.#instance.start();
      if (this.#isStopped()) throw new StateError('STOPPED', `the transport "${this.name}" was stopped while it started`);
      // Handlers may send as soon as the first consumer runs.
      for (const producer of this.#producers) producer.open();
      await Promise.all(this.#consumers.map((consumer) => consumer.start()));
    } catch (error) {
      await this.stop({ deadlineMs: 0 });
      throw error;
    }
    if (this.#state === 'starting') this.#state = 'running';
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.deadlineMs ?? stopDeadlineMsDefault);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const wasNew = this.#state === 'new';
    this.#state = 'stopped';
    if (wasNew) return;
    const endMs = this.#environment.clock.monotonic() + deadlineMs;
    const remainingMs = (): number => Math.max(0, endMs - this.#environment.clock.monotonic());
    await Promise.all(this.#consumers.map((consumer) => consumer.stop({ deadlineMs: remainingMs() })));
    await Promise.all(this.#producers.map((producer) => producer.stop(remainingMs())));
    await this.#instance.stop({ deadlineMs: Math.min(closeReserveMs, remainingMs()) });
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #checkNew(): void {
    if (this.#state === 'new') return;
    const code = this.#state === 'stopped' ? 'STOPPED' : 'ALREADY_STARTED';
    throw new StateError(code, `the transport "${this.name}" is ${this.#state}: define everything before it starts, once`);
  }
}

function featuresOf(durability: Durability, idempotencyKey: IdempotencySupport, timedDelivery: TimedDelivery): TransportFeatures {
  return {
    durability,
    batch: true,
    oneway: true,
    transactions: true,
    orderly: true,
    delayLevels: true,
    timedDelivery,
    recall: true,
    tagFilter: true,
    retry: true,
    idempotencyKey,
  };
}

/** 4 or 16 bytes. */
function addressBytes(clientIp: string): Buffer {
  try {
    return encodeHost(`${clientIp}:0`).subarray(0, -4);
  } catch (error) {
    throw new ConfigError('CONFIG_INVALID', `clientIp = "${clientIp}" is no IP address`, { cause: error });
  }
}

function checkGroup(group: string): void {
  const wrong = checkGroupName(group);
  if (wrong !== undefined) throw new ConfigError('GROUP_INVALID', wrong, { details: { group } });
}
