import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { LogMark } from '../log-mark.js';
import type { PutWaiter } from '../message-store.js';

/** A stretch of bytes for one file; consecutive ones of one file go out in one write. */
export interface BatchPiece {
  readonly segmentStart: number;
  readonly physicalOffset: number;
  readonly bytes: Buffer;
  readonly from: number;
  to: number;
}

/**
 * What was put since the last write began: the bytes, the queue entries that become visible with them, and who waits.
 * Parallel arrays, reused from batch to batch, so that a message makes no object.
 */
export class AppendBatch {
  readonly pieces: BatchPiece[] = [];
  /** One element per message that has a queue entry. */
  readonly queues: ConsumeQueue[] = [];
  readonly queueOffsets: number[] = [];
  readonly physicalOffsets: number[] = [];
  readonly sizes: number[] = [];
  readonly tagsCodes: number[] = [];
  readonly storeTimestamps: number[] = [];
  /** Who waits for the configured durability, in order of their puts. */
  readonly waiters: PutWaiter[] = [];
  /** Who waits for the write only (property WAIT=false). */
  readonly impatientWaiters: PutWaiter[] = [];
  /** Waiters from here on have no answer yet. */
  firstUnansweredIndex = 0;
  /** When each of `waiters` came, monotonic ms. */
  readonly waiterTimes: number[] = [];
  messageCount = 0;
  /** Bytes of records; `sizeBytes` has those of blanks as well. */
  recordBytes = 0;
  sizeBytes = 0;
  /** Log offset behind the last record. */
  physicalEnd = 0;
  lastStoreTimestamp = 0;
  lastPhysicalOffset = 0;
  /** Someone in it was promised the flush (SYNC_FLUSH at the time of the put): all of it is answered after one. */
  needsFlush = false;
  /** Someone relies on a place in it (`PutWaiter.keepsPlace`). */
  keepsPlaces = false;

  get isEmpty(): boolean {
    return this.pieces.length === 0;
  }

  /** Nobody was told a success, or builds on a place in it: a full disk may take it back. */
  get canBeTakenBack(): boolean {
    return !this.keepsPlaces && this.firstUnansweredIndex === 0;
  }

  /** Where the log ends with it. */
  mark(): LogMark {
    const { lastPhysicalOffset, lastStoreTimestamp, physicalEnd } = this;
    return { physicalEnd, lastPhysicalOffset, lastStoreTimestamp };
  }

  addBytes(segmentStart: number, physicalOffset: number, bytes: Buffer, from: number, sizeBytes: number): void {
    const last = this.pieces[this.pieces.length - 1];
    if (last !== undefined && last.bytes === bytes && last.to === from && last.segmentStart === segmentStart) {
      last.to += sizeBytes;
    } else {
      this.pieces.push({ segmentStart, physicalOffset, bytes, from, to: from + sizeBytes });
    }
    this.sizeBytes += sizeBytes;
    this.physicalEnd = physicalOffset + sizeBytes;
  }

  addEntry(
    queue: ConsumeQueue,
    queueOffset: number,
    physicalOffset: number,
    sizeBytes: number,
    tagsCode: number,
    storeTimestamp: number,
  ): void {
    this.queues.push(queue);
    this.queueOffsets.push(queueOffset);
    this.physicalOffsets.push(physicalOffset);
    this.sizes.push(sizeBytes);
    this.tagsCodes.push(tagsCode);
    this.storeTimestamps.push(storeTimestamp);
  }

  addWaiter(waiter: PutWaiter, waitStore: boolean, nowMs: number): void {
    if (waiter.keepsPlace === true) this.keepsPlaces = true;
    if (!waitStore) {
      this.impatientWaiters.push(waiter);
      return;
    }
    this.waiters.push(waiter);
    this.waiterTimes.push(nowMs);
  }

  /** Its queue offsets are given again: nothing that was appended behind the visible end of a queue stays. */
  takeBackOffsets(): void {
    for (const queue of this.queues) queue.nextOffset = queue.maxOffset;
  }

  clear(): void {
    this.pieces.length = 0;
    this.queues.length = 0;
    this.queueOffsets.length = 0;
    this.physicalOffsets.length = 0;
    this.sizes.length = 0;
    this.tagsCodes.length = 0;
    this.storeTimestamps.length = 0;
    this.waiters.length = 0;
    this.impatientWaiters.length = 0;
    this.firstUnansweredIndex = 0;
    this.waiterTimes.length = 0;
    this.messageCount = 0;
    this.recordBytes = 0;
    this.sizeBytes = 0;
    this.physicalEnd = 0;
    this.needsFlush = false;
    this.keepsPlaces = false;
  }
}
