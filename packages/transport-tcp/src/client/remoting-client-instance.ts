import { type Environment, isMqError, StateError, type StopOptions, type Timer } from '@orbitmq/core/kernel';
import {
  clientInnerProducerGroup,
  createRequest,
  type HeartbeatData,
  type MessageQueue,
  RequestCode,
  type TopicRouteData,
  unregisterClientHeader,
} from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import { registerBrokerRequests } from './broker-requests.js';
import { brokersByMembership } from './brokers-by-membership.js';
import type { CheckTransactionHandler, ClientInstance, RegisteredConsumer } from './client-instance.js';
import { HeartbeatService } from './heartbeat-service.js';
import { inParallel } from './in-parallel.js';
import { NameServerClient } from './name-server-client.js';
import { registerOperatorRequests } from './operator-requests.js';
import { ProducerRegistry } from './producer-registry.js';
import { registerPushedReplies } from './pushed-replies.js';
import { RouteService } from './route-service.js';
import { type RouteChange, RouteTable } from './route-table.js';

export interface ClientInstanceOptions {
  readonly environment: Environment;
  /** Belongs to the instance from now on: it starts and stops it. */
  readonly remoting: RemotingClient;
  readonly clientId: string;
  readonly namesrvAddr: readonly string[];
  /** Default: 30000 (RocketMQ: pollNameServerInterval). */
  readonly pollNameServerIntervalMs?: number | undefined;
  /** Default: 30000 (RocketMQ: heartbeatBrokerInterval). */
  readonly heartbeatBrokerIntervalMs?: number | undefined;
  /** Time for an answer to a route, heartbeat or unregister request, milliseconds. Default: 3000 (RocketMQ: mqClientApiTimeout). */
  readonly mqClientApiTimeoutMs?: number | undefined;
  /** Queues of a topic that the first send creates, at most. Default: 4 (RocketMQ: defaultTopicQueueNums). */
  readonly defaultTopicQueueNums?: number | undefined;
  /** Routes held at once. Default: 10000. */
  readonly topicsMax?: number | undefined;
}

/** Pause between a lost connection or a new broker and the heartbeat that follows. */
const heartbeatSoonMs = 500;
const unregistersInParallelMax = 16;

export function createClientInstance(options: ClientInstanceOptions): ClientInstance {
  return new RemotingClientInstance(options);
}

/** Java: MQClientInstance. Joins the parts; each rule lives in one of them. */
class RemotingClientInstance implements ClientInstance {
  readonly clientId: string;
  readonly environment: Environment;
  readonly remoting: RemotingClient;
  readonly #options: ClientInstanceOptions;
  readonly #apiTimeoutMs: number;
  readonly #table: RouteTable;
  readonly #routes: RouteService;
  readonly #heartbeats: HeartbeatService;
  readonly #producers = new ProducerRegistry();
  readonly #consumers = new Map<string, RegisteredConsumer>();
  #heartbeatTimer: Timer | undefined;
  #heartbeatSoonTimer: Timer | undefined;
  #state: 'new' | 'starting' | 'running' | 'stopped' = 'new';

