/**
 * The log and its queues behind one interface (Java: DefaultMessageStore). Checks, bounds and life cycle are here; the work is
 * in the parts. Invariants: a put is answered once; nothing is visible or answered with success before it has the configured
 * durability; after a failed write or flush nothing is stored any more.
 */
import { StateError, type StopOptions } from '@orbitmq/core/kernel';
import type { MessageExt } from '@orbitmq/protocol';
import type { AppendUnderWay } from './append-under-way.js';
import { recordSizeOf } from './commit-log/record-size.js';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import { isRecordEntry, queueEntryBytes, readQueueEntry } from './consume-queue/queue-entry.js';
import { isTopicName } from './consume-queue/topic-name.js';
import type { FlushDiskType, FlushModeSwitch } from './flush-mode-switch.js';
import type { LogBytes } from './log-bytes.js';
import type { QueryMessageRequest, QueryMessageResult } from './message-query.js';
import type {
  ArrivalListener,
  GetMessageRequest,
  GetMessageResult,
  MessageStore,
  MessageToStore,
  PutStatus,
  PutWaiter,
  QueueEntry,
} from './message-store.js';
import { openStore } from './open-store.js';
import { fitsFile, type PutSizes, refusalOf } from './put-rules.js';
import { lookMessage } from './read/look-message.js';
import type { DiskPercents } from './retention/disk-guard.js';
import type { ExpiryListener } from './retention/queue-expiry.js';
import { RunningStore } from './running-store.js';
import type { LogProgress, StoreMaintenance } from './store-maintenance.js';
import type { StoreOptions } from './store-options.js';

/** How long `stop` waits for the disk when its caller names no deadline. */
const stopDeadlineMsDefault = 30_000;

