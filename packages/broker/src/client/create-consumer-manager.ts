/**
 * Live consumer groups (Java: ConsumerManager, ConsumerGroupInfo; page 05 §2). Invariants: a group in the table has a member;
 * every change of members or topics is told to the members that are left, in the turn of the change, unless the group is large and was told a moment ago.
 */
import type { Clock, Timer, Timers } from '@orbitmq/core/kernel';
import {
  type ConsumeFromWhere,
  type ConsumerData,
  type ConsumeType,
  consumerGroupHeader,
  createRequest,
  type MessageModel,
  RequestCode,
  type SubscriptionData,
} from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { ConnectionGroups } from './connection-groups.js';
import type { ConsumerChannel, ConsumerGroupView, ConsumerManager } from './consumer-manager.js';
import { mergeSubscriptions } from './subscription-table.js';

/** Consumer groups one connection may be a member of. */
const groupsPerConnectionMaxDefault = 4096;

/** Members up to which a group is told of every change at once. */
const announceAtOnceMax = 64;
/** A larger group is told at most this often: a notice goes to every member, so all joining or leaving together cost their square. */
const announcePauseMs = 200;

export interface ConsumerManagerOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** A member that sent no heartbeat for so long is closed. RocketMQ: channelExpiredTimeout, 120 s. */
  readonly channelExpiredTimeoutMs: number;
  /** Whether changes of the group are announced: notifyConsumerIdsChangedEnable of broker and group. */
  readonly isNotified: (group: string) => boolean;
  /** Default: 4096. */
  readonly groupsPerConnectionMax?: number | undefined;
}

interface Member {
  channel: ConsumerChannel;
  /** Monotonic. */
  lastHeartbeatMs: number;
}

interface ConsumerGroup {
  consumeType: ConsumeType;
  messageModel: MessageModel;
  consumeFromWhere: ConsumeFromWhere | undefined;
  /** Of the last full heartbeat, 0 when that had none; undefined before the first. */
  fingerprint: number | undefined;
  /** A large group was told a moment ago; what has changed since is told when this fires. */
  pause: Timer | undefined;
  isAnnouncementDue: boolean;
  readonly members: Map<ServerConnection, Member>;
  readonly subscriptions: Map<string, SubscriptionData>;
}

export function createConsumerManager(options: ConsumerManagerOptions): LiveConsumerManager {
  return new LiveConsumerManager(options);
}

export class LiveConsumerManager implements ConsumerManager {
  readonly #options: ConsumerManagerOptions;
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #connections: ConnectionGroups;

