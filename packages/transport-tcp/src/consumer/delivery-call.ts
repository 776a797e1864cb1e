import type { AbortReason, DeliveryContext } from '@orbitmq/core';
import type { AssignedQueue } from './assigned-queue.js';
import type { ReceivedMessage } from './received-message.js';

/** One call of the handler. The AbortController is made when the signal is first asked for: it costs more than the rest of a call. */
export class DeliveryCall implements DeliveryContext {
  readonly group: string;
  readonly queue: AssignedQueue;
  readonly messages: readonly ReceivedMessage[];
  /** Monotonic milliseconds. */
  readonly startedAtMs: number;
  /** Somebody deals with the messages: the handler's verdict did, or the time limit, after which the verdict changes nothing. */
  isSettled = false;
  /** Its neighbours among the calls that have not ended; belong to `DeliveryCalls`. */
  older: DeliveryCall | undefined;
  newer: DeliveryCall | undefined;
  #controller: AbortController | undefined;
  #reason: AbortReason | undefined;

  constructor(group: string, queue: AssignedQueue, messages: readonly ReceivedMessage[], startedAtMs: number) {
    this.group = group;
    this.queue = queue;
    this.messages = messages;
    this.startedAtMs = startedAtMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get abortReason(): AbortReason | undefined {
    return this.#reason;
  }

  /** The first reason stays. */
  abort(reason: AbortReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
