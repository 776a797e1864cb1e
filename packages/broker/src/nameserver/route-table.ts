/**
 * What the NameServer knows: which brokers live, and which of them has which topics (Java: RouteInfoManager; page 02 §2-7).
 * Pure state: time and connections come from outside. Invariants: a topic in the table has a queue entry; a broker name in
 * the table has an address; every address has a live record.
 */
import {
  type BrokerData,
  type DataVersion,
  Permission,
  type QueueData,
  type TopicConfig,
  type TopicRouteData,
} from '@orbitmq/protocol';
import { type LiveBroker, LiveBrokerTable } from './live-broker-table.js';

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
  readonly timeoutMs: number;
  readonly dataVersion: DataVersion;
  readonly topics: Readonly<Record<string, TopicConfig>>;
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
  readonly addresses: Map<number, string>;
}

export class RouteTable<Connection> {
  readonly #brokerCountMax: number;
  readonly #brokers = new Map<string, BrokerSet>();
  /** Topic → broker name → its queues. */
  readonly #topics = new Map<string, Map<string, QueueData>>();
  readonly #live = new LiveBrokerTable<Connection>();

  constructor(options: { readonly brokerCountMax: number }) {
    this.#brokerCountMax = options.brokerCountMax;
  }

  register(registration: BrokerRegistration<Connection>, nowMs: number): RegisterResult {
    const { clusterName, brokerName, brokerAddr, brokerId } = registration;
    const known = this.#brokers.get(brokerName);
    const rejection = this.#rejection(registration, known);
    if (rejection !== undefined) return rejection;

    const broker = known ?? { cluster: clusterName, enableActingMaster: false, addresses: new Map<number, string>() };
    this.#brokers.set(brokerName, broker);
    broker.cluster = clusterName;
    broker.enableActingMaster = registration.enableActingMaster ?? false;
    for (const [id, address] of broker.addresses) {
      // The same process in another role: its old id is free.
      if (address === brokerAddr && id !== brokerId) broker.addresses.delete(id);
    }
    const isFirst = broker.addresses.get(brokerId) !== brokerAddr;
    broker.addresses.set(brokerId, brokerAddr);
    this.#takeTopics(registration, broker, isFirst);
    this.#live.set({ ...registration, lastUpdateMs: nowMs });

    if (brokerId === masterId) return { status: 'registered' };
    const masterAddr = broker.addresses.get(masterId);
    const master = masterAddr === undefined ? undefined : this.#live.get(clusterName, masterAddr);
    return { status: 'registered', masterAddr: master && masterAddr, haServerAddr: master?.haServerAddr };
  }

  unregister(identity: BrokerIdentity): void {
    this.#live.delete(identity.clusterName, identity.brokerAddr);
    const broker = this.#brokers.get(identity.brokerName);
    if (broker === undefined) return;
    let isMasterGone = false;
    for (const [id, address] of broker.addresses) {
      if (address !== identity.brokerAddr) continue;
      broker.addresses.delete(id);
      if (id === masterId) isMasterGone = true;
    }
    if (broker.addresses.size === 0) {
      this.#brokers.delete(identity.brokerName);
      this.#dropQueues(identity.brokerName);
    } else if (isMasterGone && broker.enableActingMaster) {
      this.#clearWritePermission(identity.brokerName);
    }
  }

  /** Removes the brokers that last registered over this connection. */
  removeConnection(connection: Connection): readonly LiveBroker<Connection>[] {
    return this.#removeLive((broker) => broker.connection === connection);
  }

  /** Removes and returns the brokers that were silent for longer than their time-out. */
  removeExpired(nowMs: number): readonly LiveBroker<Connection>[] {
    return this.#removeLive((broker) => nowMs > broker.lastUpdateMs + broker.timeoutMs);
  }

  /** The stored version of a broker's topics; counts as a sign of life (QUERY_DATA_VERSION). */
  touch(identity: BrokerIdentity, nowMs: number): DataVersion | undefined {
    const live = this.#live.get(identity.clusterName, identity.brokerAddr);
    if (live === undefined) return undefined;
    this.#live.set({ ...live, lastUpdateMs: nowMs });
    return live.dataVersion;
  }

