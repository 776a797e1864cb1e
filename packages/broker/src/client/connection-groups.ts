import type { ServerConnection } from '@orbitmq/remoting';

/**
 * Which groups each connection has registered, so that a closed connection leaves all of them at once. Invariant: one
 * close listener per connection, however often it registers.
 */
export class ConnectionGroups {
  readonly #groups = new Map<ServerConnection, Set<string>>();
  readonly #groupCountMax: number;
  readonly #onClose: (connection: ServerConnection, groups: ReadonlySet<string>) => void;

  constructor(groupCountMax: number, onClose: (connection: ServerConnection, groups: ReadonlySet<string>) => void) {
    this.#groupCountMax = groupCountMax;
    this.#onClose = onClose;
  }

  hasRoom(connection: ServerConnection, group: string): boolean {
    const known = this.#groups.get(connection);
    return known === undefined || known.size < this.#groupCountMax || known.has(group);
  }

  /** False when the connection is gone, or has too many groups already. */
  add(connection: ServerConnection, group: string): boolean {
    if (!connection.isOpen) return false;
    const known = this.#groups.get(connection);
    if (!this.hasRoom(connection, group)) return false;
    if (known !== undefined) {
      known.add(group);
      return true;
    }
    const groups = new Set([group]);
    this.#groups.set(connection, groups);
    connection.onClose(() => {
      this.#groups.delete(connection);
      this.#onClose(connection, groups);
    });
    return true;
  }

  /** How many groups the connection still has. */
  remove(connection: ServerConnection, group: string): number {
    const groups = this.#groups.get(connection);
    groups?.delete(group);
    return groups?.size ?? 0;
  }
}
