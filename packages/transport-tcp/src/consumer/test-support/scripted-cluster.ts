/**
 * One broker in memory for the tests of consumers: queues, long polling, offsets, locks, members, retries and dead letters
 * by the rules of pages 04-06, on virtual time. Every request is recorded; `intercept` replaces the answer to a code.
 */
import type { ConsumerData, MessageQueue, PullMessageHeader, RemotingCommand } from '@orbitmq/protocol';
import {
  consumerGroupHeader,
  consumerSendMessageBackHeader,
  createResponse,
  deadLetterTopic,
  decodeLockBatch,
  decodeProperties,
  encodeConsumerIdList,
  encodeHost,
  encodeLockBatchResult,
  encodeProperties,
  encodeRecord,
  PullSysFlag,
  pullMessageHeader,
  pullMessageResponseHeader,
  queryConsumerOffsetHeader,
  queryConsumerOffsetResponseHeader,
  queueOffsetHeader,
  queueOffsetResponseHeader,
  RequestCode,
  ResponseCode,
  recordSizeBytes,
  retryTopic,
  searchOffsetHeader,
  sendMessageV2Header,
  type UpdateConsumerOffsetHeader,
  updateConsumerOffsetHeader,
} from '@orbitmq/protocol';
import type { VirtualEnvironment } from '@orbitmq/testing';

export interface RecordedRequest {
  readonly atMs: number;
  readonly clientId: string;
  readonly code: number;
  readonly command: RemotingCommand;
}

export interface StoredMessage {
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly body: Buffer;
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly record: Buffer;
}

export interface PublishOptions {
  readonly queueId?: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly sysFlag?: number;
  readonly reconsumeTimes?: number;
}

export interface Commit {
  readonly clientId: string;
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
}

/** An answer, a failure of the network, or undefined: what the broker would do by itself. */
export type Interceptor = (request: RecordedRequest) => RemotingCommand | Error | undefined;

interface QueueState {
  minOffset: number;
  readonly messages: StoredMessage[];
  readonly waiting: (() => void)[];
}

const delayLevelsSeconds = [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200];
const brokerName = 'broker-a';
const host = encodeHost('10.0.0.1:10911');

export class ScriptedCluster {
  readonly environment: VirtualEnvironment;
  readonly brokerName = brokerName;
  readonly address = '10.0.0.1:10911';
  readonly requests: RecordedRequest[] = [];
  readonly offsets = new Map<string, number>();
  readonly locks = new Map<string, { clientId: string; atMs: number }>();
  readonly members = new Map<string, Map<string, ConsumerData>>();
  /** Called with each offset a client commits, one-way, two-way or with a pull. */
  onCommit: (commit: Commit) => void = () => undefined;
  /** Called when a message was stored again: as a retry or a dead letter. */
  onStoredAgain: (uniqueKey: string) => void = () => undefined;
  /** Called when the members of a group changed. */
  onMembersChanged: (group: string) => void = () => undefined;
  /** Messages that wait for their delay. */
  pendingRetries = 0;
  /** How long a topic made by a heartbeat stays unknown to the NameServer. */
  retryTopicAnnouncementMs = 150;
  readonly #topics = new Map<string, { readonly queues: QueueState[]; readonly visibleAtMs: number }>();
  readonly #interceptors = new Map<number, Interceptor>();
  readonly #log: StoredMessage[] = [];

  constructor(environment: VirtualEnvironment) {
    this.environment = environment;
  }