  /** Undefined when no live broker has the topic. */
  route(topic: string): TopicRouteData | undefined {
    const queues = this.#topics.get(topic);
    if (queues === undefined) return undefined;
    const brokerDatas: BrokerData[] = [];
    for (const brokerName of queues.keys()) {
      const broker = this.#brokers.get(brokerName);
      if (broker !== undefined) brokerDatas.push(brokerData(brokerName, broker));
    }
    return brokerDatas.length === 0 ? undefined : { queueDatas: [...queues.values()], brokerDatas };
  }

  clusterInfo(): {
    readonly brokerAddrTable: Record<string, BrokerData>;
    readonly clusterAddrTable: Record<string, string[]>;
  } {
    const clusters = new Map<string, string[]>();
    for (const [brokerName, broker] of this.#brokers) {
      const names = clusters.get(broker.cluster);
      if (names === undefined) clusters.set(broker.cluster, [brokerName]);
      else names.push(brokerName);
    }
    return {
      brokerAddrTable: Object.fromEntries([...this.#brokers].map(([name, broker]) => [name, brokerData(name, broker)])),
      clusterAddrTable: Object.fromEntries(clusters),
    };
  }

  #rejection(registration: BrokerRegistration<Connection>, known: BrokerSet | undefined): RegisterResult | undefined {
    const { clusterName, brokerAddr, brokerId, dataVersion, topics } = registration;
    const holder = known?.addresses.get(brokerId);
    if (holder !== undefined && holder !== brokerAddr) {
      const live = this.#live.get(clusterName, holder);
      if (live !== undefined && live.dataVersion.stateVersion > dataVersion.stateVersion) return { status: 'stale' };
    }
    // A change announced with its one topic must not pass for the whole table of a broker not known yet (5.x).
    if (holder === undefined && Object.keys(topics).length === 1) return { status: 'refused', reason: 'register broker failed' };
    if (this.#live.size >= this.#brokerCountMax && this.#live.get(clusterName, brokerAddr) === undefined) {
      return { status: 'refused', reason: `register broker failed: there are ${this.#brokerCountMax} brokers already` };
    }
    return undefined;
  }

  #takeTopics(registration: BrokerRegistration<Connection>, broker: BrokerSet, isFirst: boolean): void {
    const { clusterName, brokerName, brokerAddr, brokerId, dataVersion, enableActingMaster } = registration;
    const isPrimeSlave =
      enableActingMaster !== undefined && brokerId !== masterId && Math.min(...broker.addresses.keys()) === brokerId;
    if (brokerId !== masterId && !isPrimeSlave) return;
    const stored = this.#live.get(clusterName, brokerAddr)?.dataVersion;
    const isChanged = isFirst || stored === undefined || !isEqual(stored, dataVersion);
    const permMask = isPrimeSlave && broker.enableActingMaster ? ~Permission.WRITE : ~0;
    for (const [topic, config] of Object.entries(registration.topics)) {
      let queues = this.#topics.get(topic);
      if (!isChanged && queues?.has(brokerName) === true) continue;
      if (queues === undefined) {
        queues = new Map();
        this.#topics.set(topic, queues);
      }
      queues.set(brokerName, {
        brokerName,
        readQueueNums: config.readQueueNums,
        writeQueueNums: config.writeQueueNums,
        perm: config.perm & permMask,
        topicSysFlag: config.topicSysFlag,
      });
    }
  }

  #removeLive(isGone: (broker: LiveBroker<Connection>) => boolean): readonly LiveBroker<Connection>[] {
    const gone = this.#live.all().filter(isGone);
    for (const broker of gone) this.unregister(broker);
    return gone;
  }

  #dropQueues(brokerName: string): void {
    for (const [topic, queues] of this.#topics) {
      if (queues.delete(brokerName) && queues.size === 0) this.#topics.delete(topic);
    }
  }

  #clearWritePermission(brokerName: string): void {
    for (const queues of this.#topics.values()) {
      const data = queues.get(brokerName);
      if (data !== undefined) queues.set(brokerName, { ...data, perm: data.perm & ~Permission.WRITE });
    }
  }
}

function brokerData(brokerName: string, broker: BrokerSet): BrokerData {
  return { brokerName, cluster: broker.cluster, brokerAddrs: Object.fromEntries(broker.addresses) };
}

/** Java: DataVersion.equals. */
function isEqual(a: DataVersion, b: DataVersion): boolean {
  return a.counter === b.counter && a.timestamp === b.timestamp && a.stateVersion === b.stateVersion;
}
