import type { ServerConnection } from '@orbitmq/remoting';

/** Live producer groups (Java: ProducerManager). */
export interface ProducerManager {
  register(group: string, clientId: string, connection: ServerConnection): void;
  unregister(group: string, clientId: string, connection: ServerConnection): void;
  /** The group's next live connection in turn, to ask about a transaction. */
  pickChannel(group: string): ServerConnection | undefined;
}
