import type { StopOptions } from '@orbitmq/core/kernel';
import type { DataVersion, TopicConfig } from '@orbitmq/protocol';

/** The broker's topics (Java: TopicConfigManager), kept in `config/topics.json`. */
export interface TopicConfigManager {
  get(topic: string): TopicConfig | undefined;
  /** Auto-creation at a send: from `defaultTopic` when that exists and has INHERIT (page 03 §7); undefined when it must not be. */
  createForSend(topic: string, defaultTopic: string, clientQueueNums: number): TopicConfig | undefined;
  /** A retry, dead-letter or system topic: created when missing, whatever autoCreateTopicEnable says. */
  ensure(topic: string, queueNums: number, perm: number): TopicConfig;
  update(config: TopicConfig): void;
  /** What was deleted; undefined when there was no such topic. Its queues and offsets are the caller's to remove. */
  delete(topic: string): TopicConfig | undefined;
  /** The same table under a new version: what else NameServers are told has changed. */
  renewVersion(): void;
  all(): ReadonlyMap<string, TopicConfig>;
  readonly dataVersion: DataVersion;
  /** Called after each change, before it is on disk; of a deleted topic with what it was. */
  onChange(listener: (changed: TopicConfig) => void): void;
  /** Whether all changes so far are on disk. */
  readonly isPersisted: boolean;
  /** Whether the topic would be there after a crash with all its queues; true for one that does not exist. */
  isTopicPersisted(topic: string): boolean;
  /** Resolves when all changes so far are on disk; rejects when they could not be written (it will be tried again). */
  persist(): Promise<void>;
  /** Writes what has changed a last time; afterwards nothing is written, whether that succeeded or not. Rejects with a `StoreError`. */
  close(options?: StopOptions): Promise<void>;
}
