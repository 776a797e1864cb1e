/**
 * Gives each message its place and encodes it into the tail of the log (Java: CommitLog.putMessage and AppendMessageCallback).
 * Invariants: places follow one another without a hole; a record, and a batch of records, lies whole in one file, with at
 * least 8 bytes behind it (page 20 §2.2); store times never go back.
 */
import { type Clock, invariant } from '@orbitmq/core/kernel';
import { blankMagic, encodeRecord, type RecordParts, type RecordPlace, SysFlag } from '@orbitmq/protocol';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { MessageToStore, PutWaiter } from '../message-store.js';
import type { TagsCodeOf } from '../tags-code-of.js';
import type { GroupCommit } from './group-commit.js';
import { blankRecordBytes, recordSizeOf } from './record-size.js';
import type { TailBuffer } from './tail-buffer.js';

const noBytes = Buffer.alloc(0);

/** The encoder's input, reused for each message. */
class AppendScratch implements RecordParts, RecordPlace {
  topicBytes: Buffer = noBytes;
  queueId = 0;
  flag = 0;
  sysFlag = 0;
  bornTimestamp = 0;
  bornHost: Buffer = noBytes;
  storeHost: Buffer = noBytes;
  reconsumeTimes = 0;
  preparedTransactionOffset = 0;
  body: Buffer = noBytes;
  properties: Buffer = noBytes;
  queueOffset = 0;
  physicalOffset = 0;
  storeTimestamp = 0;

  take(message: MessageToStore, topicBytes: Buffer): void {
    this.topicBytes = topicBytes;
    this.queueId = message.queueId;
    this.flag = message.flag;
    this.sysFlag = message.sysFlag;
    this.bornTimestamp = message.bornTimestamp;
    this.bornHost = message.bornHost;
    this.storeHost = message.storeHost;
    this.reconsumeTimes = message.reconsumeTimes;
    this.preparedTransactionOffset = message.preparedTransactionOffset;
    this.body = message.body;
    this.properties = message.properties;
  }
}

/** Prepared and rolled-back messages are in the log but in no queue (page 20 §7). */
export function hasQueueEntry(sysFlag: number): boolean {
  const type = sysFlag & SysFlag.TRANSACTION_MASK;
  return type === SysFlag.TRANSACTION_NOT || type === SysFlag.TRANSACTION_COMMIT;
}

export interface LogAppenderOptions {
  readonly clock: Clock;
  readonly tail: TailBuffer;
  readonly commit: GroupCommit;
  readonly tagsCodeOf: TagsCodeOf;
  readonly fileSizeBytes: number;
  /** Start of the file in which `physicalEnd` is. */
  readonly segmentStart: number;
  /** Where the next record goes. */
  readonly physicalEnd: number;
  readonly lastStoreTimestamp: number;
}

export class LogAppender {
  readonly #options: LogAppenderOptions;
  readonly #scratch = new AppendScratch();
  #physicalEnd: number;
  #segmentStart: number;
  #storeTimestamp: number;

  constructor(options: LogAppenderOptions) {
    this.#options = options;
    this.#physicalEnd = options.physicalEnd;
    this.#segmentStart = options.segmentStart;
    this.#storeTimestamp = options.lastStoreTimestamp;
  }

  /** End of all that was appended, durable or not. */
  get physicalEnd(): number {
    return this.#physicalEnd;
  }

  /** The next record goes here: what was appended behind was taken back. `segmentStart`: of the file in which that is. */
  cut(physicalEnd: number, segmentStart: number): void {
    invariant(physicalEnd <= this.#physicalEnd, 'the log is cut, not extended');
    this.#physicalEnd = physicalEnd;
    this.#segmentStart = segmentStart;
  }

  append(message: MessageToStore, queue: ConsumeQueue, waiter: PutWaiter): void {
    const sizeBytes = recordSizeOf(message, queue.topicBytes);
    this.#rollUnlessFits(sizeBytes);
    this.#encode(message, queue, sizeBytes, waiter);
    this.#options.commit.added(waiter, message.waitStore, 1, sizeBytes);
  }

  /** All into one file, one behind the other. */
  appendAll(messages: readonly MessageToStore[], queue: ConsumeQueue, sizeBytes: number, waiter: PutWaiter): void {
    this.#rollUnlessFits(sizeBytes);
    let waitStore = false;
    let left = sizeBytes;
    for (const message of messages) {
      const recordBytes = recordSizeOf(message, queue.topicBytes);
      this.#encode(message, queue, recordBytes, waiter);
      left -= recordBytes;
      waitStore ||= message.waitStore;
    }
    invariant(left === 0, 'a batch has the size that was computed');
    this.#options.commit.added(waiter, waitStore, messages.length, sizeBytes);
  }

  #rollUnlessFits(sizeBytes: number): void {
    const segmentEnd = this.#segmentStart + this.#options.fileSizeBytes;
    const remaining = segmentEnd - this.#physicalEnd;
    if (sizeBytes + blankRecordBytes <= remaining) return;
    invariant(remaining >= blankRecordBytes, 'a file keeps room for its blank record');
    const blank = Buffer.alloc(blankRecordBytes);
    blank.writeInt32BE(remaining, 0);
    blank.writeInt32BE(blankMagic, 4);
    this.#options.commit.batch.addBytes(this.#segmentStart, this.#physicalEnd, blank, 0, blankRecordBytes);
    this.#segmentStart = segmentEnd;
    this.#physicalEnd = segmentEnd;
  }

  #encode(message: MessageToStore, queue: ConsumeQueue, sizeBytes: number, waiter: PutWaiter): void {
    const { clock, commit, tagsCodeOf, tail } = this.#options;
    const scratch = this.#scratch;
    scratch.take(message, queue.topicBytes);
    const physicalOffset = this.#physicalEnd;
    const isQueued = hasQueueEntry(message.sysFlag);
    const queueOffset = isQueued ? queue.nextOffset : 0;
    const storeTimestamp = Math.max(this.#storeTimestamp, clock.now());
    scratch.queueOffset = queueOffset;
    scratch.physicalOffset = physicalOffset;
    scratch.storeTimestamp = storeTimestamp;
    const chunk = tail.room(physicalOffset, sizeBytes);
    const from = chunk.usedBytes;
    const encodedBytes = encodeRecord(chunk.bytes, from, scratch, scratch);
    invariant(encodedBytes === sizeBytes, 'a record has the size that was computed');
    // From here on nothing throws: the record has its place.
    chunk.usedBytes += sizeBytes;
    this.#physicalEnd += sizeBytes;
    this.#storeTimestamp = storeTimestamp;
    const { batch } = commit;
    batch.addBytes(this.#segmentStart, physicalOffset, chunk.bytes, from, sizeBytes);
    batch.lastStoreTimestamp = storeTimestamp;
    batch.lastPhysicalOffset = physicalOffset;
    if (isQueued) {
      queue.nextOffset += 1;
      const tagsCode = tagsCodeOf(message.topic, message.properties, storeTimestamp);
      batch.addEntry(queue, queueOffset, physicalOffset, sizeBytes, tagsCode, storeTimestamp);
    }
    waiter.onAppended(physicalOffset, queueOffset, storeTimestamp);
  }
}
