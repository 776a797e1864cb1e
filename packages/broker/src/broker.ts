/**
 * One broker (Java: BrokerController): wires store, tables, services and server by hand, starts them in the order of their
 * needs and stops them the other way round. Invariants: clients are served only after recovery; NameServers know the broker
 * only while it serves; what was acknowledged is on disk before the store is let go.
 */
import { ConfigError, type Environment, type Lifecycle, type StopOptions, withLimitedLogger } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import { createRemotingServer, type Network, type RemotingServer } from '@orbitmq/remoting';
import { ClientHousekeepingService } from './client/client-housekeeping-service.js';
import { createConsumerManager, type LiveConsumerManager } from './client/create-consumer-manager.js';
import { createProducerManager, type LiveProducerManager } from './client/create-producer-manager.js';
import type { BrokerConfig } from './config/broker-config.js';
import { LiveBrokerConfig } from './config/live-broker-config.js';
import { FarewellService } from './flow-control/farewell-service.js';
import { createSubscriptionGroupManager } from './group/create-subscription-group-manager.js';
import type { SubscriptionGroupManager } from './group/subscription-group-manager.js';
import { LargeRequests } from './large-requests.js';
import { createMessageServices } from './message-services.js';
import { BrokerConfigManager, type ConfigEffects } from './metadata/broker-config-manager.js';
import { createMetricsEndpoint, createRpcMeter } from './metrics/create-metrics.js';
import { ConsumerOffsetService } from './offset/consumer-offset-service.js';
import { createConsumerOffsetManager } from './offset/create-consumer-offset-manager.js';
import { createRebalanceLockManager } from './order/create-rebalance-lock-manager.js';
import { createDurableLockManager } from './order/durable-lock-manager.js';
import { createAdminProcessors } from './processors/create-admin-processors.js';
import { createConsumptionProcessors } from './processors/create-consumption-processors.js';
import { createManagementProcessors } from './processors/create-management-processors.js';
import { createStatisticsProcessors } from './processors/create-statistics-processors.js';
import { NameServerRegistration } from './registration/name-server-registration.js';
import { createTagsCodeOf } from './schedule/tags-code-of.js';
import { createStatistics } from './stats/create-statistics.js';
import { createMessageStore } from './store/create-message-store.js';
import type { FlushModeSwitch } from './store/flush-mode-switch.js';
import type { FileSystem } from './store/io/file-system.js';
import { joinPath } from './store/io/paths.js';
import { ensureAutoCreateTopic } from './topic/boot-topics.js';
import { createTopicConfigManager } from './topic/create-topic-config-manager.js';
import { isSystemTopic } from './topic/system-topic-rules.js';
import type { TopicConfigManager } from './topic/topic-config-manager.js';
import { TopicKeepingStore } from './topic/topic-keeping-store.js';

/** Java: the "fast" port is listenPort - 2. */
const fastPortDistance = 2;
/** Requests for a whole table that wait for the one before. */
const tableRequestsMax = 100;
const stopDeadlineMsDefault = 10_000;
/**
 * Of the time a stop has left, what a part may take that waits for others: a client that does not answer what it was asked must not take
 * the time of the store, which comes last and has to put everything on disk.
 */
const waitingStopShare = 0.5;

export interface BrokerOptions {
  readonly environment: Environment;
  readonly network: Network;
  readonly fileSystem: FileSystem;
  /** `storePathRootDir` must be an absolute path of `fileSystem`. */
  readonly config: BrokerConfig;
  /**
   * The file that `config` was read from, an absolute path of `fileSystem`: what operators change at run time is written there.
   * Without one their changes last as long as the broker.
   */
  readonly configFile?: string | undefined;
  /**
   * All clients live in this process, so none of them outlives the broker: queue locks need not either, and a process that
   * starts again after a crash does not wait for those of its predecessor. Default: false.
   */
  readonly isAloneWithItsClients?: boolean | undefined;
}

export interface Broker extends Lifecycle {
  /** The bound port, after `start()`. */
  readonly port: number;
  /** What clients are told: `brokerIP1:port`, after `start()`. */
  readonly address: string;
  /**
   * Resolves with the reason when the store failed: from then on sends are refused and reads go on; the broker should be
   * stopped. Never rejects; never resolves otherwise.
   */
  readonly failed: Promise<Error>;
}

/**
 * A broker that is not yet started. `start()` recovers the store, opens the ports and registers with the NameServers; it
 * rejects, with everything released, with a `StoreError`, a `ConfigError`, or a `TransportError` `ADDRESS_IN_USE` or
 * `LISTEN_FAILED`. `stop()` unregisters, finishes the requests in flight and closes the store.
 */
export function createBroker(options: BrokerOptions): Broker {
  return new WiredBroker(options);
}

