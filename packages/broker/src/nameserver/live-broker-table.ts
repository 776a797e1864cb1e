import type { DataVersion } from '@orbitmq/protocol';

/** A broker process that registered and was not silent for too long (Java: BrokerLiveInfo). */
export interface LiveBroker<Connection> {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerAddr: string;
  readonly brokerId: number;
  readonly haServerAddr: string;
  readonly timeoutMs: number;
  readonly dataVersion: DataVersion;
  /** Of old brokers; part of the routes. */
  readonly filterServers?: readonly string[] | undefined;
  /** The one of its last registration: when it closes, the broker is gone. */
  readonly connection: Connection;
  /** Monotonic. */
  readonly lastUpdateMs: number;
}

/** Live brokers by cluster and address. */
export class LiveBrokerTable<Connection> {
  readonly #brokers = new Map<string, LiveBroker<Connection>>();

  get size(): number {
    return this.#brokers.size;
  }

  get(clusterName: string, brokerAddr: string): LiveBroker<Connection> | undefined {
    return this.#brokers.get(keyOf(clusterName, brokerAddr));
  }

  set(broker: LiveBroker<Connection>): void {
    this.#brokers.set(keyOf(broker.clusterName, broker.brokerAddr), broker);
  }

  delete(clusterName: string, brokerAddr: string): void {
    this.#brokers.delete(keyOf(clusterName, brokerAddr));
  }

  all(): readonly LiveBroker<Connection>[] {
    return [...this.#brokers.values()];
  }
}

function keyOf(clusterName: string, brokerAddr: string): string {
  return `${brokerAddr}@${clusterName}`;
}
