/** Committed offsets (Java: ConsumerOffsetManager), kept in `config/consumerOffset.json`, written every flushConsumerOffsetInterval. */
export interface ConsumerOffsetManager {
  /** -1 when the group has none. */
  query(group: string, topic: string, queueId: number): number;
  commit(group: string, topic: string, queueId: number, offset: number): void;
  /** Groups that have an offset in the topic (Java: whichGroupByTopic). */
  groupsWithOffsets(topic: string): readonly string[];
  /** Forgets the offsets of all groups in a topic that was deleted (Java: cleanOffsetByTopic). */
  removeTopic(topic: string): void;
  /** Forgets the offsets of a group in all topics (Java: removeOffset). */
  removeGroup(group: string): void;
  /** Resolves when all commits so far are on disk. */
  persist(): Promise<void>;
  /** Nothing is written any more: another process may soon have the directory. */
  abandon(): void;
}
