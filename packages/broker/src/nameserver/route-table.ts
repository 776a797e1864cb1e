/**
 * What the NameServer knows: which brokers live, and which of them has which topics (Java: RouteInfoManager; page 02 §2-8).
 * Pure state: time and connections come from outside. Invariants: a broker name in the table has an address; every address has
 * a live record; queues belong to broker names in the table.
 */
import {
  type BrokerData,
  type DataVersion,
  inOneTurn,
  isSameDataVersion,
  Permission,
  type QueueData,
  type RegistrationPartMark,
  type Steps,
  type TopicConfig,
  type TopicQueueMapping,
  type TopicRouteData,
} from '@orbitmq/protocol';
import { type LiveBroker, LiveBrokerTable } from './live-broker-table.js';
import type { MinBrokerIdChange } from './min-broker-id.js';
import { QueueMappingTable } from './queue-mapping-table.js';
import { RegistrationRound } from './registration-round.js';
import { type RouteTableLimits, routeTableLimits } from './route-table-limits.js';
import { type StagedTopics, stagedTopics } from './staged-topics.js';
import { topicsOfBrokers, unitTopics } from './topic-lists.js';
import { TopicQueueTable } from './topic-queue-table.js';

const masterId = 0;

export interface BrokerIdentity {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerAddr: string;
  readonly brokerId: number;
}

export interface BrokerRegistration<Connection> extends BrokerIdentity {
  readonly haServerAddr: string;
  /** Undefined from brokers before 5.0. */
  readonly enableActingMaster: boolean | undefined;
  readonly zoneName?: string | undefined;
  readonly timeoutMs: number;
  readonly dataVersion: DataVersion;
  readonly topics: Readonly<Record<string, TopicConfig>>;
  /** Of static topics (5.x). */
  readonly queueMappings?: readonly TopicQueueMapping[] | undefined;
  readonly filterServers?: readonly string[] | undefined;
  /** Undefined: the topics are all of the broker's, or one that changed. */
  readonly part?: RegistrationPartMark | undefined;
  /** Topics of the broker that the registration, with all its parts, does not name go (`deleteTopicWithBrokerRegistration`). Default: false. */
  readonly removesOtherTopics?: boolean | undefined;
  readonly connection: Connection;
}

export type RegisterResult =
  | { readonly status: 'registered'; readonly masterAddr?: string | undefined; readonly haServerAddr?: string | undefined }
  /** An older state of the same broker id: told nothing, as 5.x does. */
  | { readonly status: 'stale' }
  | { readonly status: 'refused'; readonly reason: string };

interface BrokerSet {
  cluster: string;
  enableActingMaster: boolean;
  zoneName: string | undefined;
  readonly addresses: Map<number, string>;
  /** Of the master, or who acts as one. */
  round: RegistrationRound;
}

export interface RouteTableOptions {
  readonly limits?: Partial<RouteTableLimits> | undefined;
  /** Called in the turn of the change, when the tables are changed. */
  readonly onMinBrokerIdChange?: ((change: MinBrokerIdChange) => void) | undefined;
}

export class RouteTable<Connection> {
  readonly #limits: RouteTableLimits;
  readonly #onMinBrokerIdChange: (change: MinBrokerIdChange) => void;
  readonly #brokers = new Map<string, BrokerSet>();
  readonly #queues = new TopicQueueTable();
  readonly #mappings = new QueueMappingTable();
  readonly #live = new LiveBrokerTable<Connection>();

  constructor(options: RouteTableOptions = {}) {
    this.#limits = { ...routeTableLimits, ...options.limits };
    this.#onMinBrokerIdChange = options.onMinBrokerIdChange ?? (() => undefined);
  }

  register(registration: BrokerRegistration<Connection>, nowMs: number): RegisterResult {
    return inOneTurn(this.registerSteps(registration, () => nowMs));
  }

