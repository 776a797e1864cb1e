/**
 * The production NameServer, broker and client in one process, joined by a network without sockets: the bytes, the rules
 * and the store are those of a cluster. One directory belongs to one broker; another one, here or in another process, is
 * refused with `STORE_LOCKED`.
 */
import {
  type Broker,
  createBroker,
  createNameServer,
  defaultNamesrvConfig,
  type FileSystem,
  MemoryFileSystem,
  type NameServer,
  nodeFileSystem,
} from '@orbitmq/broker';
import {
  type ConsumerDefinition,
  type Deliver,
  type ProducerDefinition,
  type Transport,
  type TransportConsumer,
  type TransportFeatures,
  type TransportProducer,
  type TransportScheme,
  unknownOptionProblems,
} from '@orbitmq/core';
import { ConfigError, type Environment, type Lifecycle, StateError, type StopOptions } from '@orbitmq/core/kernel';
import { InProcessNetwork } from '@orbitmq/remoting';
import { createTcpTransport, type TcpTransportOptions } from '@orbitmq/transport-tcp';
import { durabilityOf, type EmbeddedBrokerConfig, embeddedBrokerConfig, nameServerAddress } from './embedded-config.js';
import { type EmbeddedStore, embeddedStoreOf } from './embedded-url.js';
import { memoryLimit } from './memory-limit.js';

/** What an application can set for all `embedded:` URLs. Everything has a default. */
export interface EmbeddedTransportOptions
  extends Partial<Pick<TcpTransportOptions, 'producerTuning' | 'consumerTuning' | 'heartbeatBrokerIntervalMs'>> {
  /** The broker's configuration under RocketMQ's keys; wins over the URL's parameters. */
  readonly broker?: Partial<EmbeddedBrokerConfig> | undefined;
  /**
   * Memory for messages of a broker without a directory, bytes; when it is nearly used up sends are refused (`BROKER_REFUSED`,
   * retryable) while consumers go on. At least 67108864, 64 MiB. Default: a quarter of the memory of the machine or container.
   */
  readonly memoryBytesMax?: number | undefined;
  /** How often the client asks for changed routes, milliseconds. Default: 1000; asking costs no network here. */
  readonly pollNameServerIntervalMs?: number | undefined;
}

const pollNameServerIntervalMsDefault = 1000;
/** The broker has nothing left to wait for once the client is gone. */
const brokerStopDeadlineMs = 5000;

/**
 * The scheme `embedded:`. `embedded:` keeps messages in RAM, `embedded:./dir` in a directory (relative to the working
 * directory of the process; created when missing). Parameters are keys of `broker.conf`: `embedded:./dir?flushDiskType=ASYNC_FLUSH`.
 */
export function embeddedTransport(options: EmbeddedTransportOptions = {}): TransportScheme {
  return {
    scheme: 'embedded',
    create(url, environment) {
      checkOptions(options);
      const store = embeddedStoreOf(url, process.cwd());
      const sizeBytesMax = memoryLimit(url, store, options.memoryBytesMax);
      const config = embeddedBrokerConfig(url, store, options.broker ?? {});
      const network = new InProcessNetwork({ timers: environment.timers });
      const { producerTuning, consumerTuning, heartbeatBrokerIntervalMs } = options;
      return new EmbeddedTransport({
        environment,
        nameServer: createNameServer({ environment, network, config: defaultNamesrvConfig }),
        broker: createBroker({
          environment,
          network,
          fileSystem: fileSystemOf(store, environment, sizeBytesMax),
          config,
          isAloneWithItsClients: true,
        }),
        client: createTcpTransport({
          producerTuning,
          consumerTuning,
          heartbeatBrokerIntervalMs,
          environment,
          dialer: network,
          namesrvAddr: [nameServerAddress],
          name: 'embedded',
          durability: durabilityOf(store, config),
          idempotencyKey: config.idempotencyWindowMs > 0 ? 'honored' : 'carried',
          timedDelivery: config.timerWheelEnable ? 'honored' : 'none',
          clientIp: '127.0.0.1',
          processId: process.pid,
          pollNameServerIntervalMs: options.pollNameServerIntervalMs ?? pollNameServerIntervalMsDefault,
        }),
      });
    },
  };
}

const names: Readonly<Record<keyof EmbeddedTransportOptions, true>> = {
  broker: true,
  memoryBytesMax: true,
  pollNameServerIntervalMs: true,
  producerTuning: true,
  consumerTuning: true,
  heartbeatBrokerIntervalMs: true,
};

function checkOptions(options: EmbeddedTransportOptions): void {
  const problems = unknownOptionProblems(options, Object.keys(names));
  if (problems.length > 0) throw new ConfigError('CONFIG_INVALID', `The options of embedded: are wrong: ${problems.join('; ')}`);
}

function fileSystemOf(store: EmbeddedStore, { clock }: Environment, sizeBytesMax: number | undefined): FileSystem {
  return store.kind === 'memory' ? new MemoryFileSystem({ clock, sizeBytesMax }) : nodeFileSystem();
}

interface Parts {
  readonly environment: Environment;
  readonly nameServer: NameServer;
  readonly broker: Broker;
  readonly client: Transport;
}

class EmbeddedTransport implements Transport {
  readonly name = 'embedded';
  readonly #parts: Parts;
  /** What was started, in order. */
  readonly #running: Lifecycle[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get features(): TransportFeatures {
    return this.#parts.client.features;
  }

  createProducer(definition: ProducerDefinition): TransportProducer {
    return this.#parts.client.createProducer(definition);
  }

  createConsumer(definition: ConsumerDefinition, deliver: Deliver): TransportConsumer {
    return this.#parts.client.createConsumer(definition, deliver);
  }

  start(): Promise<void> {
    if (this.#starting !== undefined || this.#stopping !== undefined) {
      return Promise.reject(new StateError('ALREADY_STARTED', 'The embedded transport starts once'));
    }
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { nameServer, broker, client } = this.#parts;
    try {
      for (const part of [nameServer, broker, client]) {
        await part.start();
        this.#running.push(part);
      }
    } catch (error) {
      await this.#stopRunning(0);
      throw error;
    }
    this.#watch();
  }

  /** The client first: its handlers end, and what they acknowledged is stored by a broker that still runs. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number | undefined): Promise<void> {
    // A start that failed has released everything and told its caller.
    await this.#starting?.catch(() => undefined);
    await this.#stopRunning(deadlineMs);
  }

  async #stopRunning(deadlineMs: number | undefined): Promise<void> {
    const { client } = this.#parts;
    let firstError: unknown;
    for (const part of this.#running.splice(0).reverse()) {
      const options = part === client && deadlineMs !== undefined ? { deadlineMs } : { deadlineMs: brokerStopDeadlineMs };
      try {
        await part.stop(options);
      } catch (error) {
        // The store has to be closed whatever happened before.
        firstError ??= error;
      }
    }
    if (firstError !== undefined) throw firstError;
  }

  #watch(): void {
    const { broker, environment } = this.#parts;
    void broker.failed.then((error) => {
      environment.logger.error('the store of the embedded broker failed: sends are refused from now on; stop the application', {
        error,
      });
    });
  }
}
