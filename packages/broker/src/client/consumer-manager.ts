import type { ConsumerData, SubscriptionData } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';

/** One live member of a consumer group. */
export interface ConsumerChannel {
  readonly connection: ServerConnection;
  readonly clientId: string;
  readonly language: number;
  readonly version: number;
}

/** Live consumer groups (Java: ConsumerManager): members by connection, merged subscriptions (page 05 §2). */
export interface ConsumerManager {
  /** Registers or renews; announces changes of membership to the group. `withoutSub` keeps the subscriptions known. */
  register(channel: ConsumerChannel, data: ConsumerData, withoutSub: boolean): void;
  unregister(connection: ServerConnection, clientId: string, group: string): void;
  /** Client ids of a group; undefined when it has no member. */
  clientIds(group: string): readonly string[] | undefined;
  members(group: string): readonly ConsumerChannel[];
  subscription(group: string, topic: string): SubscriptionData | undefined;
  /** The latest heartbeat's model; undefined when the group has no member. */
  messageModel(group: string): ConsumerData['messageModel'] | undefined;
  hasMembers(group: string): boolean;
}
