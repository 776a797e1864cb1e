/**
 * The store as the requests see it: a put is done when its message and the topics it may need are on disk. A send can
 * create a topic, a retry or dead-letter topic comes with its first message; were the answer to outrun `topics.json`, a
 * crash would leave an acknowledged message in a topic that nobody can read. Costs one comparison while no topic changes.
 */
import type { StopOptions } from '@orbitmq/core/kernel';
import type { MessageExt } from '@orbitmq/protocol';
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
import type { TopicConfigManager } from './topic-config-manager.js';

type Topics = Pick<TopicConfigManager, 'isPersisted' | 'persist'>;

export class TopicKeepingStore implements MessageStore {
  readonly #store: MessageStore;
  readonly #topics: Topics;

  constructor(store: MessageStore, topics: Topics) {
    this.#store = store;
    this.#topics = topics;
  }

  putMessage(message: MessageToStore, waiter: PutWaiter): void {
    this.#store.putMessage(message, this.#topics.isPersisted ? waiter : new TopicsFirst(waiter, this.#topics));
  }

  putMessages(messages: readonly MessageToStore[], waiter: PutWaiter): void {
    this.#store.putMessages(messages, this.#topics.isPersisted ? waiter : new TopicsFirst(waiter, this.#topics));
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

  isInMemory(topic: string, queueId: number, queueOffset: number): boolean {
    return this.#store.isInMemory(topic, queueId, queueOffset);
  }

  onArrival(listener: ArrivalListener): void {
    this.#store.onArrival(listener);
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

/** A put that began while a change of the topics was on its way to the disk. */
class TopicsFirst implements PutWaiter {
  readonly #waiter: PutWaiter;
  readonly #topics: Topics;

  constructor(waiter: PutWaiter, topics: Topics) {
    this.#waiter = waiter;
    this.#topics = topics;
  }

  onAppended(physicalOffset: number, queueOffset: number, storeTimestamp: number): void {
    this.#waiter.onAppended(physicalOffset, queueOffset, storeTimestamp);
  }

  onDone(status: PutStatus): void {
    if (this.#topics.isPersisted) {
      this.#waiter.onDone(status);
      return;
    }
    this.#topics.persist().then(
      () => this.#waiter.onDone(status),
      // The message is in the log; whether its topic survives a crash is not known, so success cannot be said.
      () => this.#waiter.onDone('SERVICE_NOT_AVAILABLE'),
    );
  }
}
