import type { StopOptions } from '@orbitmq/core/kernel';
import type { Steps } from '@orbitmq/protocol';

/** Committed offsets (Java: ConsumerOffsetManager), kept in `config/consumerOffset.json`, written every flushConsumerOffsetInterval. */
export interface ConsumerOffsetManager {
  /** -1 when the group has none. */
  query(group: string, topic: string, queueId: number): number;
  commit(group: string, topic: string, queueId: number, offset: number): void;
  /**
   * An operator's offset: it counts at once, and the next pull of the queue is told of it; commits of clients until then do not
   * count (5.x). Whether there is room says `canReset`.
   */
  reset(group: string, topic: string, queueId: number, offset: number): void;
  /** Whether so many queues more may be reset. */
  canReset(queueCount: number): boolean;
  /** Whether a reset waits for the queue's next pull. */
  isResetPending(group: string, topic: string, queueId: number): boolean;
  /** The reset that the pull at hand is told of; undefined when none waits. */
  takeReset(group: string, topic: string, queueId: number): number | undefined;
  /** A pull begins there. */
  notePull(group: string, topic: string, queueId: number, queueOffset: number): void;
  /** Where the last pull began; -1 when nobody pulled since the start. */
  pullOffset(group: string, topic: string, queueId: number): number;
  /** Topics in which the group has an offset (Java: whichTopicByConsumer). */
  topicsWithOffsets(group: string): readonly string[];
  /** Queue → offset of a group; empty when it has none. */
  offsetsOf(group: string, topic: string): ReadonlyMap<number, number>;
  /** Whether there is room for the offsets that `clone` would add. */
  canClone(sourceGroup: string, group: string, topic: string): boolean;
  /** Gives a group the offsets of another one in a topic (Java: cloneOffset); false when that has none. */
  clone(sourceGroup: string, group: string, topic: string): boolean;
  /** Offsets of all groups in all queues. */
  readonly entryCount: number;
  /** The table as its file would have it at the first step (request 43), in pieces. To be driven to its end, or given up. */
  describeSteps(): Steps<readonly Buffer[]>;
  /** Groups that have an offset in the topic (Java: whichGroupByTopic). */
  groupsWithOffsets(topic: string): readonly string[];
  /** Forgets the offsets of all groups in a topic that was deleted (Java: cleanOffsetByTopic). */
  removeTopic(topic: string): void;
  /** Forgets the offsets of a group in all topics (Java: removeOffset). */
  removeGroup(group: string): void;
  /** Resolves when all commits so far are on disk. */
  persist(): Promise<void>;
  /** Writes what has changed a last time; afterwards nothing is written, whether that succeeded or not. Rejects with a `StoreError`. */
  close(options?: StopOptions): Promise<void>;
}
