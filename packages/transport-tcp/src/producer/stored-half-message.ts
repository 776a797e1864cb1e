import type { HalfMessage, SendReceipt, TransactionResolution } from '@orbitmq/core';
import { RouteError, TransactionError, TransportError } from '@orbitmq/core/kernel';
import { decodeOffsetMessageId } from '@orbitmq/protocol';
import type { ClientInstance } from '../client/client-instance.js';
import { endTransactionRequest, type HalfMessagePlace } from './end-transaction.js';

/** Time to hand the outcome to the network, milliseconds. */
const resolveTimeoutMs = 3000;

/**
 * A half message that a broker holds. Its outcome is told once: a broker stores the message again for every commit it gets
 * (page 07 §2), so a decided one takes no second decision. `unknown` is no decision.
 */
export class StoredHalfMessage implements HalfMessage {
  readonly receipt: SendReceipt;
  readonly #instance: ClientInstance;
  readonly #place: HalfMessagePlace;
  readonly #brokerName: string;
  #decision: TransactionResolution | undefined;

  constructor(options: {
    readonly instance: ClientInstance;
    readonly producerGroup: string;
    readonly topic: string;
    readonly receipt: SendReceipt;
  }) {
    const { receipt } = options;
    this.#instance = options.instance;
    this.#brokerName = receipt.brokerName ?? '';
    this.receipt = receipt;
    this.#place = {
      producerGroup: options.producerGroup,
      messageId: receipt.messageId,
      transactionId: receipt.transactionId ?? receipt.messageId,
      topic: options.topic,
      brokerName: receipt.brokerName,
      queueOffset: receipt.queueOffset,
      physicalOffset: decodeOffsetMessageId(receipt.offsetMessageId ?? '').physicalOffset,
    };
  }

  /** Resolves when the outcome was handed to the network. */
  async resolve(resolution: TransactionResolution, remark?: string): Promise<void> {
    if (this.#decision !== undefined) {
      throw new TransactionError(
        'TRANSACTION_INVALID',
        `the transaction of message ${this.receipt.messageId} has its outcome: ${this.#decision}`,
        {
          details: { messageId: this.receipt.messageId, decision: this.#decision, refused: resolution },
        },
      );
    }
    const address = this.#instance.masterAddress(this.#brokerName);
    if (address === undefined) {
      throw new RouteError('BROKER_NOT_FOUND', `the broker "${this.#brokerName}" that holds the half message has no master now`, {
        retryable: true,
        details: { brokerName: this.#brokerName, messageId: this.receipt.messageId },
      });
    }
    if (resolution !== 'unknown') this.#decision = resolution;
    try {
      const request = endTransactionRequest(this.#place, resolution, { fromTransactionCheck: false, remark });
      await this.#instance.remoting.invokeOneway(address, request, { timeoutMs: resolveTimeoutMs });
    } catch (error) {
      // It never left this process, so it may be told again.
      if (error instanceof TransportError && error.outcome === 'not-sent') this.#decision = undefined;
      throw error;
    }
  }
}
