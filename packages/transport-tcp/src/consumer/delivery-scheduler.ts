/**
 * Gives messages to the handler: at most `concurrency` calls at once over all queues, queues in turn, batches up to
 * `batchSizeMax` (Java: the thread pools of ConsumeMessageConcurrentlyService and ConsumeMessageOrderlyService). What a
 * verdict means is the mode's business; a call keeps its place until the mode has dealt with the verdict, so sends back to
 * the broker are bounded by the same number.
 */
import type { AbortReason, Deliver, DeliveryOutcome } from '@orbitmq/core';
import { type Environment, InvariantError } from '@orbitmq/core/kernel';
import type { AssignedQueue } from './assigned-queue.js';
import { DeliveryCall } from './delivery-call.js';
import { DeliveryCalls } from './delivery-calls.js';

/** The rules of concurrent or orderly consumption. */
export interface DeliveryMode {
  /** May another call be made for this queue now? */
  isDeliverable(queue: AssignedQueue): boolean;
  /** Acts on a verdict; returns a promise when that takes time. Neither throws nor rejects. */
  settle(call: DeliveryCall, outcome: DeliveryOutcome): Promise<void> | undefined;
}

export interface DeliverySchedulerOptions {
  readonly environment: Environment;
  readonly group: string;
  readonly deliver: Deliver;
  readonly mode: DeliveryMode;
  readonly concurrency: number;
  readonly batchSizeMax: number;
  readonly batchWaitMs: number;
  readonly deliveriesPerTurnMax: number;
}

const acked: DeliveryOutcome = { status: 'ack' };

export class DeliveryScheduler {
  readonly #options: DeliverySchedulerOptions;
  readonly #calls = new DeliveryCalls();
  readonly #ready: AssignedQueue[] = [];
  #startedThisTurn = 0;
  /** Monotonic time of the first of them. */
  #turnAtMs = 0;
  #isStopped = false;
  #idleWaiters: { readonly queue: AssignedQueue | undefined; readonly resolve: () => void }[] = [];

  constructor(options: DeliverySchedulerOptions) {
    this.#options = options;
  }

  /** Calls that have not ended, oldest first. */
  get calls(): Iterable<DeliveryCall> & { readonly size: number } {
    return this.#calls;
  }

  /** The queue may have something to deliver: it got messages, its handler ended, its pause is over. */
  wake(queue: AssignedQueue): void {
    this.#enlist(queue);
    this.#pump();
  }

  /** No more calls. Those that run end as they would. */
  stop(): void {
    this.#isStopped = true;
    this.#ready.length = 0;
  }

  /** Aborts the running calls of one queue, or of all. */
  abort(reason: AbortReason, queue?: AssignedQueue): void {
    for (const call of this.#calls) if (queue === undefined || call.queue === queue) call.abort(reason);
  }

  /** Resolves when no call runs, of one queue or of all; undefined when none does now. */
  idle(queue?: AssignedQueue): Promise<void> | undefined {
    if ((queue === undefined ? this.#calls.size : queue.callCount) === 0) return undefined;
    return new Promise((resolve) => {
      this.#idleWaiters.push({ queue, resolve });
    });
  }

  #enlist(queue: AssignedQueue): void {
    if (queue.isReady || this.#isStopped || !this.#options.mode.isDeliverable(queue)) return;
    if (!this.#hasBatch(queue)) return;
    queue.isReady = true;
    this.#ready.push(queue);
  }

  /** Something to deliver, and enough of it or for long enough. */
  #hasBatch(queue: AssignedQueue): boolean {
    const { batchSizeMax, batchWaitMs, environment } = this.#options;
    const count = queue.processQueue.deliverableCount;
    if (count === 0) return false;
    if (count >= batchSizeMax || batchWaitMs <= 0 || queue.isBatchDue || queue.processQueue.againCount > 0) return true;
    queue.batchTimer ??= environment.timers.setTimeout(() => {
      queue.batchTimer = undefined;
      queue.isBatchDue = true;
      this.wake(queue);
    }, batchWaitMs);
    return false;
  }

  #pump(): void {
    const { mode, concurrency, deliveriesPerTurnMax } = this.#options;
    while (this.#ready.length > 0 && this.#calls.size < concurrency && this.#startedThisTurn < deliveriesPerTurnMax) {
      const queue = this.#ready.shift() as AssignedQueue;
      queue.isReady = false;
      if (!mode.isDeliverable(queue) || queue.processQueue.deliverableCount === 0) continue;
      this.#start(queue);
      this.#enlist(queue);
    }
  }

  #start(queue: AssignedQueue): void {
    const { environment, group, batchSizeMax } = this.#options;
    if (this.#startedThisTurn === 0) {
      this.#turnAtMs = environment.clock.monotonic();
      environment.timers.setImmediate(() => {
        this.#startedThisTurn = 0;
        this.#pump();
      });
    }
    this.#startedThisTurn += 1;
    const messages = queue.processQueue.take(batchSizeMax);
    queue.isBatchDue = false;
    queue.batchTimer?.cancel();
    queue.batchTimer = undefined;
    const call = new DeliveryCall(group, queue, messages, this.#turnAtMs);
    this.#calls.add(call);
    queue.callCount += 1;
    this.#run(call);
  }

  #run(call: DeliveryCall): void {
    try {
      this.#options.deliver(call.messages, call).then(
        (outcome) => this.#settle(call, outcome),
        (error: unknown) => this.#fail(call, error),
      );
    } catch (error) {
      this.#fail(call, error);
    }
  }

