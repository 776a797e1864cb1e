import type { SendOptions } from '@orbitmq/core';
import { isMqError, type MqError, RouteError, StateError, TransportError } from '@orbitmq/core/kernel';
import {
  createRequest,
  type MessageQueue,
  type RemotingCommand,
  RequestCode,
  SystemTopic,
  sendMessageV2Header,
} from '@orbitmq/protocol';
import type { InvokeOptions } from '@orbitmq/remoting';
import type { ClientInstance } from '../client/client-instance.js';
import { within } from '../client/within.js';
import type { BrokerPenalties } from './broker-penalties.js';
import { Drain } from './drain.js';
import type { PreparedMessage } from './prepared-message.js';
import type { PublishTargets } from './publish-targets.js';
import { isNoAnswer } from './send-verdict.js';

export interface OnewaySenderOptions {
  readonly instance: ClientInstance;
  readonly targets: PublishTargets;
  readonly penalties: BrokerPenalties;
  readonly producerGroup: string;
  readonly defaultTopicQueueNums: number;
  /** Sends on their way to the network. */
  readonly inFlightSendsMax: number;
}

/** Sends without an answer: one attempt, and nobody learns whether the message arrived (page 03 §8). */
export class OnewaySender {
  readonly #options: OnewaySenderOptions;
  readonly #drain = new Drain();
  #isStopped = false;

  constructor(options: OnewaySenderOptions) {
    this.#options = options;
  }

  /** Resolves when the request was handed to the network. */
  async send(message: PreparedMessage, timeoutMs: number, options: SendOptions | undefined): Promise<void> {
    const { instance, inFlightSendsMax } = this.#options;
    if (this.#isStopped) throw new StateError('STOPPED', 'the producer has been stopped');
    if (this.#drain.count >= inFlightSendsMax) throw tooMany(inFlightSendsMax);
    options?.signal?.throwIfAborted();
    const { clock } = instance.environment;
    const deadlineMs = clock.monotonic() + timeoutMs;
    this.#drain.enter();
    try {
      const queues = await this.#queues(message, timeoutMs);
      const target = this.#options.targets.choose(message, queues, undefined);
      const address = instance.masterAddress(target.queue.brokerName);
      if (address === undefined) throw noMaster(target.queue);
      const timeLeftMs = Math.max(1, deadlineMs - clock.monotonic());
      await this.#hand(message, target.queue, address, { timeoutMs: timeLeftMs, signal: options?.signal });
      instance.messageStored(message.topic, target.queue.brokerName);
    } finally {
      this.#drain.leave();
    }
  }

  stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true;
    return this.#drain.empty(this.#options.instance.environment.timers, deadlineMs);
  }

  async #hand(message: PreparedMessage, queue: MessageQueue, address: string, options: InvokeOptions): Promise<void> {
    const { instance, penalties } = this.#options;
    penalties.begin(queue.brokerName);
    try {
      await instance.remoting.invokeOneway(address, this.#request(message, queue), options);
    } catch (error) {
      if (isMqError(error) && isNoAnswer(error)) penalties.punish(queue.brokerName);
      throw error;
    }
  }

  async #queues(message: PreparedMessage, timeoutMs: number): Promise<readonly MessageQueue[]> {
    const { instance } = this.#options;
    const known = instance.cachedPublishQueues(message.topic);
    if (known !== undefined && known.length > 0) return known;
    return within(instance.environment.timers, timeoutMs, instance.publishQueues(message.topic), () =>
      tooLate(message, timeoutMs),
    );
  }

  #request(message: PreparedMessage, queue: MessageQueue): RemotingCommand {
    const { producerGroup, defaultTopicQueueNums } = this.#options;
    const extFields = sendMessageV2Header.encode({
      producerGroup,
      topic: message.topic,
      defaultTopic: SystemTopic.AUTO_CREATE_TOPIC_KEY,
      defaultTopicQueueNums,
      queueId: queue.queueId,
      sysFlag: message.sysFlag,
      bornTimestamp: message.bornTimestamp,
      flag: 0,
      properties: JSON.parse(`"${message.propertiesJson}"`) as string,
      reconsumeTimes: 0,
      unitMode: false,
      maxReconsumeTimes: undefined,
      batch: message.isBatch,
      brokerName: queue.brokerName,
    });
    return createRequest(RequestCode.SEND_MESSAGE_V2, { extFields, body: message.body }, true);
  }
}

function tooMany(inFlightSendsMax: number): MqError {
  return new TransportError(
    'TOO_MANY_REQUESTS',
    `${inFlightSendsMax} one-way sends wait for the network already (inFlightSendsMax)`,
    {
      outcome: 'not-sent',
      details: { inFlightSendsMax },
    },
  );
}

function noMaster(queue: MessageQueue): MqError {
  return new RouteError('BROKER_NOT_FOUND', `the broker "${queue.brokerName}" has no master now`, {
    retryable: true,
    details: { ...queue },
  });
}

function tooLate(message: PreparedMessage, timeoutMs: number): MqError {
  return new TransportError('REQUEST_TIMEOUT', `no NameServer gave the route of "${message.topic}" within ${timeoutMs} ms`, {
    outcome: 'not-sent',
    details: { topic: message.topic },
  });
}
