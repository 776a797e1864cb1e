import { ValidationError } from '../kernel/errors.js';
import { type Delay, delayLevelOf } from '../message/delay.js';
import type { DeliveryContext } from '../transport/transport.js';
import type { ConsumeSignal } from './abort-reason.js';

/** The handler's side of one delivery (RocketMQ: ConsumeConcurrentlyContext, ConsumeOrderlyContext). */
export interface ConsumeContext {
  /** One signal for time-out, stop, a lost queue lock, rebalance and cancellation; pass it to what the handler awaits. */
  readonly signal: ConsumeSignal;
  readonly group: string;
  readonly topic: string;
  readonly brokerName: string | undefined;
  readonly queueId: number;
  /** Messages of this delivery: 1 without the option `batch`. */
  readonly batchSize: number;
  /** 1 at the first delivery of the (first) message, then one more each time. */
  readonly attempt: number;
  /**
   * Has the delivery repeated though the handler returns, or says when, if it throws: after `delay`, or by the broker's own
   * rule (10 s, 30 s, 1 m, …). On an orderly consumer the queue pauses for `suspendCurrentQueueTimeMs` instead.
   */
  retryLater(delay?: Delay): void;
  /** Sends the delivery to `%DLQ%group` without further retries. Concurrent consumers only. */
  deadLetter(): void;
  /** Batches: the first `count` messages are done whatever happens to the rest, which is retried (RocketMQ: ackIndex). */
  ackFirst(count: number): void;
}

/** What the handler asked for. */
interface DeliveryVerdict {
  /** Undefined: nothing asked. 0: the broker's rule. -1: dead-letter. */
  readonly retryLevel: number | undefined;
  /** Undefined: nothing asked. */
  readonly ackedCount: number | undefined;
}

/** Delay level that means `%DLQ%` at once (page 06 §2). */
const deadLetterLevel = -1;

/** Facts of one delivery and the handler's wishes about it. One object per delivery. */
export class DeliveryState implements ConsumeContext, DeliveryVerdict {
  readonly topic: string;
  readonly brokerName: string | undefined;
  readonly queueId: number;
  readonly batchSize: number;
  readonly attempt: number;
  retryLevel: number | undefined = undefined;
  ackedCount: number | undefined = undefined;
  readonly #delivery: DeliveryContext;
  readonly #isOrderly: boolean;

  constructor(
    first: { readonly topic: string; readonly brokerName?: string | undefined; queueId: number; reconsumeTimes: number },
    batchSize: number,
    delivery: DeliveryContext,
    isOrderly: boolean,
  ) {
    this.#delivery = delivery;
    this.topic = first.topic;
    this.brokerName = first.brokerName;
    this.queueId = first.queueId;
    this.batchSize = batchSize;
    this.attempt = first.reconsumeTimes + 1;
    this.#isOrderly = isOrderly;
  }

  /** Read through: transports make the signal when somebody asks for it. */
  get signal(): ConsumeSignal {
    return this.#delivery.signal as ConsumeSignal;
  }

  get group(): string {
    return this.#delivery.group;
  }

  retryLater(delay?: Delay): void {
    this.retryLevel = delay === undefined ? 0 : delayLevelOf(delay);
  }

  deadLetter(): void {
    if (this.#isOrderly) {
      throw new ValidationError(
        'ARGUMENT_INVALID',
        `Group '${this.group}' is orderly: a message cannot leave its place in the queue`,
      );
    }
    this.retryLevel = deadLetterLevel;
  }

  ackFirst(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.batchSize) {
      throw new ValidationError('ARGUMENT_INVALID', `ackFirst(${count}): this delivery has ${this.batchSize} messages`);
    }
    this.ackedCount = count;
  }
}
