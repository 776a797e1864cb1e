import type { ConsumeContext } from '../consumer/consume-context.js';
import type { MessageView } from '../message/message-view.js';
import type { MessageOptions } from '../producer/send-options.js';
import type { SendReceipt } from '../transport/messages.js';

/** One call of a handler. Without the option `batch` there is one message. */
export interface Delivery {
  readonly messages: readonly MessageView<unknown>[];
  readonly context: ConsumeContext;
}

/** Resolves: acknowledged. Rejects: delivered again later. */
export type ConsumeStep = (delivery: Delivery) => Promise<void>;

/** One call of a producer's method, before validation and serialization. */
export interface Sending {
  readonly kind: 'send' | 'oneway' | 'batch' | 'transaction';
  readonly topic: string;
  readonly group: string;
  /** One message, or those of a batch. A layer that changes something passes on a copy. */
  readonly messages: readonly Draft[];
  /** `transaction`: what the local transaction's `execute` gets beside the message. */
  readonly arg?: unknown;
}

/** A message as its sender described it. */
export interface Draft {
  readonly body: unknown;
  readonly options: MessageOptions;
}

/** One receipt per message; none for `oneway`. */
export type SendStep = (sending: Sending) => Promise<readonly SendReceipt[]>;

/**
 * A layer around every handler and every send of the application: tracing, metrics, logging contexts, checks. The first of
 * the list is the outermost. `consume` and `send` are called at start, once for each consumer and producer.
 */
export interface Middleware {
  /** For people. */
  readonly name: string;
  readonly consume?: ((next: ConsumeStep) => ConsumeStep) | undefined;
  readonly send?: ((next: SendStep) => SendStep) | undefined;
}