class WiredBroker implements Broker {
  readonly failed: Promise<Error>;
  /** With the configuration that operators can change at run time. */
  readonly #options: BrokerOptions;
  readonly #liveConfig: LiveBrokerConfig;
  readonly #onFailure: (error: Error) => void;
  /** What was started, in order. */
  readonly #running: { readonly service: Lifecycle; readonly stopShare: number }[] = [];
  #server: RemotingServer | undefined;
  #registration: NameServerRegistration | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BrokerOptions) {
    this.#liveConfig = new LiveBrokerConfig(options.config);
    this.#options = { ...options, config: this.#liveConfig.view, environment: withLimitedLogger(options.environment) };
    let onFailure: (error: Error) => void = () => undefined;
    this.failed = new Promise((resolve) => {
      onFailure = resolve;
    });
    this.#onFailure = onFailure;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  get address(): string {
    return `${this.#options.config.brokerIP1}:${this.port}`;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stopStarted(options);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    try {
      await this.#startAll();
    } catch (error) {
      await this.#stopAll({}).catch((stopError: unknown) => {
        this.#options.environment.logger.warn('a part of the broker did not stop after a failed start', { error: stopError });
      });
      throw error;
    }
  }

  async #startAll(): Promise<void> {
    const { environment, network, fileSystem, config } = this.#options;
    if (!config.storePathRootDir.startsWith('/') && !/^[A-Za-z]:/.test(config.storePathRootDir)) {
      throw new ConfigError('CONFIG_INVALID', `storePathRootDir must be an absolute path: "${config.storePathRootDir}"`);
    }
    const rpc = createRpcMeter(environment, config);
    const statistics = createStatistics({
      environment,
      countsByType: rpc !== undefined,
      clusterName: config.brokerClusterName,
      isSystemTopic: (topic) => isSystemTopic(topic, config),
    });
    // The store takes the lock of the directory, so it comes before everything that writes there.
    const log = await this.#run(
      createMessageStore({
        environment,
        fileSystem,
        config,
        tagsCodeOf: createTagsCodeOf(config),
        onFailure: this.#onFailure,
        onPublished: (...batch) => statistics.storeStats.published(...batch),
      }),
    );
    const directory = joinPath(config.storePathRootDir, 'config');
    const topics = this.#closedAtStop(await createTopicConfigManager({ environment, fileSystem, directory, config }));
    const groups = this.#closedAtStop(await createSubscriptionGroupManager({ environment, fileSystem, directory, config }));
    const offsets = this.#closedAtStop(await createConsumerOffsetManager({ environment, fileSystem, directory, store: log }));
    await offsets.clampTo((topic, queueId) => log.maxOffset(topic, queueId));
    topics.onChange(({ topicName }) => {
      if (topics.get(topicName) !== undefined) return;
      statistics.stats.topicDeleted(topicName);
      statistics.transactions.topicDeleted(topicName);
    });
    await this.#run(statistics.stats);
    await this.#run(statistics.storeStats);
    const store = new TopicKeepingStore(log, topics);
    await Promise.all([topics.persist(), groups.persist()]);
    await this.#run(new ConsumerOffsetService(environment, offsets, config.flushConsumerOffsetInterval));

    const { consumers, producers } = this.#createClientManagers(groups);
    const locks =
      this.#options.isAloneWithItsClients === true
        ? createRebalanceLockManager({ clock: environment.clock })
        : await this.#run(await createDurableLockManager({ environment, fileSystem, directory }));
    const large = await this.#run(new LargeRequests({ timers: environment.timers }));
    // Of their own: who asks for large answers holds up nobody else's requests.
    const tables = await this.#run(new LargeRequests({ timers: environment.timers, waitingMax: tableRequestsMax }));
    const shared = { environment, config, store, topics, groups, offsets, consumers, producers, locks, large, tables };
    const messages = createMessageServices({
      ...shared,
      ...statistics,
      log,
      diskUsage: () => log.diskUsage,
      appendUnderWay: () => log.appendUnderWay,
      fileSystem,
      address: () => this.address,
    });
    topics.onChange(({ topicName }) => {
      if (topics.get(topicName) === undefined) messages.timer()?.traffic.topicDeleted(topicName);
    });
    const management = createManagementProcessors({ ...shared, announceTopics: () => this.#announceTopics() });
    const consumption = createConsumptionProcessors({
      ...shared,
      rates: statistics.stats,
      delayOffsets: () => messages.delayOffsets(),
      wakeReaders: (...reader) => messages.wakeReaders(...reader),
      address: () => this.address,
    });
    const admin = createAdminProcessors({
      ...shared,
      stats: statistics.stats,
      configManager: await this.#createConfigManager({ log, topics }),
      maintenance: log,
      announceTopics: () => this.#announceTopics(),
    });
    const told = createStatisticsProcessors({
      ...statistics,
      config,
      logger: environment.logger,
      fileSystem,
      store,
      maintenance: log,
      gauges: messages.gauges,
    });
    const server = createRemotingServer({
      environment,
      listener: network,
      host: config.bindAddress,
      port: config.listenPort,
      idleTimeoutMs: config.serverChannelMaxIdleTimeSeconds * 1000,
      additionalPorts: config.listenPort > fastPortDistance ? [config.listenPort - fastPortDistance] : [],
      refuseWaiting: ({ code }, waitedMs, waitingCount) => messages.refuseWaiting(code, waitedMs, waitingCount),
      codesRefusedOnAdditionalPorts: [RequestCode.PULL_MESSAGE, RequestCode.LITE_PULL_MESSAGE],
      observer: rpc,
    });
    for (const { codes, processor } of [...messages.processors, ...management, ...consumption, ...admin, ...told])
      server.registerProcessor(codes, processor);
    for (const service of messages.services) await this.#run(service);
    this.#server = server;
    await this.#run(server, waitingStopShare);
    for (const service of messages.frontServices) await this.#run(service);
    if (rpc !== undefined) {
      const { gauges, timer } = messages;
      await this.#run(createMetricsEndpoint({ ...shared, ...statistics, fileSystem, maintenance: log, gauges, rpc, timer }));
    }
    await this.#run(new FarewellService({ timers: environment.timers, config, server }));
    await this.#run(new ClientHousekeepingService(environment.timers, [consumers, producers]));
    this.#registration = await this.#run(this.#createRegistration(topics), waitingStopShare);
  }

  #createClientManagers(groups: SubscriptionGroupManager): {
    readonly consumers: LiveConsumerManager;
    readonly producers: LiveProducerManager;
  } {
    const { environment, config } = this.#options;
    const { clock, timers } = environment;
    const channelExpiredTimeoutMs = config.channelExpiredTimeout;
    const isNotified = (group: string): boolean =>
      config.notifyConsumerIdsChangedEnable && groups.all().get(group)?.notifyConsumerIdsChangedEnable !== false;
    return {
      consumers: createConsumerManager({ clock, timers, channelExpiredTimeoutMs, isNotified }),
      producers: createProducerManager({ clock, channelExpiredTimeoutMs }),
    };
  }

  async #createConfigManager(parts: {
    readonly log: FlushModeSwitch;
    readonly topics: TopicConfigManager;
  }): Promise<BrokerConfigManager> {
    const { environment, fileSystem, configFile, config } = this.#options;
    const { log, topics } = parts;
    const effects: ConfigEffects = {
      flushDiskType: () => log.setFlushDiskType(config.flushDiskType),
      brokerPermission: () => {
        // It is part of what NameServers are told of each topic, and they look only at a new version.
        topics.renewVersion();
        return this.#announceTopics();
      },
      autoCreateTopicEnable: () => {
        if (config.autoCreateTopicEnable) ensureAutoCreateTopic(topics, config);
      },
    };
    const manager = new BrokerConfigManager({ environment, fileSystem, configFile, live: this.#liveConfig, effects });
    await manager.load();
    return manager;
  }

  #createRegistration(topics: TopicConfigManager): NameServerRegistration {
    const { environment, network, config } = this.#options;
    const haPort = config.haListenPort === 0 ? this.port + 1 : config.haListenPort;
    const haServerAddr = `${config.brokerIP2}:${haPort}`;
    return new NameServerRegistration({
      environment,
      dialer: network,
      config,
      topics,
      brokerAddr: this.address,
      haServerAddr,
    });
  }

  async #announceTopics(): Promise<void> {
    await this.#registration?.announce();
  }

  async #run<Service extends Lifecycle>(service: Service, stopShare = 1): Promise<Service> {
    await service.start();
    this.#running.push({ service, stopShare });
    return service;
  }

  /** From here on, also when the start fails: a table writes itself, and must not do so when another broker has the directory. */
  #closedAtStop<Table extends { close(options: StopOptions): Promise<void> }>(table: Table): Table {
    this.#running.push({
      service: { start: () => Promise.resolve(), stop: (options = {}) => table.close(options) },
      stopShare: 1,
    });
    return table;
  }

  async #stopStarted(options: StopOptions): Promise<void> {
    // A start under way is awaited; when it fails it has released everything itself.
    if (this.#starting === undefined) return;
    try {
      await this.#starting;
    } catch {
      return;
    }
    await this.#stopAll(options);
  }

  /** Stops everything, also what comes after a part that fails to; rejects with the first failure. */
  async #stopAll(options: StopOptions): Promise<void> {
    const { clock } = this.#options.environment;
    const endMs = clock.monotonic() + (options.deadlineMs ?? stopDeadlineMsDefault);
    const failures: unknown[] = [];
    for (let last = this.#running.pop(); last !== undefined; last = this.#running.pop()) {
      try {
        await last.service.stop({ deadlineMs: Math.max(endMs - clock.monotonic(), 0) * last.stopShare });
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
