import type { TopicRouteData } from '@orbitmq/protocol';
import { masterId } from './route-queues.js';

type AddressesById = Readonly<Record<string, string>>;

/** Where brokers are, by the newest route that names them (Java: MQClientInstance.brokerAddrTable). */
export class BrokerAddresses {
  readonly #byName = new Map<string, AddressesById>();

  /** Takes over what a route says: addresses are replaced, not merged. Returns whether an address is new. */
  apply(route: TopicRouteData): boolean {
    const known = new Set(this.all());
    let isNew = false;
    for (const broker of route.brokerDatas) {
      this.#byName.set(broker.brokerName, broker.brokerAddrs);
      isNew ||= Object.values(broker.brokerAddrs).some((address) => !known.has(address));
    }
    return isNew;
  }

  /** Forgets brokers that no route names any more. */
  retain(routes: Iterable<TopicRouteData>): void {
    const named = new Set<string>();
    for (const route of routes) for (const broker of route.brokerDatas) named.add(broker.brokerName);
    for (const name of this.#byName.keys()) if (!named.has(name)) this.#byName.delete(name);
  }

  master(brokerName: string): string | undefined {
    return this.#byName.get(brokerName)?.[masterId];
  }

  /** The address with that id; for a slave that is gone the next one, at last any (page 02 §7). */
  readable(brokerName: string, brokerId: number): string | undefined {
    const addresses = this.#byName.get(brokerName);
    if (addresses === undefined) return undefined;
    const wanted = addresses[String(brokerId)];
    if (wanted !== undefined) return wanted;
    const following = brokerId === 0 ? undefined : addresses[String(brokerId + 1)];
    return following ?? Object.values(addresses)[0];
  }

  all(): string[] {
    return [...new Set([...this.#byName.values()].flatMap((addresses) => Object.values(addresses)))];
  }

  masters(): string[] {
    const masters = new Set<string>();
    for (const addresses of this.#byName.values()) {
      const master = addresses[masterId];
      if (master !== undefined) masters.add(master);
    }
    return [...masters];
  }
}
