import { StateError } from '../kernel/errors.js';
import type { payloadType } from '../topic/topic-definition.js';
import type { SendOptions, SendReceipt, TransactionResolution } from '../transport/messages.js';
import type { BatchOptions, MessageOptions, TransactionMessageOptions } from './send-options.js';

/** A registered symbol, so that an application may contain two copies of this package. */
export const producerPort: unique symbol = Symbol.for('orbitmq.producerPort') as never;

/** What a producer's methods do once the application has bound it to a transport. */
export interface ProducerPort<T> {
  send(body: T, options: MessageOptions): Promise<SendReceipt>;
  sendOneway(body: T, options: MessageOptions): Promise<void>;
  sendAll(bodies: readonly T[], options: BatchOptions<T>): Promise<readonly SendReceipt[]>;
  sendInTransaction(body: T, arg: unknown, options: TransactionMessageOptions): Promise<TransactionReceipt>;
  recall(recallHandle: string, options: SendOptions): Promise<void>;
}

export interface TransactionReceipt extends SendReceipt {
  /** What the local transaction said; with `unknown` the broker will ask `check` later. */
  readonly resolution: TransactionResolution;
  /** What `execute` threw, which counts as `unknown`. */
  readonly error: unknown;
}

/**
 * Base of a producer class: `@Producer({ group, topic }) class Orders extends MessageProducer<Order> {}`. Instances work
 * between the application's start and stop.
 *
 * Every method rejects with a `ValidationError` (`PAYLOAD_INVALID`, `MESSAGE_INVALID`, `MESSAGE_TOO_LARGE`) before anything
 * is sent, with a `TransportError`, `RouteError` or `BrokerError` when sending failed (`retryable` says whether to repeat
 * it), and with a `StateError` outside the application's life.
 */
export abstract class MessageProducer<T> {
  declare readonly [payloadType]?: (payload: T) => T;
  [producerPort]: ProducerPort<T> | undefined = undefined;

  /**
   * Sends and waits: resolves when the message is stored at the durability the transport declares, after up to two more
   * attempts on other queues (RocketMQ: send). A time-out leaves open whether it was stored.
   */
  send(body: T, options: MessageOptions = {}): Promise<SendReceipt> {
    const port = this[producerPort];
    return port === undefined ? notStarted(this) : port.send(body, options);
  }

  /** Resolves when the message was handed to the network; nobody learns whether it arrived (RocketMQ: sendOneway). */
  sendOneway(body: T, options: MessageOptions = {}): Promise<void> {
    const port = this[producerPort];
    return port === undefined ? notStarted(this) : port.sendOneway(body, options);
  }

  /** Sends all or nothing to one queue, with consecutive offsets (RocketMQ: batch); one receipt per message, in order. */
  sendAll(bodies: readonly T[], options: BatchOptions<T> = {}): Promise<readonly SendReceipt[]> {
    const port = this[producerPort];
    return port === undefined ? notStarted(this) : port.sendAll(bodies, options);
  }

  /**
   * Sends a message that nobody sees until the local transaction has committed: the listener's `execute` gets it with
   * `arg`, decides, and the broker asks `check` when it does not hear the decision (RocketMQ: sendMessageInTransaction).
   * Needs a `TransactionListener`, else rejects with a `TransactionError`.
   */
  sendInTransaction(body: T, arg?: unknown, options: TransactionMessageOptions = {}): Promise<TransactionReceipt> {
    const port = this[producerPort];
    return port === undefined ? notStarted(this) : port.sendInTransaction(body, arg, options);
  }

  /**
   * Takes back a message that was sent for a moment of its own: `recallHandle` is that of its receipt, which brokers write with
   * `recallMessageEnable` (RocketMQ: recallMessage). Resolves when the broker keeps that durably; rejects with a `BrokerError` 604
   * when the moment is there or has passed.
   */
  recall(recallHandle: string, options: SendOptions = {}): Promise<void> {
    const port = this[producerPort];
    return port === undefined ? notStarted(this) : port.recall(recallHandle, options);
  }
}

function notStarted(producer: object): Promise<never> {
  const name = producer.constructor.name;
  const message = `${name} sends nothing: it belongs to no started application (providers of createMqApp, then start())`;
  return Promise.reject(new StateError('NOT_STARTED', message));
}
