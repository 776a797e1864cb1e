/**
 * The way of a received message: decode → upcast → validate → middleware → handler, and the handler's verdict back to the
 * transport. Nothing is acknowledged that no handler has done: a message that cannot be read, or that no route takes,
 * counts as a failing one, so that retries give a corrected program a chance and the dead-letter topic keeps it.
 */
import { MqError } from '../kernel/errors.js';
import { InvariantError } from '../kernel/invariant.js';
import type { Logger } from '../kernel/logger.js';
import { type MessageView, messageViewOf } from '../message/message-view.js';
import { compose } from '../middleware/compose.js';
import type { ConsumeStep, Delivery, Middleware } from '../middleware/middleware.js';
import type { MaybePromise } from '../payload/maybe-promise.js';
import { decodePayload } from '../payload/payload-pipeline.js';
import type { IncomingMessage } from '../transport/messages.js';
import type { Deliver, DeliveryContext, DeliveryOutcome } from '../transport/transport.js';
import { AbortReason } from './abort-reason.js';
import { DeliveryState } from './consume-context.js';
import type { Route, Router } from './router.js';

/** A route with its handler: one message at a time, or all of a delivery. */
export interface HandlerRoute extends Route {
  readonly handle: ConsumeStep;
}

export interface DispatcherOptions {
  readonly router: Router<HandlerRoute>;
  readonly middleware: readonly Middleware[];
  readonly isOrderly: boolean;
  /** Whether the handler takes all messages of a delivery at once. */
  readonly isBatch: boolean;
  /** Delay level of a retry the handler said nothing about. */
  readonly retryLevel: number;
  readonly logger: Logger;
}

const acked: DeliveryOutcome = { status: 'ack' };

