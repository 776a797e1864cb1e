/**
 * Consumes one message that an operator chose (Java: ConsumeMessageService.consumeMessageDirectly): through everything that
 * pulled messages go through, and without any effect on offsets or retries. What became of it is told, not acted upon.
 * Invariant: no handler starts before `start()` or after `stop()`.
 */
import { AbortReason, type ConsumerDefinition, type Deliver, type DeliveryOutcome } from '@orbitmq/core';
import { type Environment, InvariantError } from '@orbitmq/core/kernel';
import { type ConsumeDirectlyResult, type DirectConsumeResult, decodeRecord } from '@orbitmq/protocol';
import { ReceivedMessage } from './received-message.js';

/** Handlers that run for operators at a time, besides `concurrency`. */
const inFlightMax = 4;

export interface DirectConsumptionOptions {
  readonly environment: Environment;
  readonly definition: Pick<ConsumerDefinition, 'group' | 'orderly' | 'consumeTimeoutMs'>;
  readonly deliver: Deliver;
  readonly bodyBytesMax: number;
}

export class DirectConsumption {
  readonly #options: DirectConsumptionOptions;
  readonly #running = new Set<AbortController>();
  #isOpen = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: DirectConsumptionOptions) {
    this.#options = options;
  }

  /** Handlers that run. */
  get runningCount(): number {
    return this.#running.size;
  }

  start(): void {
    this.#isOpen = true;
  }

  /** What runs goes on. */
  stop(): void {
    this.#isOpen = false;
  }

  /** Undefined when too many run, and when it is not started or stopped. Never rejects. */
  consume(record: Buffer, brokerName: string): Promise<ConsumeDirectlyResult> | undefined {
    return !this.#isOpen || this.#running.size >= inFlightMax ? undefined : this.#consume(record, brokerName);
  }

  abort(reason: AbortReason): void {
    for (const controller of this.#running) controller.abort(reason);
  }

  /** Resolves when no handler runs; undefined when none does now. */
  idle(): Promise<void> | undefined {
    return this.#running.size === 0 ? undefined : new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  async #consume(record: Buffer, brokerName: string): Promise<ConsumeDirectlyResult> {
    const { environment, definition } = this.#options;
    const controller = new AbortController();
    this.#running.add(controller);
    const startedAtMs = environment.clock.monotonic();
    const timer = environment.timers.setTimeout(() => controller.abort(new AbortReason('timeout')), definition.consumeTimeoutMs);
    try {
      const outcome = await this.#deliver(record, brokerName, controller.signal);
      const spentTimeMs = Math.round(environment.clock.monotonic() - startedAtMs);
      return { ...resultOf(outcome), isOrderly: definition.orderly, spentTimeMs };
    } finally {
      timer.cancel();
      this.#running.delete(controller);
      if (this.#running.size === 0) this.#wakeIdleWaiters();
    }
  }

  #wakeIdleWaiters(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  async #deliver(record: Buffer, brokerName: string, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { definition, deliver, bodyBytesMax } = this.#options;
    try {
      const message = new ReceivedMessage(decodeRecord(record), { brokerName, minOffset: '0', maxOffset: '0', bodyBytesMax });
      return await deliver([message], { group: definition.group, signal });
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      return { status: 'retry', ackedCount: 0, delayLevel: 0, error };
    }
  }
}

/** Java: CMResult. A handler that asks for another try without an error is told apart from one that fails. */
function resultOf(outcome: DeliveryOutcome): { readonly consumeResult: DirectConsumeResult; readonly remark?: string } {
  if (outcome.status === 'ack') return { consumeResult: 'CR_SUCCESS' };
  if (outcome.error === undefined) return { consumeResult: 'CR_LATER' };
  const remark = outcome.error instanceof Error ? `${outcome.error.name}: ${outcome.error.message}` : 'the handler failed';
  return { consumeResult: 'CR_THROW_EXCEPTION', remark };
}
