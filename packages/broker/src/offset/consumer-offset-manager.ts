/** Committed offsets (Java: ConsumerOffsetManager), kept in `config/consumerOffset.json`, written every flushConsumerOffsetInterval. */
export interface ConsumerOffsetManager {
  /** -1 when the group has none. */
  query(group: string, topic: string, queueId: number): number;
  commit(group: string, topic: string, queueId: number, offset: number): void;
  /** Resolves when all commits so far are on disk. */
  persist(): Promise<void>;
  /** Nothing is written any more: another process may soon have the directory. */
  abandon(): void;
}