  /** The contract says that `deliver` never throws; a message must not be lost when it does. */
  #fail(call: DeliveryCall, error: unknown): void {
    if (error instanceof InvariantError) throw error;
    this.#settle(call, { status: 'retry', ackedCount: 0, delayLevel: 0, error });
  }

  #settle(call: DeliveryCall, outcome: DeliveryOutcome): void {
    const isIgnored = call.isSettled || call.queue.processQueue.isDropped;
    call.isSettled = true;
    const verdict = normalize(call, outcome);
    this.#count(call, verdict);
    const pending = isIgnored ? undefined : this.#options.mode.settle(call, verdict);
    if (pending === undefined) this.#end(call);
    else void pending.then(() => this.#end(call));
  }

  #count({ messages, queue, startedAtMs }: DeliveryCall, outcome: DeliveryOutcome): void {
    // In a turn that has started a call the time is known, and exact enough.
    const nowMs = this.#startedThisTurn > 0 ? this.#turnAtMs : this.#options.environment.clock.monotonic();
    const { consumption } = queue;
    queue.consumedAtMs = nowMs;
    consumption.calls += 1;
    consumption.callMs += nowMs - startedAtMs;
    const failedCount = outcome.status === 'ack' ? 0 : failedCountOf(messages.length, outcome);
    consumption.consumed += messages.length - failedCount;
    consumption.failed += failedCount;
  }

  #end(call: DeliveryCall): void {
    this.#calls.remove(call);
    call.queue.callCount -= 1;
    if (this.#idleWaiters.length > 0) this.#wakeIdleWaiters();
    this.#enlist(call.queue);
    this.#pump();
  }

  #wakeIdleWaiters(): void {
    const isIdle = (queue: AssignedQueue | undefined): boolean =>
      queue === undefined ? this.#calls.size === 0 : queue.callCount === 0;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = waiters.filter((waiter) => !isIdle(waiter.queue));
    for (const waiter of waiters) if (isIdle(waiter.queue)) waiter.resolve();
  }
}

/** `ackedCount` in range; a retry of nothing is an acknowledgement. */
function normalize(call: DeliveryCall, outcome: DeliveryOutcome): DeliveryOutcome {
  if (outcome.status === 'ack') return outcome;
  const ackedCount = Math.max(0, Math.trunc(outcome.ackedCount));
  if (ackedCount >= call.messages.length) return acked;
  return { ...outcome, ackedCount };
}

function failedCountOf(count: number, { ackedCount, alsoAcked = [] }: Exclude<DeliveryOutcome, { status: 'ack' }>): number {
  return count - ackedCount - alsoAcked.filter((index) => index >= ackedCount).length;
}