  addTopic(topic: string, queueCount: number, visibleInMs = 0): void {
    if (this.#topics.has(topic)) return;
    const queues = Array.from({ length: queueCount }, (): QueueState => ({ minOffset: 0, messages: [], waiting: [] }));
    this.#topics.set(topic, { queues, visibleAtMs: this.environment.clock.monotonic() + visibleInMs });
  }

  queuesOf(topic: string): readonly MessageQueue[] | undefined {
    const found = this.#topics.get(topic);
    if (found === undefined || found.visibleAtMs > this.environment.clock.monotonic()) return undefined;
    return found.queues.map((_queue, queueId) => ({ topic, brokerName, queueId }));
  }

  intercept(code: number, interceptor: Interceptor | undefined): void {
    if (interceptor === undefined) this.#interceptors.delete(code);
    else this.#interceptors.set(code, interceptor);
  }

  publish(topic: string, body: string | Uint8Array, options: PublishOptions = {}): StoredMessage {
    const queueId = options.queueId ?? 0;
    const queue = this.#queue(topic, queueId);
    const queueOffset = queue.minOffset + queue.messages.length;
    const physicalOffset = this.#log.length * 1000;
    const properties = { UNIQ_KEY: `ID${this.#log.length}`, ...options.properties };
    const bytes = Buffer.from(body as Uint8Array);
    const parts = {
      topicBytes: Buffer.from(topic),
      queueId,
      flag: 0,
      sysFlag: options.sysFlag ?? 0,
      bornTimestamp: this.environment.clock.now(),
      bornHost: host,
      storeHost: host,
      reconsumeTimes: options.reconsumeTimes ?? 0,
      preparedTransactionOffset: 0,
      body: bytes,
      properties: Buffer.from(encodeProperties(properties)),
    };
    const record = Buffer.alloc(recordSizeBytes(parts));
    encodeRecord(record, 0, parts, { queueOffset, physicalOffset, storeTimestamp: this.environment.clock.now() });
    const { sysFlag, reconsumeTimes } = parts;
    const stored = { topic, queueId, queueOffset, physicalOffset, body: bytes, sysFlag, reconsumeTimes, properties, record };
    queue.messages.push(stored);
    this.#log.push(stored);
    for (const wake of queue.waiting.splice(0)) wake();
    return stored;
  }

  /** What the broker has in a topic, queue after queue. */
  stored(topic: string): readonly StoredMessage[] {
    return this.#topics.get(topic)?.queues.flatMap((queue) => queue.messages) ?? [];
  }

  /** Retention took everything below `offset`. */
  expire(topic: string, queueId: number, offset: number): void {
    const queue = this.#queue(topic, queueId);
    queue.messages.splice(0, offset - queue.minOffset);
    queue.minOffset = offset;
  }

  committed(group: string, topic: string, queueId = 0): number | undefined {
    return this.offsets.get(`${group}@${topic}@${queueId}`);
  }

  count(code: number): number {
    return this.requests.filter((request) => request.code === code).length;
  }

  /** A client's group is gone, as after a closed connection. */
  leave(group: string, clientId: string): void {
    if (this.members.get(group)?.delete(clientId) === true) this.onMembersChanged(group);
  }

  heartbeat(clientId: string, consumers: readonly ConsumerData[]): void {
    for (const data of consumers) {
      const group = this.members.get(data.groupName) ?? new Map<string, ConsumerData>();
      const isNew = !group.has(clientId);
      group.set(clientId, data);
      this.members.set(data.groupName, group);
      this.addTopic(retryTopic(data.groupName), 1, this.retryTopicAnnouncementMs);
      if (isNew) this.onMembersChanged(data.groupName);
    }
  }

  answer(clientId: string, command: RemotingCommand): Promise<RemotingCommand> {
    const request = { atMs: this.environment.clock.monotonic(), clientId, code: command.code, command };
    this.requests.push(request);
    const replaced = this.#interceptors.get(command.code)?.(request);
    if (replaced instanceof Error) return Promise.reject(replaced);
    if (replaced !== undefined) return Promise.resolve(replaced);
    switch (command.code) {
      case RequestCode.PULL_MESSAGE:
        return this.#pull(clientId, command);
      case RequestCode.QUERY_CONSUMER_OFFSET:
        return Promise.resolve(this.#queryOffset(command));
      case RequestCode.UPDATE_CONSUMER_OFFSET:
        return Promise.resolve(this.#updateOffset(clientId, command));
      case RequestCode.GET_MAX_OFFSET: {
        const header = queueOffsetHeader.decodeCommand(command);
        return Promise.resolve(this.#offsetAnswer(command, this.#maxOffset(this.#queue(header.topic, header.queueId))));
      }
      case RequestCode.SEARCH_OFFSET_BY_TIMESTAMP:
        return Promise.resolve(this.#offsetAnswer(command, searchOffsetHeader.decodeCommand(command).timestamp % 1000));
      case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
        return Promise.resolve(this.#memberList(command));
      case RequestCode.LOCK_BATCH_MQ:
        return Promise.resolve(this.#lock(command));
      case RequestCode.UNLOCK_BATCH_MQ:
        return Promise.resolve(this.#unlock(command));
      case RequestCode.CONSUMER_SEND_MSG_BACK:
        return Promise.resolve(this.#sendBack(command));
      case RequestCode.SEND_MESSAGE_V2:
        return Promise.resolve(this.#send(command));
      default:
        return Promise.resolve(createResponse(command, ResponseCode.REQUEST_CODE_NOT_SUPPORTED));
    }
  }

  #queue(topic: string, queueId: number): QueueState {
    const queue = this.#topics.get(topic)?.queues[queueId];
    if (queue === undefined) throw new Error(`no queue ${queueId} of ${topic}`);
    return queue;
  }

  #maxOffset(queue: QueueState): number {
    return queue.minOffset + queue.messages.length;
  }

  async #pull(clientId: string, command: RemotingCommand): Promise<RemotingCommand> {
    const header = pullMessageHeader.decodeCommand(command);
    const known = [...(this.members.get(header.consumerGroup)?.values() ?? [])]
      .flatMap((data) => data.subscriptionDataSet)
      .filter((entry) => entry.topic === header.topic);
    if (known.length === 0) return createResponse(command, ResponseCode.SUBSCRIPTION_NOT_EXIST);
    // The broker keeps the newest of all members.
    if (Math.max(...known.map((entry) => entry.subVersion)) < header.subVersion)
      return createResponse(command, ResponseCode.SUBSCRIPTION_NOT_LATEST);
    if ((header.sysFlag & PullSysFlag.COMMIT_OFFSET) !== 0) {
      this.#commit(clientId, header);
    }
    const queue = this.#queue(header.topic, header.queueId);
    if (header.queueOffset === this.#maxOffset(queue) && (header.sysFlag & PullSysFlag.SUSPEND) !== 0) {
      await this.#hold(queue, header.suspendTimeoutMillis);
    }
    return this.#read(command, header, queue);
  }

  #hold(queue: QueueState, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.environment.timers.setTimeout(resolve, limitMs);
      queue.waiting.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #read(command: RemotingCommand, header: PullMessageHeader, queue: QueueState): RemotingCommand {
    const maxOffset = this.#maxOffset(queue);
    const { queueOffset } = header;
    const from = queueOffset - queue.minOffset;
    let code: number = ResponseCode.SUCCESS;
    let nextBeginOffset = queueOffset;
    let records: readonly Uint8Array[] = [];
    if (queueOffset < queue.minOffset || queueOffset > maxOffset) {
      code = ResponseCode.PULL_OFFSET_MOVED;
      nextBeginOffset = queueOffset < queue.minOffset ? queue.minOffset : maxOffset;
    } else if (queueOffset === maxOffset) {
      code = ResponseCode.PULL_NOT_FOUND;
    } else {
      const messages = queue.messages.slice(from, from + header.maxMsgNums);
      nextBeginOffset = queueOffset + messages.length;
      records = messages.map((message) => message.record);
    }
    const fields = { suggestWhichBrokerId: 0, nextBeginOffset, minOffset: queue.minOffset, maxOffset };
    const extFields = pullMessageResponseHeader.encode({ ...fields, topicSysFlag: undefined, groupSysFlag: undefined });
    return createResponse(command, code, { extFields, body: Buffer.concat(records) });
  }

  #queryOffset(command: RemotingCommand): RemotingCommand {
    const header = queryConsumerOffsetHeader.decodeCommand(command);
    const offset = this.committed(header.consumerGroup, header.topic, header.queueId);
    if (offset === undefined) return createResponse(command, ResponseCode.QUERY_NOT_FOUND);
    return createResponse(command, ResponseCode.SUCCESS, { extFields: queryConsumerOffsetResponseHeader.encode({ offset }) });
  }

  #commit(clientId: string, header: UpdateConsumerOffsetHeader): void {
    const { consumerGroup, topic, queueId, commitOffset } = header;
    this.offsets.set(`${consumerGroup}@${topic}@${queueId}`, commitOffset);
    this.onCommit({ clientId, topic, queueId, offset: commitOffset });
  }

  #updateOffset(clientId: string, command: RemotingCommand): RemotingCommand {
    this.#commit(clientId, updateConsumerOffsetHeader.decodeCommand(command));
    return createResponse(command, ResponseCode.SUCCESS);
  }

  #offsetAnswer(command: RemotingCommand, offset: number): RemotingCommand {
    return createResponse(command, ResponseCode.SUCCESS, { extFields: queueOffsetResponseHeader.encode({ offset }) });
  }

  #memberList(command: RemotingCommand): RemotingCommand {
    const ids = [...(this.members.get(consumerGroupHeader.decodeCommand(command).consumerGroup)?.keys() ?? [])];
    if (ids.length === 0) return createResponse(command, ResponseCode.SYSTEM_ERROR, { remark: 'no consumer for this group' });
    return createResponse(command, ResponseCode.SUCCESS, { body: encodeConsumerIdList(ids) });
  }

  #lock(command: RemotingCommand): RemotingCommand {
    const body = decodeLockBatch(command.body ?? Buffer.alloc(0));
    const now = this.environment.clock.monotonic();
    const locked = body.queues.filter((queue) => {
      const key = `${body.consumerGroup}@${queue.topic}@${queue.queueId}`;
      const lock = this.locks.get(key);
      if (lock !== undefined && lock.clientId !== body.clientId && now - lock.atMs < 60_000) return false;
      this.locks.set(key, { clientId: body.clientId, atMs: now });
      return true;
    });
    return createResponse(command, ResponseCode.SUCCESS, { body: encodeLockBatchResult(locked) });
  }

