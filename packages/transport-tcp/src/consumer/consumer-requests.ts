/**
 * The requests a consumer sends to brokers, one method each (Java: the consumer's part of MQClientAPIImpl). Methods reject
 * with a `TransportError` when the network fails, with a `BrokerError` when the broker refuses, with a `RouteError` when
 * the broker's address is unknown; answers that are part of normal life are return values.
 */
import { BrokerError, RouteError } from '@orbitmq/core/kernel';
import {
  consumerGroupHeader,
  consumerSendMessageBackHeader,
  createRequest,
  decodeConsumerIdList,
  decodeLockBatchResult,
  type ExtFields,
  encodeLockBatch,
  type MessageQueue,
  type PullMessageHeader,
  pullMessageHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  searchOffsetHeader,
  searchOffsetResponseHeader,
  updateConsumerOffsetHeader,
} from '@orbitmq/protocol';
import type { ConsumerClient } from './consumer-client.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import type { ReceivedMessage } from './received-message.js';

export class ConsumerRequests {
  readonly #instance: ConsumerClient;
  readonly #group: string;
  readonly #tuning: ConsumerTuning;

  constructor(instance: ConsumerClient, group: string, tuning: ConsumerTuning) {
    this.#instance = instance;
    this.#group = group;
    this.#tuning = tuning;
  }

  /** PULL_MESSAGE (11). The caller judges the code. */
  pull(address: string, header: PullMessageHeader, signal: AbortSignal): Promise<RemotingCommand> {
    const request = createRequest(RequestCode.PULL_MESSAGE, { extFields: pullMessageHeader.encode(header) });
    return this.#instance.remoting.invoke(address, request, { timeoutMs: this.#tuning.pullTimeoutMs, signal });
  }

