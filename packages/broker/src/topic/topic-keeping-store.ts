/**
 * The store as the requests see it: a put is done when its message and the topic it is for are on disk. A send can create a
 * topic, a retry or dead-letter topic comes with its first message; were the answer to outrun `topics.json`, a crash would
 * leave an acknowledged message in a topic that nobody can read. A topic that is on disk waits for nothing, whatever becomes
 * of the file. Costs one comparison while no topic changes.
 */
import type { StopOptions } from '@orbitmq/core/kernel';
import { findProperty, type MessageExt, PropertyName } from '@orbitmq/protocol';
import type { QueryMessageRequest, QueryMessageResult } from '../store/message-query.js';
import type {
  ArrivalListener,
  GetMessageRequest,
  GetMessageResult,
  MessageStore,
  MessageToStore,
  PutStatus,
  PutWaiter,
  QueueEntry,
} from '../store/message-store.js';
import { isStored } from '../store/started-put.js';
import type { TopicConfigManager } from './topic-config-manager.js';

type Topics = Pick<TopicConfigManager, 'isPersisted' | 'isTopicPersisted' | 'persist'>;

export class TopicKeepingStore implements MessageStore {
  readonly #store: MessageStore;
  readonly #topics: Topics;

  constructor(store: MessageStore, topics: Topics) {
    this.#store = store;
    this.#topics = topics;
  }

  putMessage(message: MessageToStore, waiter: PutWaiter): void {
    this.#store.putMessage(message, this.#topics.isPersisted ? waiter : this.#topicFirst(message, waiter));
  }

  putMessages(messages: readonly MessageToStore[], waiter: PutWaiter): void {
    const [first] = messages;
    const isFree = first === undefined || this.#topics.isPersisted;
    this.#store.putMessages(messages, isFree ? waiter : this.#topicFirst(first, waiter));
  }

  /** Delayed and half messages are in a topic of the broker's, and in another one later. Messages of a batch have one topic and are neither. */
  #topicFirst(message: MessageToStore, waiter: PutWaiter): PutWaiter {
    if (!this.#topics.isTopicPersisted(message.topic)) return new TopicFirst(waiter, this.#topics, message.topic);
    const realTopic = findProperty(message.properties, PropertyName.REAL_TOPIC);
    if (realTopic === undefined || this.#topics.isTopicPersisted(realTopic)) return waiter;
    return new TopicFirst(waiter, this.#topics, realTopic);
  }

  getMessage(request: GetMessageRequest): GetMessageResult | Promise<GetMessageResult> {
    return this.#store.getMessage(request);
  }

  queueEntries(topic: string, queueId: number, queueOffset: number, maxCount: number): Promise<readonly QueueEntry[]> {
    return this.#store.queueEntries(topic, queueId, queueOffset, maxCount);
  }

  lookMessage(physicalOffset: number): Promise<MessageExt | undefined> {
    return this.#store.lookMessage(physicalOffset);
  }

  queryMessage(request: QueryMessageRequest): Promise<QueryMessageResult> {
    return this.#store.queryMessage(request);
  }

  minOffset(topic: string, queueId: number): number {
    return this.#store.minOffset(topic, queueId);
  }

  maxOffset(topic: string, queueId: number): number {
    return this.#store.maxOffset(topic, queueId);
  }

  offsetByTime(topic: string, queueId: number, timestamp: number): Promise<number> {
    return this.#store.offsetByTime(topic, queueId, timestamp);
  }

  earliestStoreTime(topic: string, queueId: number): Promise<number> {
    return this.#store.earliestStoreTime(topic, queueId);
  }

  storeTime(topic: string, queueId: number, queueOffset: number): Promise<number> {
    return this.#store.storeTime(topic, queueId, queueOffset);
  }

  isInMemory(topic: string, queueId: number, queueOffset: number): boolean {
    return this.#store.isInMemory(topic, queueId, queueOffset);
  }

  onArrival(listener: ArrivalListener): void {
    this.#store.onArrival(listener);
  }

  whenFlushed(): Promise<void> {
    return this.#store.whenFlushed();
  }

  get minPhysicalOffset(): number {
    return this.#store.minPhysicalOffset;
  }

  get maxPhysicalOffset(): number {
    return this.#store.maxPhysicalOffset;
  }

  get isWritable(): boolean {
    return this.#store.isWritable;
  }

  start(): Promise<void> {
    return this.#store.start();
  }

  stop(options?: StopOptions): Promise<void> {
    return this.#store.stop(options);
  }
}

/** A put that began while its topic was on the way to the disk. */
class TopicFirst implements PutWaiter {
  readonly #waiter: PutWaiter;
  readonly #topics: Topics;
  readonly #topic: string;
  readonly keepsPlace: boolean;

  constructor(waiter: PutWaiter, topics: Topics, topic: string) {
    this.keepsPlace = waiter.keepsPlace === true;
    this.#waiter = waiter;
    this.#topics = topics;
    this.#topic = topic;
  }

  onAppended(physicalOffset: number, queueOffset: number, storeTimestamp: number): void {
    this.#waiter.onAppended(physicalOffset, queueOffset, storeTimestamp);
  }

  onDone(status: PutStatus): void {
    if (!isStored(status) || this.#topics.isTopicPersisted(this.#topic)) {
      this.#waiter.onDone(status);
      return;
    }
    this.#topics.persist().then(
      () => this.#waiter.onDone(status),
      () => this.#waiter.onDone('TOPIC_NOT_WRITTEN'),
    );
  }
}
