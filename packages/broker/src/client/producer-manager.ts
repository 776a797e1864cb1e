import type { ServerConnection } from '@orbitmq/remoting';

/** One live producer of a group. */
export interface ProducerChannel {
  readonly connection: ServerConnection;
  readonly clientId: string;
  readonly language: number;
  readonly version: number;
  /** Wall time of the last heartbeat, milliseconds. */
  readonly lastHeartbeatAt: number;
}

/** What a client's frames say of it. */
export interface ClientKind {
  readonly language: number;
  readonly version: number;
}

/** Live producer groups (Java: ProducerManager). */
export interface ProducerManager {
  /** `kind` is only shown to operators; absent: not known. */
  register(group: string, clientId: string, connection: ServerConnection, kind?: ClientKind): void;
  unregister(group: string, clientId: string, connection: ServerConnection): void;
  /** The group's next live connection in turn, to ask about a transaction. */
  pickChannel(group: string): ServerConnection | undefined;
  /** The live connection that last registered a producer under this client id, to hand a reply to (page 35 §3). */
  connectionOf(clientId: string): ServerConnection | undefined;
  /** Names of the groups that have a producer. */
  groupNames(): readonly string[];
  /** Undefined when the group has no producer. */
  channels(group: string): readonly ProducerChannel[] | undefined;
}
