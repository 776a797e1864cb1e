/**
 * A producer's methods on a transport: middleware → validate → serialize → check → send. One per (group, topic); those of
 * one group share the transport's producer.
 */
import { StateError, TransactionError, UnsupportedFeatureError, ValidationError } from '../kernel/errors.js';
import { invariant } from '../kernel/invariant.js';
import { compose } from '../middleware/compose.js';
import type { Draft, Middleware, Sending, SendStep } from '../middleware/middleware.js';
import { type EncodedPayload, encodePayload } from '../payload/payload-pipeline.js';
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { TransactionRunner } from '../transaction/transaction-runner.js';
import type { OutgoingMessage, SendOptions, SendReceipt } from '../transport/messages.js';
import { isBatchProducer, isRecallingProducer, isTransactionalProducer, type TransportProducer } from '../transport/transport.js';
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

export class BoundProducer implements ProducerPort<unknown> {
  readonly #options: BoundProducerOptions;
  readonly #first: SendStep;
  /** Some middleware is around sends. */
  readonly #isWrapped: boolean;
  #isClosed = false;

  constructor(options: BoundProducerOptions) {
    this.#options = options;
    const layers = options.middleware.map((layer) => layer.send?.bind(layer));
    this.#isWrapped = layers.some((layer) => layer !== undefined);
    this.#first = compose<SendStep>(layers, (sending) => this.#execute(sending));
  }

  /** Without middleware nothing stands between the transport and the caller, who then gets the transport's own promise. */
  send(body: unknown, options: MessageOptions): Promise<SendReceipt> {
    if (this.#isWrapped) return this.#sendThroughLayers(body, options);
    try {
      this.#mustBeOpen();
      return this.#sendOne({ body, options });
    } catch (error) {
      return Promise.reject(error);
    }
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

  async recall(recallHandle: string, options: SendOptions): Promise<void> {
    const { producer, topic } = this.#options;
    this.#mustBeOpen();
    if (!isRecallingProducer(producer)) throw lacking('recall of timed messages');
    await producer.recall(topic.name, recallHandle, sendOptionsOf(options));
  }

  /** From now on every method rejects with `STOPPED`. */
  close(): void {
    this.#isClosed = true;
  }

  async #sendThroughLayers(body: unknown, options: MessageOptions): Promise<SendReceipt> {
    return only(await this.#run('send', [{ body, options }]));
  }

  #run(kind: Sending['kind'], messages: readonly Draft[], arg?: unknown): Promise<readonly SendReceipt[]> {
    const { topic, group } = this.#options;
    this.#mustBeOpen();
    return this.#first({ kind, topic: topic.name, group, messages, arg });
  }

  #mustBeOpen(): void {
    if (!this.#isClosed) return;
    throw new StateError('STOPPED', `Group '${this.#options.group}' sends nothing more: the application was stopped`);
  }

  async #execute(sending: Sending): Promise<readonly SendReceipt[]> {
    switch (sending.kind) {
      case 'send':
        return [await this.#sendOne(only(sending.messages))];
      case 'oneway':
        await this.#executeOneway(only(sending.messages));
        return [];
      case 'batch':
        return this.#executeBatch(sending);
      case 'transaction':
        return [await this.#executeTransaction(only(sending.messages), sending.arg)];
    }
  }

  /** Hands the message to the transport in this turn, unless the schema or a step of the codec chain takes its time. */
  #sendOne(draft: Draft): Promise<SendReceipt> {
    const { topic, producer } = this.#options;
    const sendOptions = sendOptionsOf(draft.options);
    const encoding = encodePayload(topic, draft.body);
    if (!(encoding instanceof Promise)) return producer.send(this.#messageOf(draft, encoding), sendOptions);
    return encoding.then((encoded) => producer.send(this.#messageOf(draft, encoded), sendOptions));
  }

  async #executeOneway(draft: Draft): Promise<void> {
    const { topic, producer } = this.#options;
    const sendOptions = sendOptionsOf(draft.options);
    const encoding = encodePayload(topic, draft.body);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    await producer.sendOneway(this.#messageOf(draft, encoded), sendOptions);
  }

  async #executeTransaction(draft: Draft, arg: unknown): Promise<SendReceipt> {
    const { topic, producer, transaction } = this.#options;
    const sendOptions = sendOptionsOf(draft.options);
    if (transaction === undefined) throw missingListener(topic.name);
    if (!isTransactionalProducer(producer)) throw lacking('transactions');
    const encoded = await encodePayload(topic, draft.body);
    return transaction.run(producer, this.#messageOf(draft, encoded), encoded.payload, arg, sendOptions);
  }

  async #executeBatch(sending: Sending): Promise<readonly SendReceipt[]> {
    const { producer } = this.#options;
    if (!isBatchProducer(producer)) throw lacking('batches');
    const messages: OutgoingMessage[] = [];
    for (const draft of sending.messages)
      messages.push(this.#messageOf(draft, await encodePayload(this.#options.topic, draft.body)));
    return producer.sendBatch(messages, sendOptionsOf(sending.messages[0]?.options));
  }

  #messageOf(draft: Draft, encoded: EncodedPayload): OutgoingMessage {
    const { topic, limits } = this.#options;
    return outgoingMessage(topic, encoded.body, draft.options, limits);
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
