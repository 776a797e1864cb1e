/**
 * One queue of one topic (Java: ConsumeQueue): which records it has, by queue offset. Invariants: entries are dense and
 * written once; `minOffset <= writtenOffset <= maxOffset <= nextOffset`; what is at or behind `writtenOffset` is in memory;
 * reads see only what is below `maxOffset`.
 */
import { invariant } from '@orbitmq/core/kernel';
import type { SegmentList } from '../segment/segment-list.js';
import type { EntryBlock } from './entry-block.js';
import type { EntryMemory } from './entry-memory.js';
import { blankEntrySize, lostEntrySize, queueEntryBytes, writeQueueEntry } from './queue-entry.js';

/** A run of entries in memory: entry `queueOffset` is at `at` of `bytes`, `count` of them follow one another. */
export interface EntryWindow {
  readonly bytes: Buffer;
  readonly at: number;
  readonly count: number;
}

export class ConsumeQueue {
  readonly topic: string;
  readonly topicBytes: Buffer;
  readonly queueId: number;
  readonly files: SegmentList;
  readonly #memory: EntryMemory;
  readonly #blocks: EntryBlock[] = [];
  /** Queue offset of the next put. */
  nextOffset = 0;
  /** Oldest readable entry. */
  minOffset = 0;
  #maxOffset = 0;
  /** Entries below are in files. */
  writtenOffset = 0;
  /** In the flusher's list of queues with entries to write. */
  isDirty = false;
  /** Starts of files that were written since their last flush. */
  readonly unflushedFiles = new Set<number>();
  /** The files may have old entries behind `writtenOffset`: they are zeroed at the next write. */
  hasStaleTail = false;
  #deletedAt: number | undefined;

  constructor(topic: string, topicBytes: Buffer, queueId: number, files: SegmentList, memory: EntryMemory) {
    this.topic = topic;
    this.topicBytes = topicBytes;
    this.queueId = queueId;
    this.files = files;
    this.#memory = memory;
  }

  /** Offset of the next message to become visible. */
  get maxOffset(): number {
    return this.#maxOffset;
  }

  /** Begins with what the files have: entries `[minOffset, endOffset)`. */
  resume(minOffset: number, endOffset: number): void {
    invariant(this.#blocks.length === 0, 'a queue resumes before its first entry');
    this.minOffset = minOffset;
    this.writtenOffset = endOffset;
    this.#maxOffset = endOffset;
    this.nextOffset = endOffset;
  }

  /** Nothing of it is in files or memory. */
  get isUnused(): boolean {
    return this.files.isEmpty && this.#blocks.length === 0;
  }

  /** A queue without any entry begins at `queueOffset`: the messages before are gone. The writer blanks their place in the file. */
  beginAt(queueOffset: number): void {
    invariant(this.isUnused, 'only an empty queue begins somewhere else');
    this.resume(queueOffset, queueOffset);
  }

  /**
   * Deletes all it has, and what was put but is not visible yet; offsets go on where they were, so none names two messages.
   * Returns the starts of its files. No write to them may be under way. `physicalEnd`: where the log ends.
   */
  deleteAll(physicalEnd: number): readonly number[] {
    const starts = this.files.starts();
    this.files.clear();
    this.#blocks.length = 0;
    this.unflushedFiles.clear();
    this.hasStaleTail = false;
    this.beginAt(this.nextOffset);
    this.#deletedAt = physicalEnd;
    return starts;
  }

  /**
   * Its messages were deleted when the log ended here, and none came since. Undefined for a queue whose messages have merely
   * expired: that one is never forgotten.
   */
  get deletedAt(): number | undefined {
    return this.#deletedAt;
  }

  /** It was deleted by an earlier run, when the log ended at `physicalEnd`. */
  wasDeletedAt(physicalEnd: number): void {
    invariant(this.isUnused, 'a deleted queue has nothing');
    this.#deletedAt = physicalEnd;
  }

  /** It was deleted, nothing came since, and the log that begins at `minPhysicalOffset` has nothing of it any more. */
  isForgotten(minPhysicalOffset: number): boolean {
    const isIdle = this.isUnused && this.nextOffset === this.#maxOffset;
    return isIdle && this.#deletedAt !== undefined && this.#deletedAt <= minPhysicalOffset;
  }

  /**
   * Fills a hole of the log: the messages up to `queueOffset` do not exist. `segmentStart`: of the log file in which the log
   * goes on, see `lostEntrySize`.
   */
  fillTo(queueOffset: number, segmentStart: number): void {
    while (this.#maxOffset < queueOffset) {
      if (segmentStart > 0) this.#append(segmentStart - 1, lostEntrySize, 0);
      else this.#append(0, blankEntrySize, 0);
    }
    this.nextOffset = this.#maxOffset;
  }

  /** The entry of the next record, which becomes visible with it. */
  append(physicalOffset: number, sizeBytes: number, tagsCode: number): void {
    this.#append(physicalOffset, sizeBytes, tagsCode);
    if (this.nextOffset < this.#maxOffset) this.nextOffset = this.#maxOffset;
  }

  /** Entries from `queueOffset` on that are in memory; undefined when that one is not. */
  window(queueOffset: number): EntryWindow | undefined {
    const block = this.#find(queueOffset);
    if (block === undefined) return undefined;
    const index = queueOffset - block.firstOffset;
    return { bytes: block.bytes, at: index * queueEntryBytes, count: block.count - index };
  }

  /** Slices of memory with the entries `[fromOffset, toOffset)`, for a write to the file. */
  slices(fromOffset: number, toOffset: number): readonly Buffer[] {
    const slices: Buffer[] = [];
    for (let offset = fromOffset; offset < toOffset; ) {
      const block = this.#find(offset);
      invariant(block !== undefined, 'entries that are not on file are in memory');
      const end = Math.min(block.endOffset, toOffset);
      slices.push(
        block.bytes.subarray((offset - block.firstOffset) * queueEntryBytes, (end - block.firstOffset) * queueEntryBytes),
      );
      offset = end;
    }
    return slices;
  }

  /** Drops the oldest block; refused while it is not on file or has just been made. */
  dropBlock(block: EntryBlock): boolean {
    // The queue was deleted since.
    if (this.#blocks[0] !== block) return true;
    if (block.count === 0 || block.endOffset > this.writtenOffset) return false;
    const dropped = this.#blocks.shift();
    invariant(dropped === block, 'blocks are dropped in their order');
    return true;
  }

  #append(physicalOffset: number, sizeBytes: number, tagsCode: number): void {
    let block = this.#blocks[this.#blocks.length - 1];
    if (block === undefined || block.isFull) {
      const next = this.#memory.allocate(this, this.#maxOffset, block);
      this.#blocks.push(next);
      block = next;
    }
    writeQueueEntry(block.bytes, block.count * queueEntryBytes, physicalOffset, sizeBytes, tagsCode);
    block.count += 1;
    this.#maxOffset += 1;
    this.#deletedAt = undefined;
  }

  #find(queueOffset: number): EntryBlock | undefined {
    const blocks = this.#blocks;
    let low = 0;
    let high = blocks.length - 1;
    const newest = blocks[high];
    if (newest === undefined || queueOffset >= newest.endOffset) return undefined;
    if (queueOffset >= newest.firstOffset) return newest;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const block = blocks[middle] as EntryBlock;
      if (queueOffset < block.firstOffset) high = middle - 1;
      else if (queueOffset >= block.endOffset) low = middle + 1;
      else return block;
    }
    return undefined;
  }
}
