import type { ServerConnection } from '@orbitmq/remoting';

/**
 * Which connections each client id is registered on (Java: ProducerManager.clientChannelTable). A connection that registered several
 * groups counts once for each, and is known until the last of them leaves. Java forgets the id with the first of its connections that
 * closes, though another may live.
 */
export class ClientConnections {
  /** Connections in the order in which they came, with how many groups they registered. */
  readonly #clients = new Map<string, Map<ServerConnection, number>>();

  add(clientId: string, connection: ServerConnection): void {
    let connections = this.#clients.get(clientId);
    if (connections === undefined) {
      connections = new Map();
      this.#clients.set(clientId, connections);
    }
    connections.set(connection, (connections.get(connection) ?? 0) + 1);
  }

  remove(clientId: string, connection: ServerConnection): void {
    const connections = this.#clients.get(clientId);
    const count = connections?.get(connection);
    if (connections === undefined || count === undefined) return;
    if (count > 1) connections.set(connection, count - 1);
    else connections.delete(connection);
    if (connections.size === 0) this.#clients.delete(clientId);
  }

  /** The open connection that came last. */
  find(clientId: string): ServerConnection | undefined {
    let found: ServerConnection | undefined;
    for (const connection of this.#clients.get(clientId)?.keys() ?? []) if (connection.isOpen) found = connection;
    return found;
  }
}
