import type { Environment, Lifecycle } from '@orbitmq/core/kernel';
import type { ConsumerData, MessageQueue, RemotingCommand, TopicRouteData } from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import type { ConsumerOperations } from './consumer-operations.js';

/**
 * What producers and consumers of one transport share (Java: MQClientInstance): one client id, one remoting client, the
 * routes, the heartbeat, and the broker's requests handed to the group they are for.
 */
export interface ClientInstance extends Lifecycle {
  /** `ip@pid#nanos` */
  readonly clientId: string;
  readonly environment: Environment;
  readonly remoting: RemotingClient;

  /** The route of a topic: cached, looked up when missing, refreshed every 30 s. Rejects with a `RouteError` `ROUTE_NOT_FOUND`. */
  route(topic: string): Promise<TopicRouteData>;
  /** The cached route; undefined when it was never found. */
  cachedRoute(topic: string): TopicRouteData | undefined;
  /** Asks the NameServer again now. */
  refreshRoute(topic: string): Promise<TopicRouteData>;
  /** Something failed on this route: asks the NameServer again soon; nobody waits for it. */
  refreshRouteInBackground(topic: string): void;
  /** A broker has stored a message; when the topic's route does not name the broker yet, looks for it until it does. */
  messageStored(topic: string, brokerName: string): void;
  /**
   * Keeps the topic's route fresh from now on, also when it does not exist yet. `publish`: a producer will send to it, so
   * that it may be created from the template topic.
   */
  watchTopic(topic: string, use?: 'publish'): void;

  /** Queues a producer may send to: writable brokers that have a master, ordered as in Java (page 02 §7). */
  publishQueues(topic: string): Promise<readonly MessageQueue[]>;
  /** The same without waiting: undefined or empty when `publishQueues` has to be asked. The array changes only with the route. */
  cachedPublishQueues(topic: string): readonly MessageQueue[] | undefined;
  /** Queues a consumer may read, by the cached route; undefined when the route is unknown. */
  subscribeQueues(topic: string): readonly MessageQueue[] | undefined;

  /** Address of a broker's master. */
  masterAddress(brokerName: string): string | undefined;
  /** Address of the broker with `brokerId`, else of any of that name. */
  readAddress(brokerName: string, brokerId: number): string | undefined;
  /**
   * Brokers of the topic's route, masters preferred, that know this client as a member of the consumer group: they took its
   * heartbeat on the connection that is open now. For group requests (38). Those that have known it longest come first, and one
   * that was out of reach a moment ago is left out, since the other members may not have told it yet.
   */
  brokersThatKnow(group: string, topic: string): readonly string[];
  /** MQVersion ordinal in the broker's last heartbeat answer (page 01 §5); undefined before the first. */
  brokerVersion(address: string): number | undefined;

  registerProducer(group: string, onCheckTransaction: CheckTransactionHandler | undefined): void;
  unregisterProducer(group: string): Promise<void>;
  registerConsumer(consumer: RegisteredConsumer): void;
  unregisterConsumer(group: string): Promise<void>;
  /** Heartbeats every known broker now; resolves when all have answered or failed. */
  heartbeat(): Promise<void>;
}

/** A CHECK_TRANSACTION_STATE request as it arrived; the producer decodes and answers it to `brokerAddress`. */
export type CheckTransactionHandler = (request: RemotingCommand, brokerAddress: string) => void;

/** What the instance needs to know of a consumer. */
export interface RegisteredConsumer {
  readonly group: string;
  /** What operators may ask of it; absent: nothing. */
  readonly operations?: ConsumerOperations | undefined;
  /** What the next heartbeat says. */
  heartbeatData(): ConsumerData;
  /** The group's membership changed (code 40), or a route did. */
  rebalanceSoon(): void;
}
