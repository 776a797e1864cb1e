/**
 * The memory that all queues' entries share. A busy queue gets larger blocks, an idle one keeps a small one or none, so the
 * total depends on traffic and not on the number of topics. Invariant: blocks are dropped oldest first and only when they
 * are on file; so what a queue has in memory is always one run up to its end.
 */
import { EntryBlock } from './entry-block.js';

const blockEntriesMin = 32;
const blockEntriesMax = 2048;

/** A queue, as its blocks' memory sees it. */
export interface BlockOwner {
  /** Lets go of its oldest block; false while that is not on file. */
  dropBlock(block: EntryBlock): boolean;
}

interface OwnedBlock {
  readonly queue: BlockOwner;
  readonly block: EntryBlock;
}

export class EntryMemory {
  readonly #bytesMax: number;
  /** In order of creation; those before `#head` are gone, and nothing here keeps their memory. */
  #blocks: (OwnedBlock | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** Too much is in memory because it is not on file yet. */
  get isOverfull(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  /**
   * Whose blocks have to be on file before half of the budget is free again; empty while it is not exceeded. With thousands of
   * queues that get an entry now and then, writing all of them would be one small write for each every second.
   */
  ownersInTheWay(): ReadonlySet<BlockOwner> {
    const owners = new Set<BlockOwner>();
    if (!this.isOverfull) return owners;
    let remaining = this.#bytes;
    for (let at = this.#head; remaining > this.#bytesMax / 2; at += 1) {
      const oldest = this.#blocks[at];
      if (oldest === undefined) break;
      owners.add(oldest.queue);
      remaining -= oldest.block.bytes.length;
    }
    return owners;
  }

  allocate(queue: BlockOwner, firstOffset: number, previous: EntryBlock | undefined): EntryBlock {
    const capacity = previous === undefined ? blockEntriesMin : Math.min(previous.count * 2, blockEntriesMax);
    const block = new EntryBlock(firstOffset, Math.max(capacity, blockEntriesMin));
    this.#blocks.push({ queue, block });
    this.#bytes += block.bytes.length;
    this.trim();
    return block;
  }

  /** Drops the oldest blocks beyond the budget, as far as they are on file. */
  trim(): void {
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#blocks[this.#head];
      if (oldest === undefined || !oldest.queue.dropBlock(oldest.block)) break;
      this.#blocks[this.#head] = undefined;
      this.#head += 1;
      this.#bytes -= oldest.block.bytes.length;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#head);
      this.#head = 0;
    }
  }
}
