/**
 * The messages of one queue between pull and acknowledgement (Java: ProcessQueue).
 *
 * Invariants: messages are held in offset order; each is undelivered, with a handler, waiting for another try, or finished;
 * `consumedOffset` never goes down, and never passes a message that is not finished. Memory is bounded by the limits plus
 * one pull. Every operation is synchronous and costs O(1) per message.
 */
import { invariant } from '@orbitmq/core/kernel';
import type { ReceivedMessage } from './received-message.js';

export interface ProcessQueueLimits {
  /** RocketMQ: pullThresholdForQueue. */
  readonly countMax: number;
  /** RocketMQ: pullThresholdSizeForQueue, in bytes. */
  readonly sizeBytesMax: number;
  /** Distance between the lowest and the highest cached offset (RocketMQ: consumeConcurrentlyMaxSpan); Infinity when orderly. */
  readonly spanMax: number;
}

/** Finished slots in front are cut off when they are at least so many and half of the array. */
const compactAtMin = 256;

export class ProcessQueue {
  readonly #limits: ProcessQueueLimits;
  /** `#slots[i]` is position `#base + i`; undefined when finished. */
  #slots: (ReceivedMessage | undefined)[] = [];
  #base = 0;
  /** Position of the lowest unfinished message, or the end. */
  #head = 0;
  /** Position of the first message that was not handed out yet. */
  #cursor = 0;
  /** Handed out before, to be handed out again. */
  #again: ReceivedMessage[] = [];
  #unfinishedCount = 0;
  #sizeBytes = 0;
  #lastOffset = -1;
  #nextOffset: number;
  #isDropped = false;
  #wakePuller: (() => void) | undefined;

  /** `startOffset`: the first offset that will be pulled. */
  constructor(startOffset: number, limits: ProcessQueueLimits) {
    this.#nextOffset = startOffset;
    this.#limits = limits;
  }

  /** What may be committed: the lowest offset that is not finished, or the next one to pull. */
  get consumedOffset(): number {
    const lowest = this.#slots[this.#head - this.#base];
    return lowest === undefined ? this.#nextOffset : lowest.queueOffset;
  }

  /** The next offset to pull. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Messages not finished yet. */
  get unfinishedCount(): number {
    return this.#unfinishedCount;
  }

  /** Stored size of the messages not finished yet. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Messages that `take` would hand out now. */
  get deliverableCount(): number {
    return this.#again.length + this.#base + this.#slots.length - this.#cursor;
  }

  /** Messages that were handed out before and wait to be handed out again. */
  get againCount(): number {
    return this.#again.length;
  }

  get isFull(): boolean {
    if (this.#unfinishedCount > this.#limits.countMax || this.#sizeBytes > this.#limits.sizeBytesMax) return true;
    const lowest = this.#slots[this.#head - this.#base];
    return lowest !== undefined && this.#lastOffset - lowest.queueOffset > this.#limits.spanMax;
  }

  /**
   * Takes over what a pull brought; the next one begins at `nextOffset`. Messages below what was pulled before are left
   * out: a broker answers a pull into the middle of an inner batch with the whole batch.
   */
  put(messages: readonly ReceivedMessage[], nextOffset: number): void {
    if (this.#isDropped) return;
    for (const message of messages) {
      if (message.queueOffset <= this.#lastOffset || message.queueOffset < this.#nextOffset) continue;
      message.position = this.#base + this.#slots.length;
      this.#slots.push(message);
      this.#lastOffset = message.queueOffset;
      this.#unfinishedCount += 1;
      this.#sizeBytes += message.record.storeSizeBytes;
    }
    this.#nextOffset = Math.max(this.#nextOffset, nextOffset, this.#lastOffset + 1);
  }

  /** Hands out up to `countMax` messages in offset order; those to be tried again first, and by themselves. */
  take(countMax: number): ReceivedMessage[] {
    if (this.#again.length > 0) return this.#again.splice(0, countMax).sort((left, right) => left.position - right.position);
    const from = this.#cursor - this.#base;
    const taken = this.#slots.slice(from, from + countMax) as ReceivedMessage[];
    this.#cursor += taken.length;
    return taken;
  }

  /** The message is acknowledged, or durably somewhere else. */
  finish(message: ReceivedMessage): void {
    if (this.#isDropped) return;
    const index = message.position - this.#base;
    invariant(
      this.#slots[index] === message && message.position < this.#cursor,
      'a message is finished once, after it was handed out',
    );
    this.#slots[index] = undefined;
    this.#unfinishedCount -= 1;
    this.#sizeBytes -= message.record.storeSizeBytes;
    if (message.position === this.#head) this.#moveHead();
    if (this.#wakePuller !== undefined && !this.isFull) this.#wake();
  }

  /** Concurrent consumption: this one is to be handed out again, beside the others. */
  tryAgain(message: ReceivedMessage): void {
    if (!this.#isDropped) this.#again.push(message);
  }

  /** Orderly consumption: from this one on everything is to be handed out again. */
  rewindTo(message: ReceivedMessage): void {
    if (!this.#isDropped) this.#cursor = message.position;
  }

  /** Undefined when there is room for another pull; else a promise of room, or of `drop`. For one waiter. */
  room(): Promise<void> | undefined {
    if (this.#isDropped || !this.isFull) return undefined;
    return new Promise((resolve) => {
      this.#wakePuller = resolve;
    });
  }

  /** The queue is not ours any more: nothing goes in or out, and what still comes back is ignored. `consumedOffset` stays. */
  drop(): void {
    if (this.#isDropped) return;
    this.#nextOffset = this.consumedOffset;
    this.#isDropped = true;
    this.#slots = [];
    this.#again = [];
    this.#base = this.#head = this.#cursor = 0;
    this.#unfinishedCount = 0;
    this.#sizeBytes = 0;
    this.#wake();
  }

  #moveHead(): void {
    let head = this.#head - this.#base;
    // Ends at the cursor at the latest: what was not handed out cannot be finished.
    while (head < this.#slots.length && this.#slots[head] === undefined) head += 1;
    this.#head = this.#base + head;
    if (head >= compactAtMin && head * 2 >= this.#slots.length) {
      this.#slots.splice(0, head);
      this.#base += head;
    }
  }

  #wake(): void {
    const wake = this.#wakePuller;
    this.#wakePuller = undefined;
    wake?.();
  }
}