  constructor(options: ConsumerManagerOptions) {
    this.#options = options;
    this.#connections = new ConnectionGroups(
      options.groupsPerConnectionMax ?? groupsPerConnectionMaxDefault,
      (connection, groups) => {
        for (const group of groups) this.#remove(connection, group);
      },
    );
  }

  register(channel: ConsumerChannel, data: ConsumerData, withoutSub: boolean): void {
    const { connection } = channel;
    const name = data.groupName;
    if (!this.#connections.add(connection, name)) return;
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = newGroup(data);
      this.#groups.set(name, group);
    }
    const isNewMember = group.members.get(connection)?.channel.clientId !== channel.clientId;
    group.members.set(connection, { channel, lastHeartbeatMs: this.#options.clock.monotonic() });
    group.consumeType = data.consumeType;
    group.messageModel = data.messageModel;
    group.consumeFromWhere = data.consumeFromWhere;
    const isTopicChanged = !withoutSub && mergeSubscriptions(group.subscriptions, data.subscriptionDataSet);
    if (isNewMember || isTopicChanged) this.#announce(name, group);
  }

  /** Whether the connection may be a member of the group: it is one, or has not too many others. */
  hasRoom(connection: ServerConnection, group: string): boolean {
    return this.#connections.hasRoom(connection, group);
  }

  unregister(connection: ServerConnection, clientId: string, group: string): void {
    if (this.#groups.get(group)?.members.get(connection)?.channel.clientId !== clientId) return;
    this.#connections.remove(connection, group);
    this.#remove(connection, group);
  }

  clientIds(group: string): readonly string[] | undefined {
    const members = this.#groups.get(group)?.members;
    if (members === undefined) return undefined;
    // A client that reconnected may have two connections for a moment; counted twice it would shift everyone's share.
    return [...new Set([...members.values()].map((member) => member.channel.clientId))];
  }

  members(group: string): readonly ConsumerChannel[] {
    return [...(this.#groups.get(group)?.members.values() ?? [])].map((member) => member.channel);
  }

  subscription(group: string, topic: string): SubscriptionData | undefined {
    return this.#groups.get(group)?.subscriptions.get(topic);
  }

  messageModel(group: string): MessageModel | undefined {
    return this.#groups.get(group)?.messageModel;
  }

  hasMembers(group: string): boolean {
    return this.#groups.has(group);
  }

  describe(group: string): ConsumerGroupView | undefined {
    const found = this.#groups.get(group);
    if (found === undefined) return undefined;
    const { consumeType, messageModel, consumeFromWhere, subscriptions } = found;
    return { consumeType, messageModel, consumeFromWhere, subscriptions: [...subscriptions.values()] };
  }

  subscriptionCount(group: string): number {
    return this.#groups.get(group)?.subscriptions.size ?? 0;
  }

  groupsSubscribing(topic: string): readonly string[] {
    return [...this.#groups].filter(([, group]) => group.subscriptions.has(topic)).map(([name]) => name);
  }

  findMember(group: string, clientId: string): ConsumerChannel | undefined {
    let latest: Member | undefined;
    for (const member of this.#groups.get(group)?.members.values() ?? []) {
      if (member.channel.clientId !== clientId || !member.channel.connection.isOpen) continue;
      if (latest === undefined || member.lastHeartbeatMs >= latest.lastHeartbeatMs) latest = member;
    }
    return latest?.channel;
  }

  /** Fingerprint of the group's last full heartbeat, 0 when that was not of version 2; undefined before the first. */
  fingerprint(group: string): number | undefined {
    return this.#groups.get(group)?.fingerprint;
  }

  /**
   * An official client may skip the full heartbeat of a rebalance, when another one is under way, and then leaves out for ever
   * what its pulls refer to.
   */
  askForSubscriptions(group: string): void {
    this.setFingerprint(group, 0);
  }

  /**
   * Remembers the fingerprint that came with the subscriptions (0: none). One per group, not per client, so members
   * with different subscriptions make each other send them in full (page 05 §2).
   */
  setFingerprint(group: string, fingerprint: number): void {
    const found = this.#groups.get(group);
    if (found !== undefined) found.fingerprint = fingerprint;
  }

  /** Closes the connections of members that have been silent for too long; called every 10 s. */
  expire(): void {
    const deadlineMs = this.#options.clock.monotonic() - this.#options.channelExpiredTimeoutMs;
    for (const [name, group] of this.#groups) {
      for (const [connection, member] of group.members) {
        if (member.lastHeartbeatMs >= deadlineMs) continue;
        const groupsLeft = this.#connections.remove(connection, name);
        this.#remove(connection, name);
        if (groupsLeft === 0) connection.close();
      }
    }
  }

  #remove(connection: ServerConnection, name: string): void {
    const group = this.#groups.get(name);
    if (group === undefined || !group.members.delete(connection)) return;
    if (group.members.size === 0) {
      group.pause?.cancel();
      this.#groups.delete(name);
    } else {
      this.#announce(name, group);
    }
  }

  #announce(name: string, group: ConsumerGroup): void {
    // Every broadcasting member reads all queues: nothing to rebalance (5.x).
    if (group.messageModel === 'BROADCASTING' || !this.#options.isNotified(name)) return;
    if (group.pause !== undefined) {
      group.isAnnouncementDue = true;
      return;
    }
    if (group.members.size > announceAtOnceMax) this.#pause(name, group);
    const extFields = consumerGroupHeader.encode({ consumerGroup: name });
    for (const connection of group.members.keys()) {
      connection.notify(createRequest(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, { extFields }, true));
    }
  }

  #pause(name: string, group: ConsumerGroup): void {
    group.pause = this.#options.timers
      .setTimeout(() => {
        group.pause = undefined;
        if (!group.isAnnouncementDue) return;
        group.isAnnouncementDue = false;
        this.#announce(name, group);
      }, announcePauseMs)
      .unref();
  }
}

function newGroup({ consumeType, messageModel, consumeFromWhere }: ConsumerData): ConsumerGroup {
  return {
    consumeType,
    messageModel,
    consumeFromWhere,
    fingerprint: undefined,
    pause: undefined,
    isAnnouncementDue: false,
    members: new Map(),
    subscriptions: new Map(),
  };
}
