import type { ConsumeFromWhere, ConsumerData, ConsumeType, MessageModel, SubscriptionData } from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';

/** One live member of a consumer group. */
export interface ConsumerChannel {
  readonly connection: ServerConnection;
  readonly clientId: string;
  readonly language: number;
  readonly version: number;
}

/** How a group consumes, by the latest heartbeat of any member. */
export interface ConsumerGroupView {
  readonly consumeType: ConsumeType;
  readonly messageModel: MessageModel;
  readonly consumeFromWhere: ConsumeFromWhere | undefined;
  readonly subscriptions: readonly SubscriptionData[];
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
  /** What is known of the group's subscriptions is not enough: heartbeats that leave them out are asked for all (5.x, version 2). */
  askForSubscriptions(group: string): void;
  /** The latest heartbeat's model; undefined when the group has no member. */
  messageModel(group: string): ConsumerData['messageModel'] | undefined;
  hasMembers(group: string): boolean;
  /** Undefined when the group has no member. */
  describe(group: string): ConsumerGroupView | undefined;
  /** How many topics the members subscribe to; 0 without members. */
  subscriptionCount(group: string): number;
  /** Live groups that subscribe to the topic (Java: queryTopicConsumeByWho). */
  groupsSubscribing(topic: string): readonly string[];
  /** The member's connection, the latest when the client reconnected (Java: findChannel). */
  findMember(group: string, clientId: string): ConsumerChannel | undefined;
}