  constructor(options: ClientInstanceOptions) {
    const { environment, remoting } = options;
    this.#options = options;
    this.clientId = options.clientId;
    this.environment = environment;
    this.remoting = remoting;
    this.#apiTimeoutMs = options.mqClientApiTimeoutMs ?? 3000;
    this.#table = new RouteTable({
      topicsMax: options.topicsMax ?? 10_000,
      templateQueueNums: options.defaultTopicQueueNums ?? 4,
    });
    const nameServer = new NameServerClient({
      remoting,
      addresses: options.namesrvAddr,
      random: environment.random,
      logger: environment.logger,
      timeoutMs: this.#apiTimeoutMs,
    });
    this.#routes = new RouteService({
      environment,
      nameServer,
      table: this.#table,
      pollIntervalMs: options.pollNameServerIntervalMs ?? 30_000,
      onChange: (change) => this.#onRouteChange(change),
    });
    this.#heartbeats = new HeartbeatService({
      environment,
      remoting,
      timeoutMs: this.#apiTimeoutMs,
      data: () => this.#heartbeatData(),
      addresses: () => this.#heartbeatAddresses(),
    });
    registerBrokerRequests({
      remoting,
      logger: environment.logger,
      producers: this.#producers,
      onGroupChanged: (group) => this.#consumers.get(group)?.rebalanceSoon(),
    });
    registerOperatorRequests({
      remoting,
      logger: environment.logger,
      namesrvAddr: options.namesrvAddr.join(';'),
      operationsOf: (group) => this.#consumers.get(group)?.operations,
    });
    registerPushedReplies(remoting, environment.logger);
    remoting.onConnectionClose((address) => {
      this.#heartbeats.connectionClosed(address);
      if (this.#table.addresses.all().includes(address)) this.#heartbeatSoon();
    });
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw new StateError('ALREADY_STARTED', 'a client instance starts once');
    this.#state = 'starting';
    await this.remoting.start();
    try {
      await this.#routes.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#isStopped()) return;
    this.#state = 'running';
    this.#heartbeatTimer = this.environment.timers.setInterval(
      () => void this.#heartbeats.beat(),
      this.#options.heartbeatBrokerIntervalMs ?? 30_000,
    );
    await this.#heartbeats.beat();
  }

  async stop(options?: StopOptions): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#heartbeatTimer?.cancel();
    this.#heartbeatSoonTimer?.cancel();
    this.#heartbeats.stop();
    this.#routes.stop();
    await this.remoting.stop(options);
  }

  route(topic: string): Promise<TopicRouteData> {
    return this.#routes.route(topic);
  }

  cachedRoute(topic: string): TopicRouteData | undefined {
    return this.#table.get(topic)?.route;
  }

  refreshRoute(topic: string): Promise<TopicRouteData> {
    return this.#routes.refresh(topic);
  }

  refreshRouteInBackground(topic: string): void {
    this.#routes.refreshInBackground(topic);
  }

  messageStored(topic: string, brokerName: string): void {
    this.#routes.messageStored(topic, brokerName);
  }

  watchTopic(topic: string, use?: 'publish'): void {
    const entry = this.#routes.watch(topic);
    if (use === 'publish') entry.isPublished = true;
  }

  publishQueues(topic: string): Promise<readonly MessageQueue[]> {
    return this.#routes.publishQueues(topic);
  }

  cachedPublishQueues(topic: string): readonly MessageQueue[] | undefined {
    return this.#table.get(topic)?.publishQueues;
  }

  subscribeQueues(topic: string): readonly MessageQueue[] | undefined {
    return this.#table.get(topic)?.subscribeQueues;
  }

  masterAddress(brokerName: string): string | undefined {
    return this.#table.addresses.master(brokerName);
  }

  readAddress(brokerName: string, brokerId: number): string | undefined {
    return this.#table.addresses.readable(brokerName, brokerId);
  }

  brokersThatKnow(group: string, topic: string): readonly string[] {
    const brokers = this.cachedRoute(topic)?.brokerDatas ?? [];
    return brokersByMembership({
      addresses: brokers.flatMap(({ brokerName }) => this.readAddress(brokerName, 0) ?? []),
      membership: (address) => this.#heartbeats.membership(address, group),
      nowMs: this.environment.clock.monotonic(),
      wellKnownAfterMs: this.#options.heartbeatBrokerIntervalMs ?? 30_000,
      random: this.environment.random,
    });
  }

  brokerVersion(address: string): number | undefined {
    return this.#heartbeats.versionOf(address);
  }

  registerProducer(group: string, onCheckTransaction: CheckTransactionHandler | undefined): void {
    this.#producers.add(group, onCheckTransaction);
  }

  async unregisterProducer(group: string): Promise<void> {
    if (this.#producers.remove(group)) await this.#unregister({ producerGroup: group, consumerGroup: undefined });
  }

  registerConsumer(consumer: RegisteredConsumer): void {
    if (this.#consumers.has(consumer.group)) {
      throw new StateError('WIRING_INVALID', `the consumer group "${consumer.group}" is registered twice in one client`);
    }
    this.#consumers.set(consumer.group, consumer);
  }

  async unregisterConsumer(group: string): Promise<void> {
    if (this.#consumers.delete(group)) await this.#unregister({ producerGroup: undefined, consumerGroup: group });
  }

  heartbeat(): Promise<void> {
    return this.#heartbeats.beat();
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #heartbeatData(): HeartbeatData | undefined {
    const consumers = [...this.#consumers.values()].map((consumer) => consumer.heartbeatData());
    const groups = this.#producers.groups();
    if (consumers.length === 0 && groups.length === 0) return undefined;
    return {
      clientId: this.clientId,
      producerGroups: [clientInnerProducerGroup, ...groups.filter((group) => group !== clientInnerProducerGroup)],
      consumers,
      heartbeatFingerprint: 0,
      withoutSub: false,
    };
  }

  /** Slaves learn of consumers only: nobody sends to them. */
  #heartbeatAddresses(): readonly string[] {
    const { addresses } = this.#table;
    return this.#consumers.size > 0 ? addresses.all() : addresses.masters();
  }

  #heartbeatSoon(): void {
    if (this.#state !== 'running' || this.#heartbeatSoonTimer !== undefined) return;
    this.#heartbeatSoonTimer = this.environment.timers.setTimeout(() => {
      this.#heartbeatSoonTimer = undefined;
      void this.#heartbeats.beat();
    }, heartbeatSoonMs);
  }

  #onRouteChange(change: RouteChange): void {
    if (this.#state !== 'running') return;
    // A broker that has not heard of a group refuses its pulls, so a new one is told at once and not after 30 s.
    if (change.newAddress) void this.#heartbeats.beat();
    if (!change.changed) return;
    for (const consumer of this.#consumers.values()) consumer.rebalanceSoon();
  }

  async #unregister(groups: { producerGroup: string | undefined; consumerGroup: string | undefined }): Promise<void> {
    if (this.#state !== 'running') return;
    const extFields = unregisterClientHeader.encode({ clientId: this.clientId, ...groups });
    await inParallel(this.#table.addresses.all(), unregistersInParallelMax, async (address) => {
      try {
        const request = createRequest(RequestCode.UNREGISTER_CLIENT, { extFields });
        await this.remoting.invoke(address, request, { timeoutMs: this.#apiTimeoutMs });
      } catch (error) {
        // The broker notices the closed connection as well; only the other members learn of it later.
        if (!isMqError(error)) throw error;
        this.environment.logger.debug('unregister failed', { address, ...groups, error });
      }
    });
  }
}
