/** Live producer groups (Java: ProducerManager). Invariant: a group in the table has a connection. */
import type { Clock } from '@orbitmq/core/kernel';
import { languageOther } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { ClientConnections } from './client-connections.js';
import { ConnectionGroups } from './connection-groups.js';
import type { ClientKind, ProducerChannel, ProducerManager } from './producer-manager.js';

/** Producer groups one connection may register. */
const groupsPerConnectionMaxDefault = 4096;

export interface ProducerManagerOptions {
  readonly clock: Clock;
  /** A producer that sent no heartbeat for so long is closed. RocketMQ: channelExpiredTimeout, 120 s. */
  readonly channelExpiredTimeoutMs: number;
  /** Default: 4096. */
  readonly groupsPerConnectionMax?: number | undefined;
}

interface Producer {
  readonly channel: ProducerChannel;
  /** Monotonic. */
  readonly lastHeartbeatMs: number;
}

const unknownKind: ClientKind = { language: languageOther, version: 0 };

interface ProducerGroup {
  readonly channels: Map<ServerConnection, Producer>;
  /** Whose turn it is. */
  nextTurn: number;
}

export function createProducerManager(options: ProducerManagerOptions): LiveProducerManager {
  return new LiveProducerManager(options);
}

export class LiveProducerManager implements ProducerManager {
  readonly #options: ProducerManagerOptions;
  readonly #groups = new Map<string, ProducerGroup>();
  readonly #connections: ConnectionGroups;
  /** Of all producers in `#groups`, no other. */
  readonly #clients = new ClientConnections();

  constructor(options: ProducerManagerOptions) {
    this.#options = options;
    this.#connections = new ConnectionGroups(
      options.groupsPerConnectionMax ?? groupsPerConnectionMaxDefault,
      (connection, groups) => {
        for (const group of groups) this.#remove(connection, group);
      },
    );
  }

  register(group: string, clientId: string, connection: ServerConnection, kind: ClientKind = unknownKind): void {
    if (!this.#connections.add(connection, group)) return;
    let found = this.#groups.get(group);
    if (found === undefined) {
      found = { channels: new Map(), nextTurn: 0 };
      this.#groups.set(group, found);
    }
    const { clock } = this.#options;
    const { language, version } = kind;
    const before = found.channels.get(connection)?.channel.clientId;
    if (before !== clientId) {
      if (before !== undefined) this.#clients.remove(before, connection);
      this.#clients.add(clientId, connection);
    }
    found.channels.set(connection, {
      channel: { connection, clientId, language, version, lastHeartbeatAt: clock.now() },
      lastHeartbeatMs: clock.monotonic(),
    });
  }

  unregister(group: string, clientId: string, connection: ServerConnection): void {
    if (this.#groups.get(group)?.channels.get(connection)?.channel.clientId !== clientId) return;
    this.#connections.remove(connection, group);
    this.#remove(connection, group);
  }

  pickChannel(group: string): ServerConnection | undefined {
    const found = this.#groups.get(group);
    if (found === undefined) return undefined;
    const connections = [...found.channels.keys()].filter((connection) => connection.isOpen);
    if (connections.length === 0) return undefined;
    const turn = found.nextTurn % connections.length;
    found.nextTurn = turn + 1;
    return connections[turn];
  }

  connectionOf(clientId: string): ServerConnection | undefined {
    return this.#clients.find(clientId);
  }

  groupNames(): readonly string[] {
    return [...this.#groups.keys()];
  }

  channels(group: string): readonly ProducerChannel[] | undefined {
    const found = this.#groups.get(group);
    return found === undefined ? undefined : Array.from(found.channels.values(), ({ channel }) => channel);
  }

  /** Closes the connections of producers that have been silent for too long; called every 10 s. */
  expire(): void {
    const deadlineMs = this.#options.clock.monotonic() - this.#options.channelExpiredTimeoutMs;
    for (const [name, group] of this.#groups) {
      for (const [connection, producer] of group.channels) {
        if (producer.lastHeartbeatMs >= deadlineMs) continue;
        const groupsLeft = this.#connections.remove(connection, name);
        this.#remove(connection, name);
        if (groupsLeft === 0) connection.close();
      }
    }
  }

  #remove(connection: ServerConnection, name: string): void {
    const group = this.#groups.get(name);
    const producer = group?.channels.get(connection);
    if (group === undefined || producer === undefined) return;
    this.#clients.remove(producer.channel.clientId, connection);
    group.channels.delete(connection);
    if (group.channels.size === 0) this.#groups.delete(name);
  }
}
