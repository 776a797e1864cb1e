/** Runs the local transaction of a half message, and answers the broker's question about one (Java: DefaultMQProducerImpl). */
import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import { type MessageView, messageViewOf } from '../message/message-view.js';
import { decodePayload } from '../payload/payload-pipeline.js';
import type { TransactionReceipt } from '../producer/message-producer.js';
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { IncomingMessage, OutgoingMessage, SendOptions, SendReceipt, TransactionResolution } from '../transport/messages.js';
import type { TransactionalProducer } from '../transport/transport.js';
import type { LocalTransaction } from './local-transaction.js';

export class TransactionRunner {
  readonly #topic: AnyTopicDefinition;
  readonly #listener: LocalTransaction<unknown>;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(topic: AnyTopicDefinition, listener: LocalTransaction<unknown>, clock: Clock, logger: Logger) {
    this.#topic = topic;
    this.#listener = listener;
    this.#clock = clock;
    this.#logger = logger;
  }

  async run(
    producer: TransactionalProducer,
    message: OutgoingMessage,
    payload: unknown,
    arg: unknown,
    options: SendOptions | undefined,
  ): Promise<TransactionReceipt> {
    const half = await producer.sendHalf(message, options);
    const view = this.#viewOf(message, half.receipt, payload);
    const { resolution, error } = await this.#decide(view.messageId, 'execute', () => this.#listener.execute(view, arg));
    try {
      await half.resolve(resolution, remarkOf(error));
    } catch (cause) {
      // The broker will ask: the decision is kept by whoever answers `check`.
      this.#logger.warn('could not tell the broker how a transaction ended; it will ask', {
        topic: message.topic,
        messageId: view.messageId,
        resolution,
        error: cause,
      });
    }
    return { ...half.receipt, resolution, error };
  }

  async check(message: IncomingMessage): Promise<TransactionResolution> {
    const { resolution } = await this.#decide(message.messageId, 'check', async () => {
      const payload = await decodePayload(this.#topic, message.body, message.properties);
      return this.#listener.check(messageViewOf(message, payload));
    });
    return resolution;
  }

  async #decide(
    messageId: string,
    method: 'execute' | 'check',
    ask: () => Promise<TransactionResolution>,
  ): Promise<{ resolution: TransactionResolution; error: unknown }> {
    try {
      const resolution = await ask();
      if (resolution === 'commit' || resolution === 'rollback' || resolution === 'unknown')
        return { resolution, error: undefined };
      throw new TypeError(`${method} gave ${String(resolution)} instead of 'commit', 'rollback' or 'unknown'`);
    } catch (error) {
      this.#logger.warn(`a transaction's ${method} failed; it stays undecided`, { topic: this.#topic.name, messageId, error });
      return { resolution: 'unknown', error };
    }
  }

  #viewOf(message: OutgoingMessage, receipt: SendReceipt, payload: unknown): MessageView<unknown> {
    const now = this.#clock.now();
    return messageViewOf(
      {
        ...message,
        messageId: receipt.messageId,
        offsetMessageId: receipt.offsetMessageId,
        brokerName: receipt.brokerName,
        queueId: receipt.queueId,
        queueOffset: receipt.queueOffset,
        bornTimestamp: now,
        storeTimestamp: now,
        reconsumeTimes: 0,
      },
      payload,
    );
  }
}

/** What the broker keeps of a failure. */
function remarkOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error ? `${error.name}: ${error.message}` : 'the local transaction threw something that is no Error';
}
