import type { MessageQueue } from '@orbitmq/protocol';

/** Queue locks of orderly consumers (Java: RebalanceLockManager): per group and queue, expiring 60 s after the last lock. */
export interface RebalanceLockManager {
  /** Locks or renews what is free or already the client's; returns those. */
  tryLock(group: string, clientId: string, queues: readonly MessageQueue[]): readonly MessageQueue[];
  /** Releases the client's own locks; others stay. */
  unlock(group: string, clientId: string, queues: readonly MessageQueue[]): void;
  /** Whether any lock of the group is alive. */
  hasLiveLock(group: string): boolean;
  /**
   * Resolves when the locks granted so far outlive a crash of the broker, which is when their holders may be told;
   * undefined when they do already. Rejects when they cannot be written.
   */
  whenDurable(): Promise<void> | undefined;
}
