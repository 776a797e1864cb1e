/**
 * Puts a failed message durably somewhere else, so that its offset may advance (pages 06 §2-3): the broker's own send-back
 * (36), else an ordinary send to the group's retry topic as CLIENT_INNER_PRODUCER. Both can store a copy although no answer
 * arrives: a retry may come twice, never not at all.
 */
import { BrokerError, type Environment, isMqError, type Logger, type Random, RouteError } from '@orbitmq/core/kernel';
import {
  clientInnerProducerGroup,
  createRequest,
  decodeProperties,
  encodeProperties,
  type MessageQueue,
  PropertyName,
  RequestCode,
  ResponseCode,
  retryTopic,
  SysFlag,
  SystemTopic,
  sendMessageV2Header,
} from '@orbitmq/protocol';
import type { ConsumerClient } from './consumer-client.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import type { ReceivedMessage } from './received-message.js';

/** Delay level of the first retry: 3 = 10 s. */
const firstRetryDelayLevel = 3;
/** Tries of the ordinary send, each on another queue and, while there is one, on a broker that has not failed (Java: the internal producer's 1 + 2). */
const sendAttemptsMax = 3;

/** What a copy must not inherit: it would be delayed, half, rewritten or checked again (page 06 trap 4). */
const notCopied = [
  PropertyName.DELAY,
  PropertyName.REAL_TOPIC,
  PropertyName.REAL_QUEUE_ID,
  PropertyName.TRANSACTION_PREPARED,
  PropertyName.TIMER_DELAY_SEC,
  PropertyName.TIMER_DELAY_MS,
  PropertyName.TIMER_DELIVER_MS,
  // The broker sets WAIT=false on its own rewrites; the copy's answer has to wait for the disk.
  PropertyName.WAIT,
  '__CRC32#',
];

/** The copy is on its broker, though less durable than configured; sending it again would only multiply it. */
const storedCodes: ReadonlySet<number> = new Set([
  ResponseCode.SUCCESS,
  ResponseCode.FLUSH_DISK_TIMEOUT,
  ResponseCode.SLAVE_NOT_AVAILABLE,
  ResponseCode.FLUSH_SLAVE_TIMEOUT,
]);

export class RetryDelivery {
  readonly #instance: ConsumerClient;
  readonly #requests: ConsumerRequests;
  readonly #group: string;
  readonly #limit: number;
  readonly #tuning: ConsumerTuning;
  readonly #random: Random;
  readonly #logger: Logger;

  constructor(options: {
    readonly environment: Environment;
    readonly instance: ConsumerClient;
    readonly requests: ConsumerRequests;
    readonly group: string;
    /** Retries before the dead-letter topic. */
    readonly reconsumeLimit: number;
    readonly tuning: ConsumerTuning;
  }) {
    this.#instance = options.instance;
    this.#requests = options.requests;
    this.#group = options.group;
    this.#limit = options.reconsumeLimit;
    this.#tuning = options.tuning;
    this.#random = options.environment.random;
    this.#logger = options.environment.logger;
  }

  /** `delayLevel`: 0 the broker's rule, -1 dead-letter now. True when the message is stored elsewhere; never rejects. */
  async sendBack(message: ReceivedMessage, delayLevel: number): Promise<boolean> {
    try {
      await this.#requests.sendMessageBack(message, delayLevel, this.#limit);
      return true;
    } catch (error) {
      this.#warn('send-back failed, sending to the retry topic instead', message, error);
    }
    const isDead = delayLevel < 0 || message.reconsumeTimes >= this.#limit;
    const copyDelay = delayLevel > 0 ? delayLevel : firstRetryDelayLevel + message.reconsumeTimes;
    return this.#sendCopy(message, isDead ? undefined : copyDelay, message.brokerName);
  }

  /**
   * Orderly: the message has been tried often enough. An ordinary send, because it carries the count of tries, which for
   * orderly messages only this process knows. True when it is stored; never rejects.
   */
  deadLetter(message: ReceivedMessage): Promise<boolean> {
    return this.#sendCopy(message, undefined, undefined);
  }

