import type { Timers } from '@orbitmq/core/kernel';
import { decodeRecord, encodeRecord, type MessageExt, type RecordParts, recordSizeBytes } from '@orbitmq/protocol';
import { hasKey } from '../store/index/has-key.js';
import type { QueryMessageRequest, QueryMessageResult } from '../store/message-query.js';
import type {
  ArrivalListener,
  GetMessageRequest,
  GetMessageResult,
  GetMessageStatus,
  MessageStore,
  MessageToStore,
  PutStatus,
  PutWaiter,
  QueueEntry,
} from '../store/message-store.js';
import type { TagsCodeOf } from '../store/tags-code-of.js';

interface Pending {
  readonly waiter: PutWaiter;
  readonly messages: readonly { readonly topic: string; readonly queueId: number; readonly entry: QueueEntry }[];
}

export interface FakeMessageStoreOptions {
  readonly clock: { now(): number };
  readonly timers: Timers;
  readonly tagsCodeOf: TagsCodeOf;
  /** How long a flush takes; puts of that time share it. Default: 1. */
  readonly flushMs?: number;
}

/** A message store of arrays with the promises of the real one: visible and answered only after the flush, in order. */
export class FakeMessageStore implements MessageStore {
  readonly records = new Map<number, Buffer>();
  readonly queues = new Map<string, QueueEntry[]>();
  /** Assigned queue offsets, flushed or not. */
  readonly #ends = new Map<string, number>();
  readonly #mins = new Map<string, number>();
  readonly #listeners: ArrivalListener[] = [];
  readonly #options: FakeMessageStoreOptions;
  #pending: Pending[] = [];
  #isFlushScheduled = false;
  maxPhysicalOffset = 0;
  minPhysicalOffset = 0;
  /** Of a store with ASYNC_FLUSH: a power cut takes what is behind it. */
  syncedEnd = 0;
  isWritable = true;
  /** Answer of the next puts, one each; they store nothing unless the status says so. */
  readonly nextStatuses: (PutStatus | 'FAILED_AFTER_APPEND' | 'FLUSH_LATE')[] = [];
  /** Everything that was put, in order. */
  readonly puts: MessageToStore[] = [];
  /** Reads answer later, as from a disk. */
  isCold = false;

  constructor(options: FakeMessageStoreOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.isWritable = false;
  }

  putMessage(message: MessageToStore, waiter: PutWaiter): void {
    this.putMessages([message], waiter);
  }

  putMessages(messages: readonly MessageToStore[], waiter: PutWaiter): void {
    const status = this.isWritable ? (this.nextStatuses.shift() ?? 'PUT_OK') : 'SERVICE_NOT_AVAILABLE';
    if (status === 'FAILED_AFTER_APPEND') {
      for (const message of messages) this.#append(message, waiter);
      this.#options.timers.setImmediate(() => waiter.onDone('SERVICE_NOT_AVAILABLE'));
      return;
    }
    if (status === 'FLUSH_LATE') {
      // Answered as the real store does when its disk hangs; the next flush makes it visible.
      this.puts.push(...messages);
      const appended = messages.map((message) => this.#append(message, waiter));
      this.#pending.push({ waiter: { onAppended: () => {}, onDone: () => {} }, messages: appended });
      this.#options.timers.setImmediate(() => waiter.onDone('FLUSH_DISK_TIMEOUT'));
      return;
    }
    if (status !== 'PUT_OK' && status !== 'FLUSH_DISK_TIMEOUT' && status !== 'TOPIC_NOT_WRITTEN') {
      this.#options.timers.setImmediate(() => waiter.onDone(status));
      return;
    }
    this.puts.push(...messages);
    this.#pending.push({
      waiter: {
        onAppended: () => {},
        onDone: () => waiter.onDone(status),
      },
      messages: messages.map((message) => this.#append(message, waiter)),
    });
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#options.timers.setTimeout(() => this.flush(), this.#options.flushMs ?? 1);
  }