  /** `register` of what may be many topics: nothing is changed before the last step, and all by that one. `nowMs` is asked then. */
  *registerSteps(registration: BrokerRegistration<Connection>, nowMs: () => number): Steps<RegisterResult> {
    const staged = yield* stagedTopics(registration, this.#queues);
    return this.#register(registration, staged, nowMs());
  }

  #register(registration: BrokerRegistration<Connection>, staged: StagedTopics, nowMs: number): RegisterResult {
    const { clusterName, brokerName, brokerAddr, brokerId } = registration;
    const known = this.#brokers.get(brokerName);
    const rejection = this.#rejection(registration, staged, known);
    if (rejection !== undefined) return rejection;

    const addresses = known?.addresses ?? new Map<number, string>();
    const round = new RegistrationRound();
    const broker = known ?? { cluster: clusterName, enableActingMaster: false, zoneName: undefined, addresses, round };
    this.#brokers.set(brokerName, broker);
    // Else the record under the old name would expire, and take the routes of a broker that lives with it.
    if (broker.cluster !== clusterName) this.#live.delete(broker.cluster, brokerAddr);
    broker.cluster = clusterName;
    broker.enableActingMaster = registration.enableActingMaster ?? false;
    broker.zoneName = registration.zoneName;
    const isNewMin = addresses.size > 0 && brokerId < Math.min(...addresses.keys());
    for (const [id, address] of addresses) {
      // The same process in another role: its old id is free.
      if (address === brokerAddr && id !== brokerId) addresses.delete(id);
    }
    const isFirst = addresses.get(brokerId) !== brokerAddr;
    addresses.set(brokerId, brokerAddr);
    this.#takeTopics(registration, staged, broker, isFirst);
    this.#live.set(liveBroker(registration, nowMs));
    if (isNewMin) this.#tellMinBrokerId(brokerName, broker, { haBrokerAddr: registration.haServerAddr });

    if (brokerId === masterId) return { status: 'registered' };
    const masterAddr = addresses.get(masterId);
    const master = masterAddr === undefined ? undefined : this.#live.get(clusterName, masterAddr);
    return { status: 'registered', masterAddr: master && masterAddr, haServerAddr: master?.haServerAddr };
  }

  unregister(identity: BrokerIdentity): void {
    const { brokerName, brokerAddr } = identity;
    this.#live.delete(identity.clusterName, brokerAddr);
    const broker = this.#brokers.get(brokerName);
    if (broker === undefined) return;
    // Whatever cluster the request names: who has no routes is not live either.
    if ([...broker.addresses.values()].includes(brokerAddr)) this.#live.delete(broker.cluster, brokerAddr);
    const minId = Math.min(...broker.addresses.keys());
    let isMasterGone = false;
    for (const [id, address] of broker.addresses) {
      if (address !== brokerAddr) continue;
      broker.addresses.delete(id);
      if (id === masterId) isMasterGone = true;
    }
    if (broker.addresses.size === 0) {
      this.#brokers.delete(brokerName);
      this.#queues.deleteBroker(brokerName);
      this.#mappings.deleteBroker(brokerName);
      return;
    }
    if (isMasterGone && broker.enableActingMaster) this.#queues.changePermission(brokerName, withoutWrite);
    if (!broker.addresses.has(minId)) this.#tellMinBrokerId(brokerName, broker, { offlineBrokerAddr: brokerAddr });
  }

  /** Removes the brokers that last registered over this connection. */
  removeConnection(connection: Connection): readonly LiveBroker<Connection>[] {
    return this.#removeLive((broker) => broker.connection === connection);
  }

  /** Removes and returns the brokers that were silent for longer than their time-out. */
  removeExpired(nowMs: number): readonly LiveBroker<Connection>[] {
    return this.#removeLive((broker) => nowMs > broker.lastUpdateMs + broker.timeoutMs);
  }