  #unlock(command: RemotingCommand): RemotingCommand {
    const body = decodeLockBatch(command.body ?? Buffer.alloc(0));
    for (const queue of body.queues) {
      const key = `${body.consumerGroup}@${queue.topic}@${queue.queueId}`;
      if (this.locks.get(key)?.clientId === body.clientId) this.locks.delete(key);
    }
    return createResponse(command, ResponseCode.SUCCESS);
  }

  #sendBack(command: RemotingCommand): RemotingCommand {
    const header = consumerSendMessageBackHeader.decodeCommand(command);
    const origin = this.#log[header.offset / 1000];
    if (origin === undefined)
      return createResponse(command, ResponseCode.SYSTEM_ERROR, { remark: 'look message by offset failed' });
    const isDead = header.delayLevel < 0 || origin.reconsumeTimes >= (header.maxReconsumeTimes ?? 16);
    const level = header.delayLevel > 0 ? header.delayLevel : 3 + origin.reconsumeTimes;
    this.#storeAgain(header.group, isDead ? undefined : level, origin.body, {
      properties: { RETRY_TOPIC: origin.topic, ...origin.properties },
      sysFlag: origin.sysFlag,
      reconsumeTimes: origin.reconsumeTimes + 1,
    });
    return createResponse(command, ResponseCode.SUCCESS);
  }

  #send(command: RemotingCommand): RemotingCommand {
    const header = sendMessageV2Header.decodeCommand(command);
    const group = header.topic.slice('%RETRY%'.length);
    const properties = decodeProperties(header.properties ?? '');
    const isDead = (header.reconsumeTimes ?? 0) > (header.maxReconsumeTimes ?? 16);
    const { sysFlag } = header;
    const reconsumeTimes = header.reconsumeTimes ?? 0;
    this.#storeAgain(group, isDead ? undefined : Number(properties.DELAY ?? 0), command.body ?? Buffer.alloc(0), {
      properties,
      sysFlag,
      reconsumeTimes,
    });
    return createResponse(command, ResponseCode.SUCCESS);
  }

  #storeAgain(group: string, level: number | undefined, body: Buffer, options: PublishOptions): void {
    this.onStoredAgain(options.properties?.UNIQ_KEY ?? '');
    if (level === undefined) {
      this.addTopic(deadLetterTopic(group), 1);
      this.publish(deadLetterTopic(group), body, options);
      return;
    }
    this.addTopic(retryTopic(group), 1);
    const delayMs = (delayLevelsSeconds[level - 1] ?? 0) * 1000;
    this.pendingRetries += 1;
    this.environment.timers.setTimeout(() => {
      this.pendingRetries -= 1;
      this.publish(retryTopic(group), body, options);
    }, delayMs);
  }
}
