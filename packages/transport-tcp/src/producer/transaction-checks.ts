import type { IncomingMessage, TransactionResolution } from '@orbitmq/core';
import { type Environment, isMqError, MqError, sleep } from '@orbitmq/core/kernel';
import { checkTransactionStateHeader, decodeRecord, type RemotingCommand } from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import { checkedMessage } from './checked-message.js';
import { Drain } from './drain.js';
import { endTransactionRequest, type HalfMessagePlace } from './end-transaction.js';

export interface TransactionChecksOptions {
  readonly environment: Environment;
  readonly remoting: RemotingClient;
  readonly producerGroup: string;
  readonly check: (message: IncomingMessage) => Promise<TransactionResolution>;
  /** Checks running at once. */
  readonly checkConcurrencyMax: number;
  /** Checks waiting for their turn; more are dropped, the broker asks again (RocketMQ: checkRequestHoldMax, default 2000). */
  readonly checkRequestHoldMax: number;
  /** A check that takes longer counts as unknown, milliseconds. */
  readonly checkTimeoutMs: number;
  /** Largest body after decompression. */
  readonly bodyBytesMax: number;
}

interface CheckRequest {
  readonly place: HalfMessagePlace;
  readonly message: IncomingMessage;
  readonly brokerAddress: string;
}

/** Time to hand the answer to the network, milliseconds. */
const answerTimeoutMs = 3000;

/**
 * Answers CHECK_TRANSACTION_STATE (Java: DefaultMQProducerImpl.checkTransactionState; page 07 §4). Any process of the group
 * may be asked, also one that never sent the message. The answer goes to the broker that asked; without one (a lost answer,
 * a full queue, a stop) it asks again later.
 */
export class TransactionChecks {
  readonly #options: TransactionChecksOptions;
  readonly #waiting: CheckRequest[] = [];
  readonly #running = new Drain();
  #isStopped = false;

  constructor(options: TransactionChecksOptions) {
    this.#options = options;
  }

  /** Takes a request as it came; throws a `ProtocolError` when it cannot be read. */
  onRequest(request: RemotingCommand, brokerAddress: string): void {
    if (this.#isStopped) return;
    const { checkRequestHoldMax, environment, producerGroup } = this.#options;
    if (this.#waiting.length >= checkRequestHoldMax) {
      environment.logger.warn('too many transaction checks are waiting, one is dropped', { producerGroup, checkRequestHoldMax });
      return;
    }
    this.#waiting.push(this.#read(request, brokerAddress));
    this.#proceed();
  }

  /** Starts no more checks; resolves when the running ones are answered, at the latest after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true;
    this.#waiting.length = 0;
    return this.#running.empty(this.#options.environment.timers, deadlineMs);
  }

  #read(request: RemotingCommand, brokerAddress: string): CheckRequest {
    const header = checkTransactionStateHeader.decodeCommand(request);
    const record = decodeRecord(request.body ?? Buffer.alloc(0));
    const message = checkedMessage(record, { brokerName: header.brokerName, bodyBytesMax: this.#options.bodyBytesMax });
    const place = {
      producerGroup: this.#options.producerGroup,
      messageId: message.messageId,
      transactionId: header.transactionId,
      topic: message.topic,
      brokerName: header.brokerName,
      queueOffset: header.tranStateTableOffset,
      physicalOffset: header.commitLogOffset,
    };
    return { place, message, brokerAddress };
  }

  #proceed(): void {
    while (this.#running.count < this.#options.checkConcurrencyMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running.enter();
      void this.#answer(next);
    }
  }

  async #answer(request: CheckRequest): Promise<void> {
    const { remoting, environment, producerGroup } = this.#options;
    const { place, brokerAddress } = request;
    try {
      const { resolution, remark } = await this.#ask(request.message);
      const answer = endTransactionRequest(place, resolution, { fromTransactionCheck: true, remark });
      await remoting.invokeOneway(brokerAddress, answer, { timeoutMs: answerTimeoutMs });
    } catch (error) {
      if (!isMqError(error)) throw error;
      environment.logger.warn('the answer to a transaction check was not sent', { producerGroup, brokerAddress, error });
    } finally {
      this.#running.leave();
      this.#proceed();
    }
  }

  /** What the application says; its exception, its silence, or a word that is none of the three is no decision. */
  async #ask(message: IncomingMessage): Promise<{ resolution: TransactionResolution; remark: string | undefined }> {
    const { check, environment, checkTimeoutMs, producerGroup } = this.#options;
    const end = new AbortController();
    try {
      const resolution = await Promise.race([check(message), this.#timeout(checkTimeoutMs, end.signal)]);
      if (resolution === 'commit' || resolution === 'rollback') return { resolution, remark: undefined };
      return { resolution: 'unknown', remark: undefined };
    } catch (error) {
      environment.logger.warn('a transaction check failed', { producerGroup, messageId: message.messageId, error });
      return { resolution: 'unknown', remark: `checkLocalTransactionState Exception, ${String(error)}` };
    } finally {
      end.abort();
    }
  }

  async #timeout(checkTimeoutMs: number, signal: AbortSignal): Promise<never> {
    await sleep(this.#options.environment.timers, checkTimeoutMs, signal);
    throw new MqError('REQUEST_TIMEOUT', `the check took longer than checkTimeoutMs = ${checkTimeoutMs}`);
  }
}
