/**
 * Queue locks of orderly consumers (Java: RebalanceLockManager; page 05 §5). Invariants: a queue has at most one live
 * holder; only time or its holder takes a lock away. Time is monotonic, so a jump of the wall clock frees nothing.
 */
import type { Clock } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import type { RebalanceLockManager } from './rebalance-lock-manager.js';

/** Java: rocketmq.broker.rebalance.lockMaxLiveTime. Clients renew every 20 s and trust their lock for 30 s. */
const lockMaxLiveMsDefault = 60_000;
/** Above this many locks a group's dead ones are dropped before new ones are taken. */
const sweepThresholdDefault = 1024;
/** Locks of one group, and groups with locks. Beyond it a queue is not granted, as if another client held it. */
const lockCountMaxDefault = 65_536;

export interface RebalanceLockManagerOptions {
  readonly clock: Clock;
  /** Default: 60,000. */
  readonly lockMaxLiveMs?: number | undefined;
  /** Default: 1024. */
  readonly sweepThreshold?: number | undefined;
  /** Default: 65,536. */
  readonly lockCountMax?: number | undefined;
  /** Called after what the next broker has to know has changed: a queue got another holder, or none, or a whole life instead of a remaining one. */
  readonly onHolderChange?: (() => void) | undefined;
  /** Called when somebody begins to wait for a lock that was found at the start: the next broker has to know what is left of it. */
  readonly onWait?: (() => void) | undefined;
}

export interface HeldLock {
  readonly group: string;
  readonly clientId: string;
  readonly queue: MessageQueue;
  /** What is left of the life of a lock that was found at a start and not renewed since, while somebody waits for it; undefined: a whole life. */
  readonly remainingMs: number | undefined;
}

/** Locks in memory: `whenDurable` has nothing to wait for. */
export interface MemoryLockManager extends RebalanceLockManager {
  /** The live locks, to be written down. */
  held(): Iterable<HeldLock>;
  /** A lock that was found at the start: alive for `remainingMs`, or a whole life, unless its holder renews it. */
  restore(lock: HeldLock): void;
  /** Whether somebody, since this start or an earlier one, waits for a live lock that nobody has renewed since. */
  hasAwaited(): boolean;
}

interface QueueLock {
  readonly queue: MessageQueue;
  readonly clientId: string;
  /** Monotonic; at this time the lock is free. */
  readonly expiresAtMs: number;
  /** Found at the start, and not renewed since. */
  readonly isFound: boolean;
  /** Found, and asked for by somebody else. */
  isAwaited: boolean;
  /** It may be written down that only a part of its life is left. */
  isRemainderKnown: boolean;
}

export function createRebalanceLockManager(options: RebalanceLockManagerOptions): MemoryLockManager {
  const { clock, onHolderChange, onWait } = options;
  const lockMaxLiveMs = options.lockMaxLiveMs ?? lockMaxLiveMsDefault;
  const sweepThreshold = options.sweepThreshold ?? sweepThresholdDefault;
  const lockCountMax = options.lockCountMax ?? lockCountMaxDefault;
  const groups = new Map<string, Map<string, QueueLock>>();

  const sweep = (locks: Map<string, QueueLock>, nowMs: number): void => {
    for (const [key, lock] of locks) if (lock.expiresAtMs <= nowMs) locks.delete(key);
  };

  return {
    tryLock(group, clientId, queues) {
      const nowMs = clock.monotonic();
      let locks = groups.get(group);
      if (locks === undefined) {
        for (const [name, others] of groups.size >= sweepThreshold ? groups : []) {
          sweep(others, nowMs);
          if (others.size === 0) groups.delete(name);
        }
        if (groups.size >= lockCountMax) return [];
        locks = new Map();
        groups.set(group, locks);
      } else if (locks.size >= sweepThreshold) {
        sweep(locks, nowMs);
      }
      const expiresAtMs = nowMs + lockMaxLiveMs;
      const granted: MessageQueue[] = [];
      let isChanged = false;
      let isWaiting = false;
      for (const queue of queues) {
        const key = queueKey(queue);
        const held = locks.get(key);
        if (held === undefined ? locks.size >= lockCountMax : held.clientId !== clientId && held.expiresAtMs > nowMs) {
          if (held?.isFound === true && !held.isAwaited) {
            held.isAwaited = true;
            isWaiting = true;
          }
          continue;
        }
        locks.set(key, { queue, clientId, expiresAtMs, isFound: false, isAwaited: false, isRemainderKnown: false });
        granted.push(queue);
        if (held?.clientId !== clientId || held.isRemainderKnown || held.expiresAtMs <= nowMs) isChanged = true;
      }
      if (isWaiting) onWait?.();
      if (locks.size === 0) groups.delete(group);
      if (isChanged) onHolderChange?.();
      return granted;
    },

    unlock(group, clientId, queues) {
      const locks = groups.get(group);
      if (locks === undefined) return;
      let isChanged = false;
      for (const queue of queues) {
        const key = queueKey(queue);
        if (locks.get(key)?.clientId === clientId && locks.delete(key)) isChanged = true;
      }
      if (locks.size === 0) groups.delete(group);
      if (isChanged) onHolderChange?.();
    },

    hasLiveLock(group) {
      const locks = groups.get(group);
      if (locks === undefined) return false;
      const nowMs = clock.monotonic();
      // Asked at every send to the group's retry topic: a dead lock is looked at once, and the first live one is enough.
      for (const [key, lock] of locks) {
        if (lock.expiresAtMs > nowMs) return true;
        locks.delete(key);
      }
      groups.delete(group);
      return false;
    },

    *held() {
      const nowMs = clock.monotonic();
      for (const [group, locks] of groups) {
        for (const lock of locks.values()) {
          const { queue, clientId, expiresAtMs, isAwaited } = lock;
          const remainingMs = expiresAtMs - nowMs;
          if (remainingMs <= 0) continue;
          lock.isRemainderKnown = isAwaited;
          yield { group, clientId, queue, remainingMs: isAwaited ? remainingMs : undefined };
        }
      }
    },

    restore({ group, clientId, queue, remainingMs }) {
      const locks = groups.get(group) ?? new Map<string, QueueLock>();
      groups.set(group, locks);
      const expiresAtMs = clock.monotonic() + Math.min(remainingMs ?? lockMaxLiveMs, lockMaxLiveMs);
      // Somebody waited for it when the remainder was written.
      const isAwaited = remainingMs !== undefined;
      locks.set(queueKey(queue), { queue, clientId, expiresAtMs, isFound: true, isAwaited, isRemainderKnown: isAwaited });
    },

    hasAwaited() {
      const nowMs = clock.monotonic();
      for (const locks of groups.values()) {
        for (const { isAwaited, expiresAtMs } of locks.values()) if (isAwaited && expiresAtMs > nowMs) return true;
      }
      return false;
    },

    whenDurable: () => undefined,
  };
}

function queueKey(queue: MessageQueue): string {
  return `${queue.topic}@${queue.brokerName}@${queue.queueId}`;
}