export class DefaultMessageStore implements MessageStore, FlushModeSwitch, StoreMaintenance, LogBytes {
  readonly #options: StoreOptions;
  readonly #sizes: PutSizes;
  readonly #listeners: { readonly arrival: ArrivalListener[]; readonly expiry: ExpiryListener[] } = { arrival: [], expiry: [] };
  #running: RunningStore | undefined;
  #starting: Promise<void> | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#sizes = { maxMessageSize: options.config.maxMessageSize, fileSizeBytes: options.config.mappedFileSizeCommitLog };
  }

  get minPhysicalOffset(): number {
    return this.#running?.opened.segments.firstOffset ?? 0;
  }

  get maxPhysicalOffset(): number {
    return this.#running?.visibleEnd ?? 0;
  }

  get isWritable(): boolean {
    return this.#running !== undefined && !this.#isStopping && !this.#running.commit.hasFailed;
  }

  get flushDiskType(): FlushDiskType {
    const isSyncFlush = this.#running?.commit.isSyncFlush ?? this.#options.config.flushDiskType === 'SYNC_FLUSH';
    return isSyncFlush ? 'SYNC_FLUSH' : 'ASYNC_FLUSH';
  }

  async setFlushDiskType(flushDiskType: FlushDiskType): Promise<void> {
    await this.#open().setFlushDiskType(flushDiskType);
  }

  async start(): Promise<void> {
    if (this.#starting !== undefined) throw new StateError('ALREADY_STARTED', 'The store was started before: create a new one');
    this.#starting = this.#start();
    await this.#starting;
  }

  async #start(): Promise<void> {
    const opened = await openStore(this.#options);
    try {
      this.#running = await RunningStore.start(this.#options, opened, this.#listeners);
    } catch (error) {
      await opened.state.close();
      await opened.pool.closeAll();
      await opened.lock.release();
      throw error;
    }
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options.deadlineMs ?? stopDeadlineMsDefault);
    return this.#stopped;
  }

  putMessage(message: MessageToStore, waiter: PutWaiter): void {
    const running = this.#takes(waiter);
    if (running === undefined) return;
    const queue = this.#queueFor(running, message, waiter);
    if (queue === undefined) return;
    const refusal =
      refusalOf(message, queue.topicBytes, this.#sizes) ?? this.#busy(running, 1, recordSizeOf(message, queue.topicBytes));
    if (refusal === undefined) running.appender.append(message, queue, waiter);
    else running.commit.refuse(waiter, refusal);
  }

  putMessages(messages: readonly MessageToStore[], waiter: PutWaiter): void {
    const running = this.#takes(waiter);
    if (running === undefined) return;
    const first = messages[0];
    if (first === undefined) {
      running.commit.refuse(waiter, 'MESSAGE_ILLEGAL');
      return;
    }
    const queue = this.#queueFor(running, first, waiter);
    if (queue === undefined) return;
    let sizeBytes = 0;
    let refusal: PutStatus | undefined;
    for (const message of messages) {
      if (message.topic !== first.topic || message.queueId !== first.queueId) refusal ??= 'MESSAGE_ILLEGAL';
      refusal ??= refusalOf(message, queue.topicBytes, this.#sizes);
      sizeBytes += recordSizeOf(message, queue.topicBytes);
    }
    if (!fitsFile(sizeBytes, this.#sizes)) refusal ??= 'MESSAGE_ILLEGAL';
    refusal ??= this.#busy(running, messages.length, sizeBytes);
    if (refusal === undefined) running.appender.appendAll(messages, queue, sizeBytes, waiter);
    else running.commit.refuse(waiter, refusal);
  }

  getMessage(request: GetMessageRequest): GetMessageResult | Promise<GetMessageResult> {
    const running = this.#open();
    return running.getter.get(running.opened.table.find(request.topic, request.queueId), request);
  }

  async queueEntries(topic: string, queueId: number, queueOffset: number, maxCount: number): Promise<readonly QueueEntry[]> {
    const { entries, opened } = this.#open();
    const queue = opened.table.find(topic, queueId);
    const found: QueueEntry[] = [];
    if (queue === undefined) return found;
    for (let offset = Math.max(queueOffset, queue.minOffset); found.length < maxCount; ) {
      const window = await entries.load(queue, offset);
      if (window === undefined) break;
      for (let index = 0; index < window.count && found.length < maxCount; index += 1, offset += 1) {
        const entry = readQueueEntry(window.bytes, window.at + index * queueEntryBytes, offset);
        if (isRecordEntry(entry)) found.push(entry);
      }
    }
    return found;
  }

  lookMessage(physicalOffset: number): Promise<MessageExt | undefined> {
    return lookMessage(this.#open().log, physicalOffset);
  }

  readLog(physicalOffset: number, sizeBytes: number): Promise<Buffer> {
    return this.#open().log.read(physicalOffset, sizeBytes);
  }

  queryMessage(request: QueryMessageRequest): Promise<QueryMessageResult> {
    return this.#open().queryMessage(request);
  }

  minOffset(topic: string, queueId: number): number {
    return this.#find(topic, queueId)?.minOffset ?? 0;
  }

  maxOffset(topic: string, queueId: number): number {
    return this.#find(topic, queueId)?.maxOffset ?? 0;
  }

  async offsetByTime(topic: string, queueId: number, timestamp: number): Promise<number> {
    const queue = this.#find(topic, queueId);
    return queue === undefined ? 0 : this.#open().timeSearch.offsetByTime(queue, timestamp);
  }

  async earliestStoreTime(topic: string, queueId: number): Promise<number> {
    const queue = this.#find(topic, queueId);
    if (queue === undefined) return -1;
    return (await this.#open().timeSearch.storeTime(queue, queue.minOffset)) ?? -1;
  }

  async storeTime(topic: string, queueId: number, queueOffset: number): Promise<number> {
    const queue = this.#find(topic, queueId);
    if (queue === undefined || queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return -1;
    return (await this.#open().timeSearch.storeTime(queue, queueOffset)) ?? -1;
  }

  isInMemory(topic: string, queueId: number, queueOffset: number): boolean {
    const running = this.#open();
    const queue = running.opened.table.find(topic, queueId);
    if (queue === undefined || queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return false;
    // No message is further from the end than the oldest one.
    if (running.getter.isHot(running.opened.segments.firstOffset)) return true;
    const window = running.entries.window(queue, queueOffset);
    if (window === undefined) return false;
    return running.getter.isHot(readQueueEntry(window.bytes, window.at, queueOffset).physicalOffset);
  }

  onArrival(listener: ArrivalListener): void {
    this.#listeners.arrival.push(listener);
  }

  async deleteTopics(topics: Iterable<string>, onRemoval?: () => void): Promise<void> {
    await this.#open().space.deleteTopics(topics, onRemoval);
  }

  async cleanUnusedTopics(isRetained: (topic: string) => boolean): Promise<readonly string[]> {
    return this.#open().space.cleanUnusedTopics(isRetained);
  }

  async cleanExpiredQueues(isRetained: (topic: string) => boolean): Promise<number> {
    return this.#open().space.cleanExpiredQueues(isRetained);
  }

  deleteExpiredFiles(): void {
    this.#open().space.deleteExpiredFiles();
  }

  onExpired(listener: ExpiryListener): void {
    this.#listeners.expiry.push(listener);
  }

  get isDiskFull(): boolean {
    return this.#running?.space.isDiskFull ?? false;
  }

  get diskUsage(): DiskPercents {
    return this.#running?.space.diskUsage ?? { commitLog: -1, consumeQueue: -1 };
  }

  get logProgress(): LogProgress {
    return this.#running?.logProgress ?? { flushedEnd: 0, visibleEnd: 0, appendedEnd: 0 };
  }

  get appendUnderWay(): AppendUnderWay | undefined {
    return this.#running?.commit.underWay;
  }

  async whenFlushed(): Promise<void> {
    await this.#open().whenFlushed();
  }

  #open(): RunningStore {
    if (this.#running === undefined) throw new StateError('NOT_STARTED', 'The store is not running: start it first');
    return this.#running;
  }

  #find(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#running?.opened.table.find(topic, queueId);
  }

  /** The store when it takes puts; else the waiter is told. */
  #takes(waiter: PutWaiter): RunningStore | undefined {
    const running = this.#running;
    if (running !== undefined && !this.#isStopping && !running.commit.hasFailed) {
      if (!running.space.isDiskFull) return running;
      running.commit.refuse(waiter, 'DISK_FULL');
      return undefined;
    }
    if (running === undefined) this.#options.environment.timers.setImmediate(() => waiter.onDone('SERVICE_NOT_AVAILABLE'));
    else running.commit.refuse(waiter, 'SERVICE_NOT_AVAILABLE');
    return undefined;
  }

  /** The message's queue; a new one only under a name that is safe as a directory's. */
  #queueFor(running: RunningStore, message: MessageToStore, waiter: PutWaiter): ConsumeQueue | undefined {
    const { table } = running.opened;
    const { queueId, topic } = message;
    const known = table.find(topic, queueId);
    if (known !== undefined) return known;
    if (isTopicName(topic) && queueId >= 0) return table.findOrCreate(topic, queueId);
    running.commit.refuse(waiter, 'MESSAGE_ILLEGAL');
    return undefined;
  }

  #busy(running: RunningStore, messageCount: number, sizeBytes: number): PutStatus | undefined {
    const { pendingBytesMax, pendingMessagesMax } = this.#options.limits;
    const { pendingBytes, pendingMessages } = running.commit;
    // One put always has a place, however large it is.
    if (pendingMessages === 0) return undefined;
    const isFull = pendingMessages + messageCount > pendingMessagesMax || pendingBytes + sizeBytes > pendingBytesMax;
    return isFull ? 'BUSY' : undefined;
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    // One that is opening keeps its lock until it is closed; whoever starts it learns of a failure.
    await this.#starting?.catch(() => undefined);
    const running = this.#running;
    if (running === undefined) return;
    const { logger, timers } = this.#options.environment;
    const isLate = await new Promise<boolean>((resolve) => {
      const deadline = timers.setTimeout(() => resolve(true), deadlineMs);
      void running.finish().then(() => {
        deadline.cancel();
        resolve(false);
      });
    });
    if (isLate) {
      // The disk still works on something: the directory stays locked and marked until the process ends.
      logger.error('the store did not stop in time; the next start recovers it', { deadlineMs });
      running.abandon();
      return;
    }
    await running.release();
    this.#running = undefined;
  }
}
