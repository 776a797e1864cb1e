/**
 * The queues this process consumes: taking them (lock, first offset, pulling), and letting them go for whatever reason.
 *
 * Invariants: a queue is in the table from before its first pull until nothing of it runs any more, so it is never consumed
 * twice in one process at once when orderly; a queue that is let go pulls and delivers nothing from then on; an orderly
 * queue gives its lock back after its handler has ended and its offset was committed, in this order.
 */
import { setMaxListeners } from 'node:events';
import { AbortReason, type ConsumerDefinition } from '@orbitmq/core';
import { type Environment, InvariantError, isMqError } from '@orbitmq/core/kernel';
import { type MessageQueue, retryTopicPrefix } from '@orbitmq/protocol';
import { AssignedQueue } from './assigned-queue.js';
import { startRule } from './consume-from.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import type { ConsumptionStats } from './consumption-stats.js';
import type { DeliveryScheduler } from './delivery-scheduler.js';
import type { OffsetCommits } from './offset-commits.js';
import { ProcessQueue, type ProcessQueueLimits } from './process-queue.js';
import { queueKey } from './queue-key.js';
import type { QueueLocks } from './queue-locks.js';
import type { Assignments } from './rebalancer.js';
import { runBounded } from './run-bounded.js';

export interface QueueAssignmentsOptions {
  readonly environment: Environment;
  readonly definition: ConsumerDefinition;
  readonly requests: Pick<ConsumerRequests, 'committedOffset' | 'maxOffset' | 'offsetAt'>;
  readonly scheduler: DeliveryScheduler;
  readonly offsets: OffsetCommits;
  /** Orderly consumption only. */
  readonly locks: QueueLocks | undefined;
  readonly limits: ProcessQueueLimits;
  readonly stats: ConsumptionStats;
  readonly tuning: ConsumerTuning;
  /** Runs until the queue is not active any more. */
  readonly pull: (queue: AssignedQueue) => Promise<void>;
  /** A queue was let go; it may have to be taken again. */
  readonly onReleased: () => void;
}

export class QueueAssignments implements Assignments {
  readonly #options: QueueAssignmentsOptions;
  readonly #queues = new Map<string, AssignedQueue>();
  readonly #releases = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: QueueAssignmentsOptions) {
    this.#options = options;
    // Every offset request in flight listens to it, and Node would take more than ten for a leak.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Those that are being let go included. */
  all(): Iterable<AssignedQueue> {
    return this.#queues.values();
  }