  async #sendCopy(message: ReceivedMessage, delayLevel: number | undefined, failedBroker: string | undefined): Promise<boolean> {
    let queues: readonly MessageQueue[];
    try {
      queues = await this.#instance.publishQueues(retryTopic(this.#group));
    } catch (error) {
      this.#warn('the retry topic has no route', message, error);
      return false;
    }
    const first = queues.length === 0 ? 0 : this.#random.int(queues.length);
    const failed = new Set(failedBroker === undefined ? [] : [failedBroker]);
    for (let attempt = 0; attempt < Math.min(sendAttemptsMax, queues.length); attempt += 1) {
      const queue = queueInTurn(queues, first + attempt, failed);
      try {
        await this.#sendCopyTo(queue, message, delayLevel);
        return true;
      } catch (error) {
        failed.add(queue.brokerName);
        this.#warn('sending to the retry topic failed', message, error);
      }
    }
    return false;
  }

  async #sendCopyTo(queue: MessageQueue, message: ReceivedMessage, delayLevel: number | undefined): Promise<void> {
    const address = this.#instance.masterAddress(queue.brokerName);
    if (address === undefined) {
      throw new RouteError('BROKER_NOT_FOUND', `no address of the broker "${queue.brokerName}" is known`);
    }
    const reconsumeTimes = message.reconsumeTimes + 1;
    // Above its limit, 4.9 (>=) and 5.x (>) agree that a message is a dead letter.
    const limit = delayLevel === undefined ? Math.min(this.#limit, message.reconsumeTimes) : this.#limit;
    const extFields = sendMessageV2Header.encode({
      producerGroup: clientInnerProducerGroup,
      topic: queue.topic,
      defaultTopic: SystemTopic.AUTO_CREATE_TOPIC_KEY,
      defaultTopicQueueNums: 4,
      queueId: queue.queueId,
      // The body goes back as it is stored, so its compression bits go with it.
      sysFlag: message.record.sysFlag & (SysFlag.COMPRESSED | SysFlag.COMPRESSION_TYPE_MASK),
      bornTimestamp: message.record.bornTimestamp,
      flag: message.record.flag,
      properties: encodeProperties(copyProperties(message, delayLevel, limit)),
      reconsumeTimes,
      unitMode: false,
      maxReconsumeTimes: limit,
      batch: false,
      brokerName: queue.brokerName,
    });
    const request = createRequest(RequestCode.SEND_MESSAGE_V2, { extFields, body: message.record.body });
    const answer = await this.#instance.remoting.invoke(address, request, { timeoutMs: this.#tuning.sendBackTimeoutMs });
    if (storedCodes.has(answer.code)) return;
    const remark = answer.remark ?? '';
    throw new BrokerError(`the broker ${address} refused a retry of the group "${this.#group}" (${answer.code}): ${remark}`, {
      responseCode: answer.code,
      remark,
      brokerAddr: address,
    });
  }

  #warn(what: string, message: ReceivedMessage, error: unknown): void {
    this.#logger.warn(what, {
      messageId: message.messageId,
      topic: message.topic,
      brokerName: message.brokerName,
      code: isMqError(error) ? error.code : undefined,
      error,
    });
  }
}

/** The queue whose turn it is, past brokers that have just failed as long as there is another one. */
function queueInTurn(queues: readonly MessageQueue[], turn: number, failed: ReadonlySet<string>): MessageQueue {
  const inTurn = queues.map((_queue, index) => queues[(turn + index) % queues.length] as MessageQueue);
  return inTurn.find((queue) => !failed.has(queue.brokerName)) ?? (inTurn[0] as MessageQueue);
}

function copyProperties(message: ReceivedMessage, delayLevel: number | undefined, limit: number): Record<string, string> {
  const properties = decodeProperties(message.record.propertiesBytes);
  for (const name of notCopied) delete properties[name];
  properties[PropertyName.RETRY_TOPIC] ??= message.topic;
  properties[PropertyName.ORIGIN_MESSAGE_ID] ??= message.messageId;
  properties[PropertyName.RECONSUME_TIME] = String(message.reconsumeTimes + 1);
  properties[PropertyName.MAX_RECONSUME_TIMES] = String(limit);
  if (delayLevel !== undefined) properties[PropertyName.DELAY] = String(delayLevel);
  return properties;
}