  #append(message: MessageToStore, waiter: PutWaiter) {
    const key = `${message.topic}@${message.queueId}`;
    const queueOffset = this.#ends.get(key) ?? 0;
    this.#ends.set(key, queueOffset + 1);
    const storeTimestamp = this.#options.clock.now();
    const parts: RecordParts = { ...message, topicBytes: Buffer.from(message.topic) };
    const record = Buffer.alloc(recordSizeBytes(parts));
    const physicalOffset = this.maxPhysicalOffset;
    encodeRecord(record, 0, parts, { queueOffset, physicalOffset, storeTimestamp });
    this.records.set(physicalOffset, record);
    this.maxPhysicalOffset += record.length;
    const tagsCode = this.#options.tagsCodeOf(message.topic, message.properties, storeTimestamp);
    waiter.onAppended(physicalOffset, queueOffset, storeTimestamp);
    const entry: QueueEntry = { queueOffset, physicalOffset, sizeBytes: record.length, tagsCode };
    return { topic: message.topic, queueId: message.queueId, entry };
  }

  /** Makes what was put durable and visible. */
  flush(): void {
    this.#isFlushScheduled = false;
    const pending = this.#pending;
    this.#pending = [];
    for (const { messages } of pending) {
      for (const { topic, queueId, entry } of messages) this.#queue(topic, queueId).push(entry);
    }
    for (const { messages, waiter } of pending) {
      for (const { topic, queueId, entry } of messages) {
        for (const listener of this.#listeners) listener(topic, queueId, entry.queueOffset + 1, entry.tagsCode);
      }
      waiter.onDone('PUT_OK');
    }
  }

  #queue(topic: string, queueId: number): QueueEntry[] {
    const key = `${topic}@${queueId}`;
    let entries = this.queues.get(key);
    if (entries === undefined) {
      entries = [];
      this.queues.set(key, entries);
    }
    return entries;
  }

  /** The store as a restarted broker finds it when only records below `physicalEnd` survived; queue entries are not made anew. */
  survivor(physicalEnd = this.maxPhysicalOffset, tagsCodeOf = this.#options.tagsCodeOf): FakeMessageStore {
    const store = new FakeMessageStore({ ...this.#options, tagsCodeOf });
    for (const [offset, record] of [...this.records].toSorted(([a], [b]) => a - b)) {
      if (offset >= physicalEnd) break;
      const message = decodeRecord(record);
      const tagsCode = this.#options.tagsCodeOf(message.topic, message.propertiesBytes, message.storeTimestamp);
      const entry = { queueOffset: message.queueOffset, physicalOffset: offset, sizeBytes: record.length, tagsCode };
      store.records.set(offset, record);
      store.#queue(message.topic, message.queueId).push(entry);
      store.#ends.set(`${message.topic}@${message.queueId}`, message.queueOffset + 1);
      store.maxPhysicalOffset = offset + record.length;
    }
    return store;
  }

  /** Drops the beginning of a queue, as retention does. */
  expire(topic: string, queueId: number, minOffset: number): void {
    this.#mins.set(`${topic}@${queueId}`, minOffset);
    for (const entry of this.#queue(topic, queueId)) if (entry.queueOffset < minOffset) this.records.delete(entry.physicalOffset);
  }

  getMessage(request: GetMessageRequest): GetMessageResult | Promise<GetMessageResult> {
    const result = this.#read(request);
    return this.isCold ? Promise.resolve(result) : result;
  }

  #read({ topic, queueId, queueOffset, maxCount, matches, filter }: GetMessageRequest): GetMessageResult {
    const entries = this.#queue(topic, queueId);
    const minOffset = this.minOffset(topic, queueId);
    const maxOffset = entries.length;
    const none = (status: GetMessageStatus, nextBeginOffset: number): GetMessageResult => {
      return { status, nextBeginOffset, minOffset, maxOffset, slices: [], messageCount: 0, sizeBytes: 0 };
    };
    if (maxOffset === 0) return none('NO_MESSAGE_IN_QUEUE', 0);
    if (queueOffset < minOffset) return none('OFFSET_TOO_SMALL', minOffset);
    if (queueOffset === maxOffset) return none('OFFSET_OVERFLOW_ONE', queueOffset);
    if (queueOffset > maxOffset) return none('OFFSET_OVERFLOW_BADLY', maxOffset);
    const slices: Buffer[] = [];
    let next = queueOffset;
    for (const entry of entries.slice(queueOffset)) {
      if (slices.length === Math.min(32, maxCount)) break;
      next = entry.queueOffset + 1;
      const record = this.records.get(entry.physicalOffset);
      if (record === undefined || (matches !== undefined && !matches(entry.tagsCode))) continue;
      if (filter === undefined || filter.matches(record)) slices.push(record);
    }
    if (slices.length === 0) return none('NO_MATCHED_MESSAGE', next);
    const sizeBytes = slices.reduce((sum, slice) => sum + slice.length, 0);
    return { ...none('FOUND', next), slices, messageCount: slices.length, sizeBytes };
  }

  async queueEntries(topic: string, queueId: number, queueOffset: number, maxCount: number): Promise<readonly QueueEntry[]> {
    return this.#queue(topic, queueId).slice(queueOffset, queueOffset + maxCount);
  }

  /** Flushed or not: tests that read it flush before. */
  async readLog(physicalOffset: number, sizeBytes: number): Promise<Buffer> {
    const records = [...this.records].toSorted(([a], [b]) => a - b).map(([, record]) => record);
    return Buffer.concat(records)
      .subarray(physicalOffset - this.minPhysicalOffset)
      .subarray(0, sizeBytes);
  }

  async lookMessage(physicalOffset: number): Promise<MessageExt | undefined> {
    const record = this.records.get(physicalOffset);
    return record === undefined ? undefined : decodeRecord(record);
  }

  async queryMessage(request: QueryMessageRequest): Promise<QueryMessageResult> {
    const found = [...this.records.values()].filter((record) => hasKey(decodeRecord(record), request));
    const records = found.slice(found.length - Math.min(request.maxCount, found.length));
    const sizeBytes = records.reduce((sum, record) => sum + record.length, 0);
    return { records, sizeBytes, indexLastUpdateTimestamp: 0, indexLastUpdatePhysicalOffset: 0 };
  }

  minOffset(topic: string, queueId: number): number {
    return this.#mins.get(`${topic}@${queueId}`) ?? 0;
  }

  maxOffset(topic: string, queueId: number): number {
    return this.queues.get(`${topic}@${queueId}`)?.length ?? 0;
  }

  async offsetByTime(): Promise<number> {
    return 0;
  }

  async earliestStoreTime(): Promise<number> {
    return -1;
  }

  async storeTime(topic: string, queueId: number, queueOffset: number): Promise<number> {
    const entry = this.queues.get(`${topic}@${queueId}`)?.[queueOffset];
    return entry === undefined ? -1 : ((await this.lookMessage(entry.physicalOffset))?.storeTimestamp ?? -1);
  }

  isInMemory(): boolean {
    return true;
  }

  onArrival(listener: ArrivalListener): void {
    this.#listeners.push(listener);
  }

  async whenFlushed(): Promise<void> {
    this.flush();
    this.syncedEnd = this.maxPhysicalOffset;
  }

  /** All visible messages of a queue. */
  messages(topic: string, queueId = 0): MessageExt[] {
    return this.#queue(topic, queueId).flatMap(({ physicalOffset }) => {
      const record = this.records.get(physicalOffset);
      return record === undefined ? [] : [decodeRecord(record)];
    });
  }
}