  /** The stored version of a broker's topics; counts as a sign of life (QUERY_DATA_VERSION, BROKER_HEARTBEAT). */
  touch(identity: Pick<BrokerIdentity, 'clusterName' | 'brokerAddr'>, nowMs: number): DataVersion | undefined {
    const live = this.#live.get(identity.clusterName, identity.brokerAddr);
    if (live === undefined) return undefined;
    this.#live.set({ ...live, lastUpdateMs: nowMs });
    return live.dataVersion;
  }

  /** Undefined when no live broker has the topic. */
  route(topic: string): TopicRouteData | undefined {
    const queues = this.#queues.queuesOf(topic);
    if (queues === undefined) return undefined;
    const brokerDatas: BrokerData[] = [];
    const filterServers = new Map<string, readonly string[]>();
    for (const brokerName of queues.keys()) {
      const broker = this.#brokers.get(brokerName);
      if (broker === undefined) continue;
      brokerDatas.push(brokerData(brokerName, broker));
      for (const address of broker.addresses.values()) {
        const servers = this.#live.get(broker.cluster, address)?.filterServers ?? [];
        if (servers.length > 0) filterServers.set(address, servers);
      }
    }
    if (brokerDatas.length === 0) return undefined;
    return {
      queueDatas: [...queues.values()],
      brokerDatas,
      filterServers: filterServers.size === 0 ? undefined : filterServers,
      queueMappings: this.#mappings.of(topic),
    };
  }

