/**
 * Live consumer groups (Java: ConsumerManager, ConsumerGroupInfo; page 05 §2). Invariants: a group in the table has a member;
 * every change of members or topics is told to the members that are left, in the turn of the change, unless the group is large and was told a moment ago.
 */
import type { Clock, Timer, Timers } from '@orbitmq/core/kernel';
import {
  type ConsumerData,
  consumerGroupHeader,
  createRequest,
  type MessageModel,
  RequestCode,
  type SubscriptionData,
} from '@orbitmq/protocol';
import type { ServerConnection } from '@orbitmq/remoting';
import { ConnectionGroups } from './connection-groups.js';
import type { ConsumerChannel, ConsumerManager } from './consumer-manager.js';
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
  messageModel: MessageModel;
  /** Of the last full heartbeat with one; 0 when none is known. */
  fingerprint: number;
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
      group = newGroup(data.messageModel);
      this.#groups.set(name, group);
    }
    const isNewMember = group.members.get(connection)?.channel.clientId !== channel.clientId;
    group.members.set(connection, { channel, lastHeartbeatMs: this.#options.clock.monotonic() });
    group.messageModel = data.messageModel;
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

  /** Fingerprint of the group's last full heartbeat of version 2; 0 when none is known. */
  fingerprint(group: string): number {
    return this.#groups.get(group)?.fingerprint ?? 0;
  }

  /**
   * Remembers the fingerprint that came with the subscriptions (0: forget it). One per group, not per client, so members
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

function newGroup(messageModel: MessageModel): ConsumerGroup {
  return {
    messageModel,
    fingerprint: 0,
    pause: undefined,
    isAnnouncementDue: false,
    members: new Map(),
    subscriptions: new Map(),
  };
}