type Failure = Extract<DeliveryOutcome, { status: 'retry' }>;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** Per route, so that middleware is composed once. */
  readonly #steps = new Map<HandlerRoute, ConsumeStep>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  readonly deliver: Deliver = (messages, context) => {
    if (this.#options.isBatch) return this.#deliverBatch(messages, context);
    const [only] = messages;
    return only !== undefined && messages.length === 1 ? this.#deliverOne(only, context) : this.#deliverEach(messages, context);
  };

  async #deliverEach(messages: readonly IncomingMessage[], context: DeliveryContext): Promise<DeliveryOutcome> {
    for (const [index, message] of messages.entries()) {
      const outcome = await this.#deliverOne(message, context);
      if (outcome.status === 'retry') return { ...outcome, ackedCount: index };
    }
    return acked;
  }

  /** One promise for a message whose payload is read in this turn: the handler's verdict. */
  #deliverOne(message: IncomingMessage, context: DeliveryContext): Promise<DeliveryOutcome> {
    const route = this.#options.router.find(message.topic, message.tag);
    if (route === undefined) return Promise.resolve(this.#unroutable(message));
    let reading: MaybePromise<MessageView<unknown>>;
    try {
      reading = this.#read(message, route);
    } catch (error) {
      return Promise.resolve(this.#unreadable(message, error));
    }
    const state = new DeliveryState(message, 1, context, this.#options.isOrderly);
    if (!(reading instanceof Promise)) return this.#handle(route, [reading], state);
    return reading.then(
      (view) => this.#handle(route, [view], state),
      (error: unknown) => this.#unreadable(message, error),
    );
  }

  /** All messages are of one queue, and a batch consumer has one route per topic, so the first one's route is everybody's. */
  async #deliverBatch(messages: readonly IncomingMessage[], context: DeliveryContext): Promise<DeliveryOutcome> {
    const first = messages[0] as IncomingMessage;
    const route = this.#options.router.find(first.topic, first.tag);
    if (route === undefined) return this.#unroutable(first);
    const views: MessageView<unknown>[] = [];
    const indexes: number[] = [];
    let unreadable: Failure | undefined;
    for (const [index, message] of messages.entries()) {
      try {
        views.push(await this.#read(message, route));
        indexes.push(index);
      } catch (error) {
        unreadable ??= this.#unreadable(message, error);
      }
    }
    if (views.length === 0) return unreadable ?? acked;
    const state = new DeliveryState(first, views.length, context, this.#options.isOrderly);
    const outcome = await this.#handle(route, views, state);
    if (unreadable === undefined) return outcome;
    const doneCount = outcome.status === 'ack' ? views.length : outcome.ackedCount;
    return withHoles(outcome.status === 'retry' ? outcome : unreadable, indexes.slice(0, doneCount));
  }

  /** Not an async function: for every message that would keep a frame of its own until the handler is done. */
  #handle(route: HandlerRoute, messages: readonly MessageView<unknown>[], context: DeliveryState): Promise<DeliveryOutcome> {
    const delivery = { messages, context };
    let handling: Promise<void>;
    try {
      // A handler in JavaScript may return something that is no promise.
      handling = Promise.resolve(this.#stepOf(route)(delivery));
    } catch (error) {
      handling = Promise.reject(error);
    }
    return handling.then(
      () => this.#verdict(context),
      (error: unknown) => this.#failed(delivery, error),
    );
  }

  #read(message: IncomingMessage, route: HandlerRoute): MaybePromise<MessageView<unknown>> {
    const payload = decodePayload(route.topic, message.body, message.properties);
    return payload instanceof Promise ? payload.then((body) => messageViewOf(message, body)) : messageViewOf(message, payload);
  }

  #failed(delivery: Delivery & { readonly context: DeliveryState }, error: unknown): Failure {
    if (error instanceof InvariantError) throw error;
    this.#logFailure(delivery, error);
    const { ackedCount = 0, retryLevel } = delivery.context;
    return this.#retry(ackedCount, retryLevel, error);
  }

  #verdict({ retryLevel, ackedCount, batchSize }: DeliveryState): DeliveryOutcome {
    if (retryLevel === undefined && (ackedCount === undefined || ackedCount === batchSize)) return acked;
    return this.#retry(ackedCount ?? 0, retryLevel, undefined);
  }

  #stepOf(route: HandlerRoute): ConsumeStep {
    const known = this.#steps.get(route);
    if (known !== undefined) return known;
    const layers = this.#options.middleware.map((layer) => layer.consume?.bind(layer));
    const step = compose<ConsumeStep>(layers, route.handle);
    this.#steps.set(route, step);
    return step;
  }

  #retry(ackedCount: number, asked: number | undefined, error: unknown): Failure {
    return { status: 'retry', ackedCount, delayLevel: asked ?? this.#options.retryLevel, error };
  }

  #unroutable(message: IncomingMessage): Failure {
    const error = new MqError('MESSAGE_INVALID', `No handler takes tag '${message.tag ?? ''}' of topic '${message.topic}'`);
    this.#options.logger.error('a message has no handler; it will be delivered again', { ...factsOf(message), error });
    return this.#retry(0, undefined, error);
  }

  #unreadable(message: IncomingMessage, error: unknown): Failure {
    this.#options.logger.error('a message cannot be read; it will be delivered again', { ...factsOf(message), error });
    return this.#retry(0, undefined, error);
  }

  #logFailure(delivery: Delivery, error: unknown): void {
    const first = delivery.messages[0];
    const facts = { ...(first === undefined ? {} : factsOf(first)), batchSize: delivery.messages.length, error };
    if (error instanceof AbortReason)
      this.#options.logger.info('a handler was aborted; its messages will be delivered again', facts);
    else this.#options.logger.warn('a handler failed; its messages will be delivered again', facts);
  }
}

/** The outcome when `done` are the indexes that are done: the first ones in a row, and those behind the first hole. */
function withHoles(failure: Failure, done: readonly number[]): Failure {
  let ackedCount = 0;
  while (done[ackedCount] === ackedCount) ackedCount++;
  return { ...failure, ackedCount, alsoAcked: done.slice(ackedCount) };
}

function factsOf(message: {
  readonly topic: string;
  readonly messageId: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly reconsumeTimes: number;
}): Record<string, unknown> {
  const { topic, messageId, queueId, queueOffset, reconsumeTimes } = message;
  return { topic, messageId, queueId, queueOffset, reconsumeTimes };
}