  clusterInfo(): {
    readonly brokerAddrTable: Record<string, BrokerData>;
    readonly clusterAddrTable: Record<string, string[]>;
  } {
    return {
      brokerAddrTable: Object.fromEntries([...this.#brokers].map(([name, broker]) => [name, brokerData(name, broker)])),
      clusterAddrTable: Object.fromEntries(this.#clusters()),
    };
  }

  /** The addresses behind a broker name, whatever its cluster (as in Java); undefined when nobody has the name. */
  broker(brokerName: string): BrokerData | undefined {
    const broker = this.#brokers.get(brokerName);
    return broker && brokerData(brokerName, broker);
  }

  topicNames(): string[] {
    return [...this.#queues.topics()];
  }

  topicsOfCluster(clusterName: string): string[] {
    return topicsOfBrokers(this.#clusters().get(clusterName) ?? [], this.#queues);
  }

  /** The list of a request for topics of units. */
  unitTopics(requestCode: number): string[] {
    return unitTopics(requestCode, this.#queues);
  }

  /** Clusters and brokers, which all have a topic of their name, and the address of some broker, which knows the other ones. */
  systemTopics(): { readonly topicList: readonly string[]; readonly brokerAddr: string | undefined } {
    const [first] = this.#brokers.values();
    const [brokerAddr] = first?.addresses.values() ?? [];
    return { topicList: [...new Set([...this.#clusters()].flat(2))], brokerAddr };
  }

  /** Takes writes away from all topics of a broker, or gives them back; the count of these topics. Lasts until they change. */
  setWritable(brokerName: string, isWritable: boolean): number {
    const readAndWrite = Permission.READ | Permission.WRITE;
    return this.#queues.changePermission(brokerName, isWritable ? () => readAndWrite : withoutWrite);
  }

  /** `clusterName`: only of its brokers. */
  deleteTopic(topic: string, clusterName?: string): void {
    if (clusterName === undefined) {
      this.#queues.deleteTopic(topic);
      this.#mappings.deleteTopic(topic);
      return;
    }
    for (const brokerName of this.#clusters().get(clusterName) ?? []) this.#forget(topic, brokerName);
  }

  /** Adds queues of a topic. Those of brokers that are not registered are passed over; the reason when there is no room. */
  addTopic(topic: string, queueDatas: readonly QueueData[]): string | undefined {
    const queues = queueDatas.filter((queue) => this.#brokers.has(queue.brokerName));
    const tooLong = this.#tooLong([topic]);
    if (tooLong !== undefined) return tooLong;
    const refusal = this.#noRoomFor(queues.filter((queue) => !this.#queues.has(topic, queue.brokerName)).length);
    if (refusal === undefined) for (const queue of queues) this.#queues.set(topic, queue);
    return refusal;
  }

  #forget(topic: string, brokerName: string): void {
    this.#queues.delete(topic, brokerName);
    this.#mappings.delete(topic, brokerName);
  }

  #clusters(): Map<string, string[]> {
    const clusters = new Map<string, string[]>();
    for (const [brokerName, broker] of this.#brokers) {
      const names = clusters.get(broker.cluster);
      if (names === undefined) clusters.set(broker.cluster, [brokerName]);
      else names.push(brokerName);
    }
    return clusters;
  }

  #tooLong(names: readonly string[]): string | undefined {
    const { topicNameLengthMax } = this.#limits;
    const name = names.find((topic) => topic.length > topicNameLengthMax);
    return name && `the name of a topic has ${name.length} characters, allowed are ${topicNameLengthMax}`;
  }

  #noRoomFor(newEntryCount: number): string | undefined {
    const { topicEntriesMax } = this.#limits;
    if (newEntryCount === 0 || this.#queues.entryCount + newEntryCount <= topicEntriesMax) return undefined;
    return `there are ${this.#queues.entryCount} topics of brokers already, allowed are ${topicEntriesMax}`;
  }

  #noRoomForAll({ topics }: StagedTopics, brokerName: string): string | undefined {
    // To count the new ones among some ten thousand takes its time, and there mostly is room for all.
    if (this.#queues.entryCount + topics.length <= this.#limits.topicEntriesMax) return undefined;
    return this.#noRoomFor(this.#queues.newAmong(topics, brokerName));
  }

  #tooMany({ filterServers = [], queueMappings = [] }: BrokerRegistration<Connection>): string | undefined {
    const { filterServersMax, mappedQueuesMax, mappedQueuesOfTopicMax } = this.#limits;
    if (filterServers.length > filterServersMax) {
      return `the broker has ${filterServers.length} filter servers, allowed are ${filterServersMax}`;
    }
    for (const mapping of queueMappings) {
      const count = this.#mappings.countWith(mapping);
      if (count <= mappedQueuesOfTopicMax) continue;
      return `static topic ${mapping.topic} would have ${count} queues on all brokers, allowed are ${mappedQueuesOfTopicMax}`;
    }
    const growth = this.#mappings.growth(queueMappings);
    if (growth <= 0 || this.#mappings.queueCount + growth <= mappedQueuesMax) return undefined;
    return `there would be ${this.#mappings.queueCount + growth} queues of static topics, allowed are ${mappedQueuesMax}`;
  }

  #rejection(
    registration: BrokerRegistration<Connection>,
    staged: StagedTopics,
    known: BrokerSet | undefined,
  ): RegisterResult | undefined {
    const { clusterName, brokerName, brokerAddr, brokerId, dataVersion } = registration;
    const holder = known?.addresses.get(brokerId);
    if (holder !== undefined && holder !== brokerAddr) {
      const live = this.#live.get(clusterName, holder);
      if (live !== undefined && live.dataVersion.stateVersion > dataVersion.stateVersion) return { status: 'stale' };
    }
    // A change announced with its one topic must not pass for the whole table of a broker not known yet (5.x).
    if (holder === undefined && staged.topics.length === 1) return { status: 'refused', reason: 'register broker failed' };
    const { brokersMax } = this.#limits;
    if (this.#live.size >= brokersMax && this.#live.get(clusterName, brokerAddr) === undefined) {
      return { status: 'refused', reason: `register broker failed: there are ${brokersMax} brokers already` };
    }
    const noRoom = this.#tooLong([staged.longestName]) ?? this.#noRoomForAll(staged, brokerName) ?? this.#tooMany(registration);
    return noRoom === undefined ? undefined : { status: 'refused', reason: `register broker failed: ${noRoom}` };
  }

  #takeTopics(registration: BrokerRegistration<Connection>, staged: StagedTopics, broker: BrokerSet, isFirst: boolean): void {
    const { clusterName, brokerName, brokerAddr, brokerId, dataVersion, enableActingMaster, topics } = registration;
    const isPrimeSlave =
      enableActingMaster !== undefined && brokerId !== masterId && Math.min(...broker.addresses.keys()) === brokerId;
    if (brokerId !== masterId && !isPrimeSlave) return;
    if (isFirst) broker.round = new RegistrationRound();
    const whole = wholeTable(registration, staged.names, broker.round);
    if (registration.removesOtherTopics === true && whole !== undefined) {
      for (const topic of this.#queues.topicsOf(brokerName)) {
        if (!whole.has(topic)) this.#forget(topic, brokerName);
      }
    }
    const stored = this.#live.get(clusterName, brokerAddr)?.dataVersion;
    const isChanged = isFirst || stored === undefined || !isSameDataVersion(stored, dataVersion);
    for (const mapping of registration.queueMappings ?? []) {
      // A broker speaks for itself, of topics that it has.
      if (mapping.brokerName === brokerName && Object.hasOwn(topics, mapping.topic)) this.#mappings.set(mapping);
    }
    const permMask = isPrimeSlave && broker.enableActingMaster ? ~Permission.WRITE : ~0;
    for (const { topic, queue, queues } of staged.topics) {
      if (!isChanged && this.#queues.has(topic, brokerName)) continue;
      if ((queue.perm & permMask) === queue.perm) this.#queues.set(topic, queue, queues);
      else this.#queues.set(topic, { ...queue, perm: queue.perm & permMask });
    }
  }

  #removeLive(isGone: (broker: LiveBroker<Connection>) => boolean): readonly LiveBroker<Connection>[] {
    const gone = this.#live.all().filter(isGone);
    for (const broker of gone) this.unregister(broker);
    return gone;
  }

  #tellMinBrokerId(
    brokerName: string,
    broker: BrokerSet,
    who: { readonly offlineBrokerAddr?: string; readonly haBrokerAddr?: string },
  ): void {
    this.#onMinBrokerIdChange({
      brokerName,
      brokerAddrs: new Map(broker.addresses),
      offlineBrokerAddr: who.offlineBrokerAddr,
      haBrokerAddr: who.haBrokerAddr,
    });
  }
}

/** Without the topics: they are in their own table, and this record would keep all that came with them. */
function liveBroker<Connection>(registration: BrokerRegistration<Connection>, lastUpdateMs: number): LiveBroker<Connection> {
  const { clusterName, brokerName, brokerAddr, brokerId, haServerAddr } = registration;
  const { connection, dataVersion, filterServers, timeoutMs } = registration;
  const identity = { clusterName, brokerName, brokerAddr, brokerId, haServerAddr };
  return { ...identity, connection, dataVersion, filterServers, timeoutMs, lastUpdateMs };
}

/** The names of all topics of a broker; undefined as long as they are not known. */
function wholeTable(
  { part }: BrokerRegistration<unknown>,
  names: ReadonlySet<string>,
  round: RegistrationRound,
): ReadonlySet<string> | undefined {
  if (part !== undefined) return round.add(part, names);
  // A table of one topic announces a change of it; that the others are gone is not meant.
  return names.size === 1 ? undefined : names;
}

const withoutWrite = (perm: number): number => perm & ~Permission.WRITE;

function brokerData(brokerName: string, broker: BrokerSet): BrokerData {
  const { cluster, enableActingMaster, zoneName, addresses } = broker;
  return {
    brokerName,
    cluster,
    brokerAddrs: Object.fromEntries(addresses),
    ...(enableActingMaster ? { enableActingMaster } : {}),
    ...(zoneName === undefined ? {} : { zoneName }),
  };
}
