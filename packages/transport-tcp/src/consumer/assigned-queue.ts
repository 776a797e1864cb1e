/**
 * One queue that this process consumes: its cache and the state of its pulling, delivery and lock. A queue goes
 * `active` → `draining` (nothing is pulled or delivered any more; orderly: a handler may still run) → `released`.
 */
import type { AbortReason } from '@orbitmq/core';
import type { Timer } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import { TopicConsumption } from './consumption-stats.js';
import type { ProcessQueue } from './process-queue.js';
import { queueKey } from './queue-key.js';

export class AssignedQueue {
  readonly queue: MessageQueue;
  readonly key: string;
  readonly processQueue: ProcessQueue;
  state: 'active' | 'draining' | 'released' = 'active';
  /** The broker's advice where to read next (suggestWhichBrokerId); 0 = master. */
  preferredBrokerId = 0;
  /** Of the topic. */
  readonly consumption: TopicConsumption;
  /** Monotonic time of the last pull's start, and of the last end of a handler; undefined before the first. Shown to operators. */
  pulledAtMs: number | undefined;
  consumedAtMs: number | undefined;
  /** Handler calls that have not ended. */
  callCount = 0;
  /** In the scheduler's list of queues with something to deliver. */
  isReady = false;
  /** A smaller batch than wanted may be delivered now: it has waited long enough. */
  isBatchDue = false;
  batchTimer: Timer | undefined;
  /** Orderly: the handler failed, the queue rests. */
  suspendTimer: Timer | undefined;
  /** Orderly: monotonic time of the last request that got or renewed the broker's lock. */
  lockedAtMs: number;
  /** Orderly: another client holds the lock, or may hold it. Final. */
  isLockLost = false;
  /** The last offset that the broker said it has. */
  confirmedOffset: number | undefined;
  /** Monotonic time of that answer. */
  confirmedAtMs: number;
  readonly #pull = new AbortController();

  constructor(options: {
    readonly queue: MessageQueue;
    readonly processQueue: ProcessQueue;
    readonly lockedAtMs: number;
    readonly confirmedOffset: number | undefined;
    readonly confirmedAtMs: number;
    readonly consumption?: TopicConsumption | undefined;
  }) {
    this.queue = options.queue;
    this.key = queueKey(options.queue);
    this.processQueue = options.processQueue;
    this.lockedAtMs = options.lockedAtMs;
    this.confirmedOffset = options.confirmedOffset;
    this.confirmedAtMs = options.confirmedAtMs;
    this.consumption = options.consumption ?? new TopicConsumption();
  }

  /** Ends the pull that is waiting at the broker, and every pause between pulls. */
  get pullSignal(): AbortSignal {
    return this.#pull.signal;
  }

  stopPulling(reason: AbortReason): void {
    this.#pull.abort(reason);
  }

  cancelTimers(): void {
    this.batchTimer?.cancel();
    this.batchTimer = undefined;
    this.suspendTimer?.cancel();
    this.suspendTimer = undefined;
  }
}