  /** Keys of the queues that are consumed, the retry topic's left out. */
  get activeKeys(): readonly string[] {
    return Array.from(this.#queues.values())
      .filter((queue) => queue.state === 'active' && !queue.queue.topic.startsWith(retryTopicPrefix))
      .map((queue) => queue.key)
      .sort();
  }

  heldKeys(topic: string): readonly string[] {
    return Array.from(this.#queues.values())
      .filter((queue) => queue.queue.topic === topic)
      .map((queue) => queue.key);
  }

  async take(wanted: readonly MessageQueue[]): Promise<boolean> {
    const { locks, tuning } = this.#options;
    const locked = await locks?.acquire(wanted);
    const queues = locked === undefined ? wanted : wanted.filter((queue) => locked.has(queueKey(queue)));
    const taken = await runBounded(queues, tuning.offsetRequestsInFlightMax, (queue) =>
      this.#takeOne(queue, locked?.get(queueKey(queue)) ?? 0),
    );
    const left = queues.filter((_queue, index) => taken[index] !== true);
    if (left.length > 0) await locks?.release(left);
    return queues.length === wanted.length && left.length === 0;
  }

  async #takeOne(queue: MessageQueue, lockedAtMs: number): Promise<boolean> {
    let stored: number | undefined;
    let startOffset: number;
    try {
      stored = await this.#options.requests.committedOffset(queue, this.#stopping.signal);
      startOffset = await this.#startOffset(queue, stored);
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      if (!this.#stopping.signal.aborted)
        this.#warn('the first offset of a queue is unknown, it is not consumed yet', queue, error);
      return false;
    }
    if (this.#stopping.signal.aborted || this.#queues.has(queueKey(queue))) return false;
    const processQueue = new ProcessQueue(startOffset, this.#options.limits);
    const confirmedAtMs = this.#options.environment.clock.monotonic();
    const assigned = new AssignedQueue({
      queue,
      processQueue,
      lockedAtMs,
      confirmedOffset: stored,
      confirmedAtMs,
      consumption: this.#options.stats.of(queue.topic),
    });
    this.#queues.set(assigned.key, assigned);
    this.#options.environment.logger.info('consuming a queue', { queue: assigned.key, startOffset });
    this.#options.pull(assigned).catch((error: unknown) => this.#pullEnded(assigned, error));
    return true;
  }

  async #startOffset(queue: MessageQueue, stored: number | undefined): Promise<number> {
    const rule = startRule(this.#options.definition.consumeFrom, queue.topic, stored);
    if (rule.kind === 'at') return rule.offset;
    const { signal } = this.#stopping;
    if (rule.kind === 'max') return this.#options.requests.maxOffset(queue, signal);
    return this.#options.requests.offsetAt(queue, rule.timestamp, signal);
  }

  /** Another member gets the queue (or, orderly, when its handler has ended). */
  drop(key: string): boolean {
    const queue = this.#queues.get(key);
    if (queue === undefined || queue.state !== 'active') return false;
    this.#options.environment.logger.info('dropping a queue', { queue: key });
    const reason = this.#close(queue, 'rebalanced');
    this.#track(
      queue,
      this.#options.locks === undefined ? this.#dropConcurrent(queue, reason) : this.#dropOrderly(queue, reason),
    );
    return true;
  }

  /** Another client has the lock: what runs here must end, and nothing of it counts. */
  lockLost(queue: AssignedQueue): void {
    if (queue.isLockLost) return;
    queue.isLockLost = true;
    this.#options.environment.logger.warn('the lock of a queue is lost', { queue: queue.key });
    const isBeingReleased = queue.state !== 'active';
    const reason = this.#close(queue, 'lock-lost');
    queue.processQueue.drop();
    this.#options.scheduler.abort(reason, queue);
    if (!isBeingReleased) this.#track(queue, this.#releaseLost(queue));
  }

  /** The offset is outside of the queue (page 04 §5, code 21): the broker's correction is stored, and the queue taken again. */
  offsetMoved(queue: AssignedQueue, offset: number): void {
    if (queue.state !== 'active') return;
    const from = queue.processQueue.nextOffset;
    this.#options.environment.logger.warn('the offset is outside of the queue, the broker moves it', {
      queue: queue.key,
      from,
      offset,
    });
    const reason = this.#close(queue, 'rebalanced');
    queue.processQueue.drop();
    this.#options.scheduler.abort(reason, queue);
    this.#track(queue, this.#moveOffset(queue, offset));
  }

  /** `stop()`, first step: nothing is pulled or taken from now on. */
  stopPulling(): void {
    const reason = new AbortReason('stopped');
    this.#stopping.abort(reason);
    for (const queue of this.#queues.values()) {
      queue.stopPulling(reason);
      queue.cancelTimers();
    }
  }

  /** Resolves when the queues that are being let go are gone. */
  async releasesEnded(): Promise<void> {
    await Promise.all(this.#releases);
  }

  /** `stop()`, last step: commits everything, unlocks what has no handler any more. */
  async releaseAll(): Promise<void> {
    const { offsets, locks } = this.#options;
    const held = [...this.#queues.values()].filter((queue) => queue.state === 'active');
    for (const queue of held) {
      queue.state = 'draining';
      queue.processQueue.drop();
    }
    await offsets.commitAll(held.filter((queue) => locks === undefined || locks.isAlive(queue)));
    await locks?.release(held.filter((queue) => queue.callCount === 0 && !queue.isLockLost).map((queue) => queue.queue));
    for (const queue of held) queue.state = 'released';
    this.#queues.clear();
  }

  /** No pull and no new delivery from here on. */
  #close(queue: AssignedQueue, kind: 'rebalanced' | 'lock-lost'): AbortReason {
    const reason = new AbortReason(kind);
    queue.state = 'draining';
    queue.stopPulling(reason);
    queue.cancelTimers();
    return reason;
  }

  /** The new owner may be at work already: what handlers still do here cannot be recorded any more. */
  async #dropConcurrent(queue: AssignedQueue, reason: AbortReason): Promise<void> {
    queue.processQueue.drop();
    this.#options.scheduler.abort(reason, queue);
    await this.#options.offsets.commitForward(queue);
  }

  async #dropOrderly(queue: AssignedQueue, reason: AbortReason): Promise<void> {
    const { environment, scheduler, offsets, locks, tuning } = this.#options;
    const timer = environment.timers.setTimeout(() => scheduler.abort(reason, queue), tuning.orderlyReleaseGraceMs);
    await this.#whenIdle(queue);
    timer.cancel();
    queue.processQueue.drop();
    if (locks?.isAlive(queue) !== true) {
      locks?.owe([queue.queue]);
      return;
    }
    await offsets.commit(queue);
    // From here on the renewals leave it alone.
    queue.state = 'released';
    await locks.release([queue.queue]);
  }

  /** When it was lost because the broker was down, the broker may believe in it for longer than we do. */
  async #releaseLost(queue: AssignedQueue): Promise<void> {
    await this.#whenIdle(queue);
    this.#options.locks?.owe([queue.queue]);
  }

  async #moveOffset(queue: AssignedQueue, offset: number): Promise<void> {
    const { locks, offsets } = this.#options;
    if (locks !== undefined) await this.#whenIdle(queue);
    if (queue.isLockLost) return;
    await offsets.overwrite(queue, offset);
    queue.state = 'released';
    await locks?.release([queue.queue]);
  }

  async #whenIdle(queue: AssignedQueue): Promise<void> {
    await this.#options.scheduler.idle(queue);
  }

  /** Owns the promise of a release; the queue leaves the table when it is done. */
  #track(queue: AssignedQueue, release: Promise<void>): void {
    const tracked = release.then(() => {
      queue.state = 'released';
      if (this.#queues.get(queue.key) === queue) this.#queues.delete(queue.key);
      this.#releases.delete(tracked);
      this.#options.onReleased();
    });
    this.#releases.add(tracked);
  }

  /** Pulling ended by a defect: the queue is taken anew rather than left silent. */
  #pullEnded(queue: AssignedQueue, error: unknown): void {
    if (error instanceof InvariantError) throw error;
    this.#warn('pulling of a queue ended unexpectedly, it is taken again', queue.queue, error);
    this.drop(queue.key);
  }

  #warn(message: string, queue: MessageQueue, error: unknown): void {
    const code = isMqError(error) ? error.code : undefined;
    this.#options.environment.logger.warn(message, { queue: queueKey(queue), code, error });
  }
}
