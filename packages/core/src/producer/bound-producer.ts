/**
 * A producer's methods on a transport: middleware → validate → serialize → check → send. One per (group, topic); those of
 * one group share the transport's producer.
 */
import { StateError, TransactionError, UnsupportedFeatureError, ValidationError } from '../kernel/errors.js';
import { invariant } from '../kernel/invariant.js';
import { compose } from '../middleware/compose.js';
import type { Draft, Middleware, Sending, SendStep } from '../middleware/middleware.js';
import { andThen, type MaybePromise } from '../payload/maybe-promise.js';
import { type EncodedPayload, encodePayload } from '../payload/payload-pipeline.js';
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { TransactionRunner } from '../transaction/transaction-runner.js';
import type { OutgoingMessage, SendOptions, SendReceipt } from '../transport/messages.js';
import { isBatchProducer, isTransactionalProducer, type TransportProducer } from '../transport/transport.js';
import { numberProblems } from '../wiring/numbers.js';
import { producerNumbers } from '../wiring/producer-options.js';
import type { ProducerPort, TransactionReceipt } from './message-producer.js';
import { type OutgoingLimits, outgoingMessage } from './outgoing-message.js';
import type { BatchOptions, MessageOptions, TransactionMessageOptions } from './send-options.js';

export interface BoundProducerOptions {
  readonly topic: AnyTopicDefinition;
  readonly group: string;
  readonly producer: TransportProducer;
  readonly limits: OutgoingLimits;
  readonly middleware: readonly Middleware[];
  /** Absent: no transactions. */
  readonly transaction?: TransactionRunner | undefined;
}

interface Prepared extends EncodedPayload {
  readonly message: OutgoingMessage;
}

export class BoundProducer implements ProducerPort<unknown> {
  readonly #options: BoundProducerOptions;
  readonly #first: SendStep;
  #isClosed = false;

  constructor(options: BoundProducerOptions) {
    this.#options = options;
    const layers = options.middleware.map((layer) => layer.send?.bind(layer));
    this.#first = compose<SendStep>(layers, (sending) => this.#execute(sending));
  }

  async send(body: unknown, options: MessageOptions): Promise<SendReceipt> {
    return only(await this.#run('send', [{ body, options }]));
  }

  async sendOneway(body: unknown, options: MessageOptions): Promise<void> {
    await this.#run('oneway', [{ body, options }]);
  }

  async sendAll(bodies: readonly unknown[], options: BatchOptions<unknown>): Promise<readonly SendReceipt[]> {
    if (bodies.length === 0) return [];
    const { describe, ...shared } = options;
    const draft = (body: unknown, index: number): Draft => ({
      body,
      options: describe === undefined ? shared : { ...describe(body, index), ...shared },
    });
    return this.#run('batch', bodies.map(draft));
  }

  async sendInTransaction(body: unknown, arg: unknown, options: TransactionMessageOptions): Promise<TransactionReceipt> {
    return only(await this.#run('transaction', [{ body, options }], arg)) as TransactionReceipt;
  }

  /** From now on every method rejects with `STOPPED`. */
  close(): void {
    this.#isClosed = true;
  }

  #run(kind: Sending['kind'], messages: readonly Draft[], arg?: unknown): Promise<readonly SendReceipt[]> {
    const { topic, group } = this.#options;
    if (this.#isClosed) throw new StateError('STOPPED', `Group '${group}' sends nothing more: the application was stopped`);
    return this.#first({ kind, topic: topic.name, group, messages, arg });
  }

  async #execute(sending: Sending): Promise<readonly SendReceipt[]> {
    const { producer } = this.#options;
    if (sending.kind === 'batch') return this.#executeBatch(sending);
    const draft = only(sending.messages);
    const sendOptions = sendOptionsOf(draft.options);
    if (sending.kind === 'transaction') {
      const { topic, transaction } = this.#options;
      if (transaction === undefined) throw missingListener(topic.name);
      if (!isTransactionalProducer(producer)) throw lacking('transactions');
      const { message, payload } = await this.#prepare(draft);
      return [await transaction.run(producer, message, payload, sending.arg, sendOptions)];
    }
    const preparing = this.#prepare(draft);
    const { message } = preparing instanceof Promise ? await preparing : preparing;
    if (sending.kind === 'send') return [await producer.send(message, sendOptions)];
    await producer.sendOneway(message, sendOptions);
    return [];
  }

  async #executeBatch(sending: Sending): Promise<readonly SendReceipt[]> {
    const { producer } = this.#options;
    if (!isBatchProducer(producer)) throw lacking('batches');
    const messages: OutgoingMessage[] = [];
    for (const draft of sending.messages) {
      const { message } = await this.#prepare(draft);
      messages.push(message);
    }
    return producer.sendBatch(messages, sendOptionsOf(sending.messages[0]?.options));
  }

  /** In this turn, unless the schema or a step of the codec chain takes its time. */
  #prepare(draft: Draft): MaybePromise<Prepared> {
    const { topic, limits } = this.#options;
    return andThen(encodePayload(topic, draft.body), ({ payload, body }) => {
      return { payload, body, message: outgoingMessage(topic, body, draft.options, limits) };
    });
  }
}

function sendOptionsOf(options: SendOptions | undefined): SendOptions | undefined {
  if (options?.timeoutMs === undefined && options?.signal === undefined) return undefined;
  if (options.timeoutMs !== undefined) checkTimeout(options.timeoutMs);
  return { timeoutMs: options.timeoutMs, signal: options.signal };
}

/** The bounds of `sendTimeoutMs`; a time that is none would end the send at once, or never. */
function checkTimeout(timeoutMs: number): void {
  const [problem] = numberProblems({ timeoutMs: producerNumbers.sendTimeoutMs }, { timeoutMs });
  if (problem !== undefined)
    throw new ValidationError('ARGUMENT_INVALID', `Nothing was sent: ${problem}`, { details: { timeoutMs } });
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  invariant(items.length === 1 && item !== undefined, `a send is of one message and has one receipt, not ${items.length}`);
  return item;
}

function missingListener(topic: string): TransactionError {
  const remedy = 'add a @TransactionListener for it, or the option `transaction` of producer()';
  return new TransactionError('TRANSACTION_INVALID', `The producer of topic '${topic}' has no transaction listener: ${remedy}`);
}

function lacking(feature: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError('FEATURE_UNSUPPORTED', `This transport has no ${feature}`);
}
