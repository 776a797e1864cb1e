/**
 * Orderly consumption (Java: ConsumeMessageOrderlyService; page 05 §5): one handler at a time per queue, in offset order,
 * only while the broker's lock of the queue is held. A failed message blocks its queue: it rests for a while and is tried
 * again, with its tries counted in this process; past the limit the message goes to the dead letters and the queue goes on.
 */
import type { DeliveryOutcome } from '@orbitmq/core';
import type { Environment } from '@orbitmq/core/kernel';
import type { AssignedQueue } from './assigned-queue.js';
import type { DeliveryCall } from './delivery-call.js';
import type { DeliveryMode, DeliveryScheduler } from './delivery-scheduler.js';
import type { QueueLocks } from './queue-locks.js';
import type { ReceivedMessage } from './received-message.js';
import type { RetryDelivery } from './retry-delivery.js';

export interface OrderlyModeOptions {
  readonly environment: Environment;
  readonly retries: Pick<RetryDelivery, 'deadLetter'>;
  readonly locks: Pick<QueueLocks, 'isAlive'>;
  readonly reconsumeLimit: number;
  readonly suspendMs: number;
}

export class OrderlyMode implements DeliveryMode {
  readonly #options: OrderlyModeOptions;
  #scheduler: DeliveryScheduler | undefined;

  constructor(options: OrderlyModeOptions) {
    this.#options = options;
  }

  start(scheduler: DeliveryScheduler): void {
    this.#scheduler = scheduler;
  }

  /** Nothing of its own runs: the pauses belong to the queues. */
  stop(): void {
    this.#scheduler = undefined;
  }

  isDeliverable(queue: AssignedQueue): boolean {
    return (
      queue.state === 'active' && queue.callCount === 0 && queue.suspendTimer === undefined && this.#options.locks.isAlive(queue)
    );
  }

  settle(call: DeliveryCall, outcome: DeliveryOutcome): Promise<void> | undefined {
    const { processQueue } = call.queue;
    // Somebody else may be at work already: nothing of this call is recorded, and the queue is about to be let go.
    if (!this.#options.locks.isAlive(call.queue)) return undefined;
    const ackedCount = outcome.status === 'ack' ? call.messages.length : outcome.ackedCount;
    for (let index = 0; index < ackedCount; index += 1) processQueue.finish(call.messages[index] as ReceivedMessage);
    if (outcome.status === 'ack') return undefined;
    const rest = call.messages.slice(ackedCount);
    // A handler that gave up because it was told to is no failure of its message.
    if (call.abortReason !== undefined) {
      processQueue.rewindTo(rest[0] as ReceivedMessage);
      return undefined;
    }
    return this.#retry(call.queue, rest, outcome.delayLevel < 0);
  }

  async #retry(queue: AssignedQueue, messages: readonly ReceivedMessage[], isDeadNow: boolean): Promise<void> {
    let index = 0;
    for (const message of messages) {
      if (!isDeadNow && message.reconsumeTimes < this.#options.reconsumeLimit) break;
      const isStored = await this.#options.retries.deadLetter(message);
      if (queue.processQueue.isDropped) return;
      if (!isStored) break;
      queue.processQueue.finish(message);
      index += 1;
    }
    const blocked = messages.slice(index);
    if (blocked[0] === undefined) return;
    for (const message of blocked) message.countLocalReconsume();
    queue.processQueue.rewindTo(blocked[0]);
    this.#suspend(queue);
  }

  #suspend(queue: AssignedQueue): void {
    if (queue.state !== 'active' || this.#scheduler === undefined) return;
    queue.suspendTimer = this.#options.environment.timers.setTimeout(() => {
      queue.suspendTimer = undefined;
      this.#scheduler?.wake(queue);
    }, this.#options.suspendMs);
  }
}
