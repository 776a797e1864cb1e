/**
 * What of a log and its queues may be gone because it is old, or because its topic was deleted: whole files, from the front of the
 * log only and never the last; of a queue what was in them, from its front only; and what a queue had when its topic was deleted.
 */
import { Violation } from './violation.js';

/** Of a queue whose topic was deleted: messages before the first offset have to be gone, those before the second may be. */
interface Deleted {
  readonly mustOffset: number;
  readonly mayOffset: number;
}

export class RetentionModel {
  readonly #fileSizeBytes: number;
  readonly #deleted = new Map<string, Deleted>();
  #logBegin = 0;

  constructor(fileSizeBytes: number) {
    this.#fileSizeBytes = fileSizeBytes;
  }

  /** What is before this place of the log is gone. */
  get logBegin(): number {
    return this.#logBegin;
  }

  /** The store says where its log begins. A start may find a file that was removed, not durably, and never removes one. */
  began(physicalOffset: number, physicalEnd: number, isStart: boolean): void {
    const before = this.#logBegin;
    const isLost = isStart ? physicalOffset > before : physicalOffset < before;
    if (isLost || physicalOffset % this.#fileSizeBytes !== 0 || physicalOffset > physicalEnd) {
      throw new Violation(`the log begins at ${physicalOffset} and ends at ${physicalEnd}, before it began at ${before}`);
    }
    this.#logBegin = physicalOffset;
  }

  /** A queue of a topic is being deleted, up to `endOffset`. Until this was told as done, it may be there or not. */
  deleting(queue: string, endOffset: number): void {
    this.#deleted.set(queue, { mustOffset: this.#deleted.get(queue)?.mustOffset ?? 0, mayOffset: endOffset });
  }

  deleted(queue: string): void {
    const mayOffset = this.#deleted.get(queue)?.mayOffset ?? 0;
    this.#deleted.set(queue, { mustOffset: mayOffset, mayOffset });
  }

  /** The store says where a queue begins, of which the first `expiredCount` messages are before the beginning of the log. */
  queueBegan(queue: string, minOffset: number, expiredCount: number): void {
    const { mayOffset, mustOffset } = this.#of(queue);
    if (minOffset < mustOffset || minOffset > Math.max(mayOffset, expiredCount)) {
      throw new Violation(
        `${queue} begins at ${minOffset}: ${mustOffset} to ${mayOffset} were deleted, ${expiredCount} have expired`,
      );
    }
  }

  /** Whether a message of a queue may be gone from it. */
  mayBeGone(queue: string, queueOffset: number, physicalOffset: number): boolean {
    return physicalOffset < this.#logBegin || queueOffset < this.#of(queue).mayOffset;
  }

  /** A queue that was deleted, and of which the log has nothing any more, is forgotten: it may begin anew. */
  mayBeForgotten(queue: string, endOffset: number, lastPhysicalOffset: number): boolean {
    return this.#of(queue).mayOffset === endOffset && lastPhysicalOffset < this.#logBegin;
  }

  forgotten(queue: string): void {
    this.#deleted.delete(queue);
  }

  copy(): RetentionModel {
    const copy = new RetentionModel(this.#fileSizeBytes);
    copy.#logBegin = this.#logBegin;
    for (const [queue, deleted] of this.#deleted) copy.#deleted.set(queue, deleted);
    return copy;
  }

  #of(queue: string): Deleted {
    return this.#deleted.get(queue) ?? { mustOffset: 0, mayOffset: 0 };
  }
}
