import { isMqError, type Timer, TransportError } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import type { ClientInstance } from '../client/client-instance.js';
import type { SendOperation } from './send-operation.js';

export interface RouteWaitersOptions {
  readonly instance: ClientInstance;
  readonly onRoute: (operation: SendOperation, queues: readonly MessageQueue[]) => void;
  readonly onError: (operation: SendOperation, error: unknown) => void;
}

/**
 * Sends whose topic has no known queue yet, in order of arrival; one lookup per topic serves all of them. A send that runs
 * out of time leaves with an error that says it was not sent. Bounded by the pipeline, which counts these as in flight.
 */
export class RouteWaiters {
  readonly #options: RouteWaitersOptions;
  readonly #byTopic = new Map<string, SendOperation[]>();
  readonly #timers = new Map<SendOperation, Timer>();

  constructor(options: RouteWaitersOptions) {
    this.#options = options;
  }

  has(topic: string): boolean {
    return this.#byTopic.has(topic);
  }

  add(operation: SendOperation): void {
    const { timers, clock } = this.#options.instance.environment;
    const onTimeout = (): void => {
      this.#timers.delete(operation);
      if (!operation.isSettled) this.#options.onError(operation, tooLate(operation));
    };
    this.#timers.set(operation, timers.setTimeout(onTimeout, Math.max(0, operation.deadlineMs - clock.monotonic())));
    const waiting = this.#byTopic.get(operation.message.topic);
    if (waiting !== undefined) {
      waiting.push(operation);
      return;
    }
    this.#byTopic.set(operation.message.topic, [operation]);
    void this.#lookUp(operation.message.topic);
  }

  async #lookUp(topic: string): Promise<void> {
    const { instance, onRoute, onError } = this.#options;
    let queues: readonly MessageQueue[];
    try {
      queues = await instance.publishQueues(topic);
    } catch (error) {
      if (!isMqError(error)) throw error;
      this.#release(topic, (operation) => onError(operation, error));
      return;
    }
    this.#release(topic, (operation) => onRoute(operation, queues));
  }

  #release(topic: string, release: (operation: SendOperation) => void): void {
    const waiting = this.#byTopic.get(topic) ?? [];
    this.#byTopic.delete(topic);
    for (const operation of waiting) {
      this.#timers.get(operation)?.cancel();
      this.#timers.delete(operation);
      if (!operation.isSettled) release(operation);
    }
  }
}

function tooLate(operation: SendOperation): TransportError {
  const { topic, messageId } = operation.message;
  const { timeoutMs } = operation;
  return new TransportError(
    'REQUEST_TIMEOUT',
    `the message ${messageId} was not sent: no NameServer gave the route of "${topic}" within ${timeoutMs} ms`,
    { outcome: 'not-sent', details: { topic, messageId } },
  );
}
