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
  all(): ReadonlyMap<string, SubscriptionGroupConfig>;
  persist(): Promise<void>;
}
