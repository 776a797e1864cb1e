import type { SendReceipt } from '@orbitmq/core';
import { type Environment, isMqError, type MqError, RouteError, StateError, TransportError } from '@orbitmq/core/kernel';
import { type MessageQueue, type RemotingCommand, ResponseCode } from '@orbitmq/protocol';
import type { ClientInstance } from '../client/client-instance.js';
import type { BrokerPenalties } from './broker-penalties.js';
import { Drain } from './drain.js';
import type { PublishTarget } from './publish-target.js';
import type { PublishTargets } from './publish-targets.js';
import { RouteWaiters } from './route-waiters.js';
import { SendLanes } from './send-lanes.js';
import type { SendOperation, SendOwner } from './send-operation.js';
import { receiptOf } from './send-receipts.js';
import { isNoAnswer, isRetryCode, refusal, type SendSubject, weakerDurability, weakerStatus } from './send-verdict.js';

export interface SendPipelineOptions {
  readonly instance: ClientInstance;
  readonly targets: PublishTargets;
  readonly penalties: BrokerPenalties;
  /** Sends that have not ended; more are refused at once (RocketMQ: clientAsyncSemaphoreValue, default 65535). */
  readonly inFlightSendsMax: number;
  /** Those of them that wait for the answer of one broker; the others wait for their turn. */
  readonly inFlightPerBrokerMax: number;
  /** Bytes of their bodies together. */
  readonly inFlightSendBytesMax: number;
}

/**
 * Takes a message to a broker and brings back the verdict (Java: DefaultMQProducerImpl.sendDefaultImpl). A message that
 * names its queue is tried once. Any other is tried again, with the failed broker avoided, while attempts and time are
 * left; its unique id stays the same. A broker that did not answer is avoided by the sends that follow, too. Once an attempt's outcome is unknown, the send never ends as a plain failure: the
 * message may be stored.
 *
 * Sends of one topic reach the connection in the order of the calls, also while the topic's route is being looked up.
 */
export class SendPipeline implements SendOwner {
  readonly #options: SendPipelineOptions;
  readonly #instance: ClientInstance;
  readonly #environment: Environment;
  readonly #targets: PublishTargets;
  readonly #penalties: BrokerPenalties;
  readonly #lanes: SendLanes<SendOperation>;
  readonly #waiters: RouteWaiters;
  readonly #drain = new Drain();
  #inFlightBytes = 0;
  #isStopped = false;
  /** The network is about to close: nothing is tried again. */
  #isClosed = false;

