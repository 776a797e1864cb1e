import type {
  BatchProducer,
  HalfMessage,
  OutgoingMessage,
  ProducerDefinition,
  RecallingProducer,
  SendOptions,
  SendReceipt,
  TransactionalProducer,
} from '@orbitmq/core';
import { isMqError, StateError, TransactionError } from '@orbitmq/core/kernel';
import type { RemotingCommand } from '@orbitmq/protocol';
import type { ClientInstance } from '../client/client-instance.js';
import { BrokerPenalties } from './broker-penalties.js';
import { OnewaySender } from './oneway-sender.js';
import { checkTopic, isDelayed, type MessageIds, MessagePreparer, type PreparedMessage } from './prepared-message.js';
import type { ProducerTuning } from './producer-tuning.js';
import type { PublishTarget } from './publish-target.js';
import { PublishTargets } from './publish-targets.js';
import { hasOrder } from './queue-choice.js';
import { recallMessage } from './recall-message.js';
import { type SendEnding, SendOperation } from './send-operation.js';
import { SendPipeline } from './send-pipeline.js';
import { receiptOf, receiptsOf } from './send-receipts.js';
import { StoredHalfMessage } from './stored-half-message.js';
import { TransactionChecks } from './transaction-checks.js';

export interface TcpProducerOptions {
  readonly instance: ClientInstance;
  readonly definition: ProducerDefinition;
  readonly ids: MessageIds;
  readonly tuning: ProducerTuning;
}

/** Sends to brokers (Java: DefaultMQProducer and TransactionMQProducer). Starts and stops with its transport. */
export class TcpProducer implements BatchProducer, RecallingProducer, TransactionalProducer {
  readonly group: string;
  readonly #instance: ClientInstance;
  readonly #definition: ProducerDefinition;
  readonly #preparer: MessagePreparer;
  readonly #pipeline: SendPipeline;
  readonly #oneway: OnewaySender;
  readonly #checks: TransactionChecks | undefined;
  #state: 'new' | 'running' | 'stopped' = 'new';

  constructor(options: TcpProducerOptions) {
    const { instance, definition, tuning } = options;
    const { environment, remoting } = instance;
    const { group } = definition;
    this.group = group;
    this.#instance = instance;
    this.#definition = definition;
    this.#preparer = new MessagePreparer({ definition, clock: environment.clock, ids: options.ids });
    const penalties = new BrokerPenalties({ clock: environment.clock, ...tuning });
    const targets = new PublishTargets({ producerGroup: group, random: environment.random, penalties, ...tuning });
    this.#pipeline = new SendPipeline({ instance, targets, penalties, ...tuning });
    this.#oneway = new OnewaySender({ instance, targets, penalties, producerGroup: group, ...tuning });
    const check = definition.checkTransaction;
    const checks =
      check === undefined ? undefined : new TransactionChecks({ environment, remoting, producerGroup: group, check, ...tuning });
    this.#checks = checks;
    instance.registerProducer(group, checks === undefined ? undefined : (request, from) => checks.onRequest(request, from));
    for (const topic of definition.topics) instance.watchTopic(topic, 'publish');
  }

  /** The transport has started. */
  open(): void {
    this.#state = 'running';
  }

  /** Takes no more sends, waits for those in flight, and tells the brokers. */
  async stop(deadlineMs: number): Promise<void> {
    this.#state = 'stopped';
    await Promise.all([this.#pipeline.stop(deadlineMs), this.#oneway.stop(deadlineMs), this.#checks?.stop(deadlineMs)]);
    await this.#instance.unregisterProducer(this.group);
  }

  send(message: OutgoingMessage, options?: SendOptions): Promise<SendReceipt> {
    return new Promise((resolve, reject) => {
      const prepared = this.#preparer.single(message);
      this.#submit(prepared, options, {
        succeed: (response, target) => resolve(receiptOf(response, target, prepared.messageId)),
        fail: reject,
      });
    });
  }

