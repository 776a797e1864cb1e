import type { StopOptions } from '@orbitmq/core/kernel';
import type { DataVersion } from '@orbitmq/protocol';
import type { JsonFields } from '../metadata/json-fields.js';

/** One group's settings (Java: SubscriptionGroupConfig; page 05 §8). */
export interface SubscriptionGroupConfig {
  readonly groupName: string;
  readonly consumeEnable: boolean;
  readonly consumeFromMinEnable: boolean;
  readonly consumeBroadcastEnable: boolean;
  readonly consumeMessageOrderly: boolean;
  readonly retryQueueNums: number;
  readonly retryMaxTimes: number;
  readonly brokerId: number;
  readonly whichBrokerWhenConsumeSlowly: number;
  readonly notifyConsumerIdsChangedEnable: boolean;
  readonly groupSysFlag: number;
  readonly consumeTimeoutMinute: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The broker's groups (Java: SubscriptionGroupManager), kept in `config/subscriptionGroup.json`. */
export interface SubscriptionGroupManager {
  /** The group; created on the spot when that is allowed and the name is legal, else undefined. */
  find(group: string): SubscriptionGroupConfig | undefined;
  /** `source`: the group as a client described it; members unknown here are kept in the file. */
  update(config: SubscriptionGroupConfig, source?: JsonFields): void;
  /** False when there was no such group. What it was forbidden is forgotten with it; its offsets are the caller's to remove. */
  delete(group: string): boolean;
  all(): ReadonlyMap<string, SubscriptionGroupConfig>;
  /** The group with all members that the file has of it, as tools and slaves want it; undefined when there is none. */
  describe(group: string): JsonFields | undefined;
  /** Characters of what is kept of groups as clients described them. */
  readonly sourceChars: number;
  /** How many more it would be with this description, which an update merges with what is kept. */
  sourceGrowth(group: string, source: JsonFields): number;
  readonly dataVersion: DataVersion;
  /** Whether the group may not read the topic, though both exist (Java: getForbidden; request 353). */
  isReadForbidden(group: string, topic: string): boolean;
  /** False when that would be one more than the table takes: nothing was changed. */
  setReadForbidden(group: string, topic: string, isForbidden: boolean): boolean;
  /** What is forbidden to a group: topic → bits. */
  forbidden(group: string): JsonFields | undefined;
  /** How often something is forbidden to a group. */
  readonly forbiddenPairCount: number;
  /** Groups that something is forbidden to, also ones that do not exist. */
  forbiddenGroups(): readonly string[];
  persist(): Promise<void>;
  /** Writes what has changed a last time; afterwards nothing is written, whether that succeeded or not. Rejects with a `StoreError`. */
  close(options?: StopOptions): Promise<void>;
}