  constructor(options: SendPipelineOptions) {
    this.#options = options;
    this.#instance = options.instance;
    this.#environment = options.instance.environment;
    this.#targets = options.targets;
    this.#penalties = options.penalties;
    this.#lanes = new SendLanes({
      clock: this.#environment.clock,
      timers: this.#environment.timers,
      inFlightPerBrokerMax: options.inFlightPerBrokerMax,
      onTurn: (operation) => this.#request(operation),
      onExpired: (operation) => this.#fail(operation, this.#finalError(operation, outOfTime(operation))),
    });
    this.#waiters = new RouteWaiters({
      instance: options.instance,
      onRoute: (operation, queues) => this.#attempt(operation, queues),
      onError: (operation, error) => this.#fail(operation, error),
    });
  }

  submit(operation: SendOperation): void {
    const refused = this.#refusalOf(operation);
    if (refused !== undefined) {
      operation.settle();
      operation.ending.fail(refused);
      return;
    }
    this.#drain.enter();
    this.#inFlightBytes += operation.message.body.length;
    const queues = this.#instance.cachedPublishQueues(operation.message.topic);
    if (queues !== undefined && queues.length > 0 && !this.#waiters.has(operation.message.topic))
      this.#attempt(operation, queues);
    else this.#waiters.add(operation);
  }

  /** Takes no more sends; resolves when those in flight have ended, at the latest after `deadlineMs`. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true;
    await this.#drain.empty(this.#environment.timers, deadlineMs);
    this.#isClosed = true;
  }

  onResponse(operation: SendOperation, response: RemotingCommand): void {
    const { target } = operation;
    if (target !== undefined) this.#penalties.lift(target.queue.brokerName);
    if (operation.isSettled || target === undefined) return;
    if (response.code === ResponseCode.SUCCESS) {
      this.#succeed(operation, response, target);
      return;
    }
    const { topic, messageId } = operation.message;
    const subject = { topic, messageId, brokerAddr: operation.address };
    const status = weakerStatus(response.code);
    if (status !== undefined) {
      this.#leave(operation);
      this.#failWeaker(operation, status, subject, response, target);
      return;
    }
    this.#retryOr(operation, refusal(response, subject), isRetryCode(response.code));
  }

  onFailure(operation: SendOperation, error: MqError): void {
    if (operation.target !== undefined && isNoAnswer(error)) this.#penalties.punish(operation.target.queue.brokerName);
    if (operation.isSettled) return;
    if (error instanceof TransportError && error.outcome === 'unknown') operation.unknownOutcome = error;
    this.#instance.refreshRouteInBackground(operation.message.topic);
    this.#retryOr(operation, error, true);
  }

  onAbort(operation: SendOperation): void {
    if (!operation.isSettled) this.#fail(operation, operation.abortReason);
  }

  #refusalOf(operation: SendOperation): Error | undefined {
    if (this.#isStopped) return new StateError('STOPPED', 'the producer has been stopped');
    const { inFlightSendsMax, inFlightSendBytesMax } = this.#options;
    if (this.#drain.count < inFlightSendsMax && this.#inFlightBytes + operation.message.body.length <= inFlightSendBytesMax) {
      return undefined;
    }
    return new TransportError(
      'TOO_MANY_REQUESTS',
      `${this.#drain.count} sends with ${this.#inFlightBytes} bytes wait for an answer already (inFlightSendsMax = ${inFlightSendsMax}, inFlightSendBytesMax = ${inFlightSendBytesMax}); await some before sending more`,
      { outcome: 'not-sent', details: { inFlightSendsMax, inFlightSendBytesMax } },
    );
  }

  #attempt(operation: SendOperation, queues: readonly MessageQueue[]): void {
    try {
      operation.target = this.#choose(operation, queues);
    } catch (error) {
      // A selector of the application threw, or named no queue.
      this.#fail(operation, error);
      return;
    }
    this.#lanes.enter(operation, operation.target.queue.brokerName);
  }

  #choose(operation: SendOperation, queues: readonly MessageQueue[]): PublishTarget {
    const { message, failedBroker } = operation;
    const target = this.#targets.choose(message, queues, failedBroker);
    const { brokerName } = target.queue;
    if (message.chooser !== undefined || this.#lanes.hasRoom(brokerName)) return target;
    // That broker is behind; another one may be faster.
    const other = this.#targets.choose(message, queues, brokerName);
    return other.queue.brokerName !== failedBroker && this.#lanes.hasRoom(other.queue.brokerName) ? other : target;
  }

  /** The operation's turn at the broker it was meant for. */
  #request(operation: SendOperation): void {
    const queue = operation.target?.queue;
    const address = queue === undefined ? undefined : this.#instance.masterAddress(queue.brokerName);
    const remainingMs = operation.deadlineMs - this.#environment.clock.monotonic();
    operation.attemptsLeft--;
    operation.attemptCount++;
    if (address === undefined || remainingMs <= 0) {
      this.#retryOr(operation, address === undefined ? noMaster(queue) : outOfTime(operation), address === undefined);
      return;
    }
    operation.address = address;
    if (queue !== undefined) this.#penalties.begin(queue.brokerName);
    this.#instance.remoting.invokeFrame(address, operation, remainingMs);
  }

  #retryOr(operation: SendOperation, error: MqError, isRetryable: boolean): void {
    this.#lanes.leave(operation);
    const isTimeLeft = operation.deadlineMs > this.#environment.clock.monotonic();
    const isPossible = isRetryable && isTimeLeft && !this.#isClosed && operation.attemptsLeft > 0;
    const queues = this.#instance.cachedPublishQueues(operation.message.topic);
    if (!isPossible || queues === undefined || queues.length === 0) {
      this.#fail(operation, this.#finalError(operation, error));
      return;
    }
    this.#environment.logger.debug('send failed, trying again', {
      topic: operation.message.topic,
      messageId: operation.message.messageId,
      error,
    });
    operation.failedBroker = operation.target?.queue.brokerName;
    this.#attempt(operation, queues);
  }

  #finalError(operation: SendOperation, error: MqError): MqError {
    const { attemptCount, unknownOutcome } = operation;
    const { topic, messageId } = operation.message;
    const details = { topic, messageId, attempts: attemptCount, brokerAddr: operation.address };
    if (unknownOutcome !== undefined) {
      return new TransportError(
        'SEND_OUTCOME_UNKNOWN',
        `nobody knows whether the message ${messageId} for "${topic}" is stored: ${unknownOutcome.message}. Sending it again may store it twice`,
        { outcome: 'unknown', details, cause: error },
      );
    }
    if (!(error instanceof TransportError)) return error;
    return new TransportError(error.code, `the message ${messageId} for "${topic}" was not sent: ${error.message}`, {
      outcome: 'not-sent',
      details,
      cause: error,
    });
  }

  #succeed(operation: SendOperation, response: RemotingCommand, target: PublishTarget): void {
    // The first message to a broker makes the topic there; consumers in this process should not have to wait for the poll.
    this.#instance.messageStored(operation.message.topic, target.queue.brokerName);
    this.#leave(operation);
    try {
      operation.ending.succeed(response, target);
    } catch (error) {
      failUnread(operation, error);
    }
  }

  #failWeaker(
    operation: SendOperation,
    status: string,
    subject: SendSubject,
    response: RemotingCommand,
    target: PublishTarget,
  ): void {
    let receipt: SendReceipt;
    try {
      receipt = receiptOf(response, target, subject.messageId);
    } catch (error) {
      failUnread(operation, error);
      return;
    }
    try {
      operation.ending.onWeaker?.(receipt);
    } catch (error) {
      // An id that names no place in the log: the half message cannot be rolled back from here, the broker's check decides.
      if (!isMqError(error)) throw error;
    }
    operation.ending.fail(weakerDurability(status, subject, receipt));
  }

  #fail(operation: SendOperation, error: unknown): void {
    this.#leave(operation);
    operation.ending.fail(error);
  }

  #leave(operation: SendOperation): void {
    operation.settle();
    this.#inFlightBytes -= operation.message.body.length;
    this.#drain.leave();
    this.#lanes.leave(operation);
  }
}

/** The message is stored; an answer that cannot be read says no more than that. */
function failUnread(operation: SendOperation, error: unknown): void {
  if (!isMqError(error)) throw error;
  operation.ending.fail(error);
}

function noMaster(queue: MessageQueue | undefined): RouteError {
  return new RouteError('BROKER_NOT_FOUND', `the broker "${queue?.brokerName}" has no master now`, {
    retryable: true,
    details: { ...queue },
  });
}

function outOfTime(operation: SendOperation): TransportError {
  return new TransportError('REQUEST_TIMEOUT', `the time of ${operation.timeoutMs} ms ended before its turn came`, {
    outcome: 'not-sent',
  });
}