  /** QUERY_CONSUMER_OFFSET (14); undefined when the group has none. Only code 22 means none (4.9 clients take any error for it, and jump). */
  async committedOffset(queue: MessageQueue, signal?: AbortSignal): Promise<number | undefined> {
    const extFields = queryConsumerOffsetHeader.encode({
      consumerGroup: this.#group,
      topic: queue.topic,
      queueId: queue.queueId,
      setZeroIfNotFound: undefined,
      brokerName: queue.brokerName,
    });
    const address = this.#addressOf(queue);
    const answer = await this.#invoke(address, RequestCode.QUERY_CONSUMER_OFFSET, { extFields }, { signal });
    if (answer.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
    this.#expectSuccess(answer, address, 'QUERY_CONSUMER_OFFSET');
    const { offset } = queryConsumerOffsetResponseHeader.decodeCommand(answer);
    return offset >= 0 ? offset : undefined;
  }

  /** UPDATE_CONSUMER_OFFSET (15), answered. */
  async commitOffset(queue: MessageQueue, commitOffset: number): Promise<void> {
    const address = this.#addressOf(queue);
    const { topic, queueId, brokerName } = queue;
    const fields = { consumerGroup: this.#group, topic, queueId, commitOffset, brokerName };
    const extFields = updateConsumerOffsetHeader.encode(fields);
    const answer = await this.#invoke(address, RequestCode.UPDATE_CONSUMER_OFFSET, { extFields });
    this.#expectSuccess(answer, address, 'UPDATE_CONSUMER_OFFSET');
  }

  /** GET_MAX_OFFSET (30): the offset of the next message to be stored. */
  async maxOffset(queue: MessageQueue, signal?: AbortSignal): Promise<number> {
    const address = this.#addressOf(queue);
    const extFields = queueOffsetHeader.encode({ topic: queue.topic, queueId: queue.queueId, brokerName: queue.brokerName });
    const answer = await this.#invoke(address, RequestCode.GET_MAX_OFFSET, { extFields }, { signal });
    this.#expectSuccess(answer, address, 'GET_MAX_OFFSET');
    return queueOffsetResponseHeader.decodeCommand(answer).offset;
  }

  /** SEARCH_OFFSET_BY_TIMESTAMP (29). */
  async offsetAt(queue: MessageQueue, timestamp: number, signal?: AbortSignal): Promise<number> {
    const address = this.#addressOf(queue);
    const { topic, queueId, brokerName } = queue;
    const extFields = searchOffsetHeader.encode({ topic, queueId, timestamp, boundaryType: undefined, brokerName });
    const answer = await this.#invoke(address, RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, { extFields }, { signal });
    this.#expectSuccess(answer, address, 'SEARCH_OFFSET_BY_TIMESTAMP');
    return searchOffsetResponseHeader.decodeCommand(answer).offset;
  }

  /** GET_CONSUMER_LIST_BY_GROUP (38), asked of some broker of the topic; empty when it knows no member (code 1). */
  async consumerIds(address: string, signal?: AbortSignal): Promise<readonly string[]> {
    const extFields = consumerGroupHeader.encode({ consumerGroup: this.#group });
    const answer = await this.#invoke(address, RequestCode.GET_CONSUMER_LIST_BY_GROUP, { extFields }, { signal });
    if (answer.code === ResponseCode.SYSTEM_ERROR) return [];
    this.#expectSuccess(answer, address, 'GET_CONSUMER_LIST_BY_GROUP');
    return answer.body === undefined ? [] : decodeConsumerIdList(answer.body);
  }

  /** LOCK_BATCH_MQ (41): those of the queues (of one broker) whose lock this client holds now. */
  async lock(brokerName: string, queues: readonly MessageQueue[]): Promise<readonly MessageQueue[]> {
    const address = this.#masterOf(brokerName);
    const timeoutMs = this.#tuning.lockTimeoutMs;
    const answer = await this.#invoke(address, RequestCode.LOCK_BATCH_MQ, { body: this.#lockBody(queues) }, { timeoutMs });
    this.#expectSuccess(answer, address, 'LOCK_BATCH_MQ');
    return answer.body === undefined ? [] : decodeLockBatchResult(answer.body);
  }

  /** UNLOCK_BATCH_MQ (42). */
  async unlock(brokerName: string, queues: readonly MessageQueue[]): Promise<void> {
    const address = this.#masterOf(brokerName);
    const timeoutMs = this.#tuning.lockTimeoutMs;
    const answer = await this.#invoke(address, RequestCode.UNLOCK_BATCH_MQ, { body: this.#lockBody(queues) }, { timeoutMs });
    this.#expectSuccess(answer, address, 'UNLOCK_BATCH_MQ');
  }

  /** CONSUMER_SEND_MSG_BACK (36): the broker stores the message again for a later try, or as a dead letter. */
  async sendMessageBack(message: ReceivedMessage, delayLevel: number, maxReconsumeTimes: number): Promise<void> {
    const extFields = consumerSendMessageBackHeader.encode({
      offset: message.record.physicalOffset,
      group: this.#group,
      delayLevel,
      originMsgId: message.messageId,
      originTopic: message.topic,
      unitMode: false,
      maxReconsumeTimes,
      brokerName: message.brokerName,
    });
    const address = this.#masterOf(message.brokerName);
    const timeoutMs = this.#tuning.sendBackTimeoutMs;
    const answer = await this.#invoke(address, RequestCode.CONSUMER_SEND_MSG_BACK, { extFields }, { timeoutMs });
    this.#expectSuccess(answer, address, 'CONSUMER_SEND_MSG_BACK');
  }

  #lockBody(queues: readonly MessageQueue[]): Buffer {
    return encodeLockBatch({ consumerGroup: this.#group, clientId: this.#instance.clientId, queues });
  }

  #invoke(
    address: string,
    code: number,
    fields: { readonly extFields?: ExtFields; readonly body?: Buffer },
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RemotingCommand> {
    const timeoutMs = options.timeoutMs ?? this.#tuning.requestTimeoutMs;
    return this.#instance.remoting.invoke(address, createRequest(code, fields), { timeoutMs, signal: options.signal });
  }

  #expectSuccess(answer: RemotingCommand, address: string, request: string): void {
    if (answer.code === ResponseCode.SUCCESS) return;
    const remark = answer.remark ?? '';
    throw new BrokerError(`the broker ${address} refused ${request} of the group "${this.#group}" (${answer.code}): ${remark}`, {
      responseCode: answer.code,
      remark,
      brokerAddr: address,
      retryable: true,
    });
  }

  /** Offsets are the master's; when it is gone any other broker of the name serves them. */
  #addressOf(queue: MessageQueue): string {
    return this.#instance.readAddress(queue.brokerName, 0) ?? this.#noAddress(queue.brokerName);
  }

  #masterOf(brokerName: string): string {
    return this.#instance.masterAddress(brokerName) ?? this.#noAddress(brokerName);
  }

  #noAddress(brokerName: string): never {
    throw new RouteError('BROKER_NOT_FOUND', `no address of the broker "${brokerName}" is known`, {
      retryable: true,
      details: { brokerName },
    });
  }
}