  async sendOneway(message: OutgoingMessage, options?: SendOptions): Promise<void> {
    const prepared = this.#preparer.single(message);
    this.#check(prepared);
    await this.#oneway.send(prepared, options?.timeoutMs ?? this.#definition.sendTimeoutMs, options);
  }

  sendBatch(messages: readonly OutgoingMessage[], options?: SendOptions): Promise<readonly SendReceipt[]> {
    return new Promise((resolve, reject) => {
      const { prepared, messageIds } = this.#preparer.batch(messages);
      this.#submit(prepared, options, {
        succeed: (response, target) => resolve(receiptsOf(response, target, messageIds)),
        fail: reject,
      });
    });
  }

  sendHalf(message: OutgoingMessage, options?: SendOptions): Promise<HalfMessage> {
    return new Promise((resolve, reject) => {
      this.#checkHalf(message);
      const prepared = this.#preparer.single(message, { producerGroup: this.group });
      const halfOf = (receipt: SendReceipt): StoredHalfMessage =>
        new StoredHalfMessage({ instance: this.#instance, producerGroup: this.group, topic: message.topic, receipt });
      this.#submit(prepared, options, {
        succeed: (response: RemotingCommand, target: PublishTarget) =>
          resolve(halfOf(receiptOf(response, target, prepared.messageId))),
        fail: reject,
        // The caller sees a failed send and runs no local transaction, so the half message must not wait for one.
        onWeaker: (receipt) => void this.#rollBack(halfOf(receipt)),
      });
    });
  }

  async recall(topic: string, recallHandle: string, options?: SendOptions): Promise<string> {
    this.#checkRunning();
    options?.signal?.throwIfAborted();
    const timeoutMs = options?.timeoutMs ?? this.#definition.sendTimeoutMs;
    return recallMessage(this.#instance, { producerGroup: this.group, topic, recallHandle, timeoutMs }, options);
  }

  #submit(message: PreparedMessage, options: SendOptions | undefined, ending: SendEnding): void {
    this.#check(message);
    options?.signal?.throwIfAborted();
    const timeoutMs = options?.timeoutMs ?? this.#definition.sendTimeoutMs;
    this.#pipeline.submit(
      new SendOperation({
        owner: this.#pipeline,
        message,
        // A message with an order is tried once (page 03 §8). One with an idempotency key is tried again at its own queue.
        attemptsMax: isTriedOnce(message) ? 1 : 1 + this.#definition.retryTimesWhenSendFailed,
        deadlineMs: this.#instance.environment.clock.monotonic() + timeoutMs,
        timeoutMs,
        signal: options?.signal,
        ending,
      }),
    );
  }

  #check(message: PreparedMessage): void {
    this.#checkRunning();
    if (this.#instance.cachedPublishQueues(message.topic) === undefined) checkTopic(message.topic);
  }

  #checkRunning(): void {
    if (this.#state === 'new') throw new StateError('NOT_STARTED', 'start the application before sending');
  }

  #checkHalf(message: OutgoingMessage): void {
    if (isDelayed(message)) {
      throw new TransactionError('TRANSACTION_INVALID', 'a transactional message cannot have a delay');
    }
    if (this.#checks === undefined) {
      throw new TransactionError(
        'TRANSACTION_INVALID',
        `the producer group "${this.group}" has no transaction listener, so nobody could tell a broker the outcome`,
      );
    }
  }

  async #rollBack(half: StoredHalfMessage): Promise<void> {
    try {
      await half.resolve('rollback', 'stored with weaker durability than asked');
    } catch (error) {
      if (!isMqError(error)) throw error;
      this.#instance.environment.logger.debug('a half message is left to the check', {
        messageId: half.receipt.messageId,
        error,
      });
    }
  }
}

function isTriedOnce({ chooser }: PreparedMessage): boolean {
  return chooser !== undefined && hasOrder(chooser);
}
