/**
 * Concurrent consumption (Java: ConsumeMessageConcurrentlyService): several handlers per queue, failed messages go back to
 * the broker, an offset advances only past what is acknowledged or durably sent back. A message whose send-back fails stays
 * here and is tried again after a pause. A call that exceeds the time limit is aborted, and its messages are sent back while
 * its handler may still run.
 */
import { AbortReason, type DeliveryOutcome } from '@orbitmq/core';
import type { Environment, Timer } from '@orbitmq/core/kernel';
import type { AssignedQueue } from './assigned-queue.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import type { DeliveryCall } from './delivery-call.js';
import type { DeliveryMode, DeliveryScheduler } from './delivery-scheduler.js';
import type { ReceivedMessage } from './received-message.js';
import type { RetryDelivery } from './retry-delivery.js';

export interface ConcurrentModeOptions {
  readonly environment: Environment;
  readonly retries: Pick<RetryDelivery, 'sendBack'>;
  readonly consumeTimeoutMs: number;
  readonly tuning: ConsumerTuning;
}

/** A message waiting in this process; all wait equally long, so the list is ordered by time. */
interface LocalRetry {
  readonly queue: AssignedQueue;
  readonly message: ReceivedMessage;
  /** The handler of an expired call may still run: only the send-back is repeated. */
  readonly isExpired: boolean;
  readonly dueAtMs: number;
}

export class ConcurrentMode implements DeliveryMode {
  readonly #options: ConcurrentModeOptions;
  #scheduler: DeliveryScheduler | undefined;
  #localRetries: LocalRetry[] = [];
  #localRetryTimer: Timer | undefined;
  #timeoutTimer: Timer | undefined;
  #isStopped = false;

  constructor(options: ConcurrentModeOptions) {
    this.#options = options;
  }

  start(scheduler: DeliveryScheduler): void {
    this.#scheduler = scheduler;
    this.#armTimeout(this.#options.consumeTimeoutMs);
  }

  /** Pending local retries are given up: their offsets have not advanced. */
  stop(): void {
    this.#isStopped = true;
    this.#localRetryTimer?.cancel();
    this.#timeoutTimer?.cancel();
    this.#localRetries = [];
  }

  isDeliverable(queue: AssignedQueue): boolean {
    return queue.state === 'active';
  }

  settle(call: DeliveryCall, outcome: DeliveryOutcome): Promise<void> | undefined {
    const { processQueue } = call.queue;
    if (outcome.status === 'ack') {
      for (const message of call.messages) processQueue.finish(message);
      return undefined;
    }
    const { ackedCount, alsoAcked = [] } = outcome;
    const isDone = (index: number): boolean => index < ackedCount || alsoAcked.includes(index);
    for (const message of call.messages.filter((_, index) => isDone(index))) processQueue.finish(message);
    // A handler that gave up because it was told to is no failure of its message: the offset stays, somebody gets it again.
    if (call.abortReason !== undefined) return undefined;
    const failed = call.messages.filter((_, index) => !isDone(index));
    return this.#sendBack(call.queue, failed, outcome.delayLevel, false);
  }

  async #sendBack(
    queue: AssignedQueue,
    messages: readonly ReceivedMessage[],
    delayLevel: number,
    isExpired: boolean,
  ): Promise<void> {
    for (const message of messages) {
      if (queue.processQueue.isDropped) return;
      const isStored = await this.#options.retries.sendBack(message, delayLevel);
      if (isStored) queue.processQueue.finish(message);
      else this.#retryLocally({ queue, message, isExpired, dueAtMs: this.#now() + this.#options.tuning.localRetryMs });
    }
  }

  #retryLocally(retry: LocalRetry): void {
    if (this.#isStopped || retry.queue.processQueue.isDropped) return;
    this.#localRetries.push(retry);
    this.#armLocalRetry();
  }

  #armLocalRetry(): void {
    const next = this.#localRetries[0];
    if (next === undefined || this.#localRetryTimer !== undefined) return;
    const delayMs = Math.max(0, next.dueAtMs - this.#now());
    this.#localRetryTimer = this.#options.environment.timers.setTimeout(() => {
      this.#localRetryTimer = undefined;
      this.#runLocalRetries();
    }, delayMs);
  }

  #runLocalRetries(): void {
    const now = this.#now();
    const waiting = this.#localRetries.findIndex((retry) => retry.dueAtMs > now);
    const due = this.#localRetries.splice(0, waiting < 0 ? this.#localRetries.length : waiting);
    const queues = new Set<AssignedQueue>();
    const expired = new Map<AssignedQueue, ReceivedMessage[]>();
    for (const { queue, message, isExpired } of due) {
      if (queue.state !== 'active') continue;
      if (isExpired) {
        expired.set(queue, [...(expired.get(queue) ?? []), message]);
        continue;
      }
      message.countLocalReconsume();
      queue.processQueue.tryAgain(message);
      queues.add(queue);
    }
    for (const [queue, messages] of expired) void this.#sendBack(queue, messages, this.#options.tuning.timeoutDelayLevel, true);
    for (const queue of queues) this.#scheduler?.wake(queue);
    this.#armLocalRetry();
  }

  /** One timer for the oldest call, not one per call. */
  #armTimeout(delayMs: number): void {
    this.#timeoutTimer = this.#options.environment.timers.setTimeout(() => {
      this.#armTimeout(Math.max(1, this.#expireCalls()));
    }, delayMs);
  }

  /** Returns how long the oldest call that is left may still run. */
  #expireCalls(): number {
    const { consumeTimeoutMs, tuning } = this.#options;
    const now = this.#now();
    for (const call of this.#scheduler?.calls ?? []) {
      if (call.isSettled) continue;
      const leftMs = call.startedAtMs + consumeTimeoutMs - now;
      if (leftMs > 0) return leftMs;
      call.isSettled = true;
      call.abort(new AbortReason('timeout'));
      void this.#sendBack(call.queue, call.messages, tuning.timeoutDelayLevel, true);
    }
    return consumeTimeoutMs;
  }

  #now(): number {
    return this.#options.environment.clock.monotonic();
  }
}
