/**
 * Aligned blocks of the log that lagging consumers read, newest use last. A consumer that reads on finds the next messages
 * here, and the block behind is read while it is at this one; several at the same place share one read. A block may be shorter than its size: it ends where the log ended when it
 * was read, and is read again when more is asked for.
 */
import { LogBlock } from './log-block.js';
import type { LogSpan } from './log-span.js';
import { MemoryPool } from './memory-pool.js';

/** Blocks that were dropped and come back while the ones that replace them are read. */
const sparesMax = 8;

/** Blocks that are being read at once, beyond which none is read ahead: the memory of a wish is taken from those who wait. */
const loadingMax = 16;

/** Reads up to `sizeBytes` bytes of the durable log from `physicalOffset` on, into `memory` if they fit. */
type ReadBlock = (physicalOffset: number, sizeBytes: number, memory: Buffer) => Promise<LogSpan>;

interface Loading {
  readonly block: Promise<LogBlock>;
  /** Those who get the block, lent. */
  waiterCount: number;
}

export class ReadCache {
  readonly blockBytes: number;
  readonly #countMax: number;
  /** In order of use: the first is the oldest. */
  readonly #blocks = new Map<number, LogBlock>();
  readonly #loading = new Map<number, Loading>();
  readonly #pool: MemoryPool;
  /** Read ahead and not looked into yet. */
  readonly #readAhead = new Set<number>();
  /** The block that was looked into last, or -1: the next record of a pull mostly lies in it as well. */
  #newestIndex = -1;
  #newest: LogBlock | undefined;
  readonly #read: ReadBlock;

  constructor(limits: { readonly readBlockBytes: number; readonly readCacheBytesMax: number }, read: ReadBlock) {
    this.blockBytes = limits.readBlockBytes;
    this.#countMax = Math.max(2, Math.floor(limits.readCacheBytesMax / limits.readBlockBytes));
    this.#pool = new MemoryPool(limits.readBlockBytes, sparesMax);
    this.#read = read;
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  /** The block with the byte at `physicalOffset`, when it is here. The first look into one that was read ahead reads on. Whoever keeps it beyond this turn, or a slice of it, has it lent. */
  find(physicalOffset: number): LogBlock | undefined {
    const index = Math.floor(physicalOffset / this.blockBytes);
    const isNewest = index === this.#newestIndex;
    const block = isNewest ? this.#newest : this.#blocks.get(index);
    if (block === undefined || physicalOffset >= block.physicalStart + block.bytes.length) return undefined;
    if (isNewest) return block;
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    this.#newestIndex = index;
    this.#newest = block;
    if (this.#readAhead.delete(index)) this.loadAhead((index + 1) * this.blockBytes);
    return block;
  }

  /** The block with the byte at `physicalOffset`, read when it is not here or too short. It is lent: `giveBack` must follow. */
  load(physicalOffset: number): Promise<LogBlock> {
    const known = this.find(physicalOffset);
    if (known !== undefined) {
      known.lend();
      return Promise.resolve(known);
    }
    const index = Math.floor(physicalOffset / this.blockBytes);
    const loading = this.#loading.get(index) ?? this.#begin(index);
    loading.waiterCount += 1;
    return loading.block;
  }

  /** Somebody reads on and will want this block soon. */
  loadAhead(physicalOffset: number): void {
    const index = Math.floor(physicalOffset / this.blockBytes);
    const isHere = this.#blocks.has(index) || this.#loading.has(index);
    if (!isHere && this.#loading.size >= loadingMax) return;
    this.#readAhead.add(index);
    // A wish: who needs the block meets its error.
    if (!isHere) this.#begin(index).block.catch(() => this.#readAhead.delete(index));
  }

  #begin(index: number): Loading {
    const loading = { block: this.#load(index), waiterCount: 0 };
    this.#loading.set(index, loading);
    return loading;
  }

  async #load(index: number): Promise<LogBlock> {
    const memory = this.#pool.take();
    const physicalStart = index * this.blockBytes;
    let loading: Loading | undefined;
    let bytes: Buffer;
    try {
      ({ bytes } = await this.#read(physicalStart, this.blockBytes, memory));
    } finally {
      loading = this.#loading.get(index);
      this.#loading.delete(index);
    }
    const block = new LogBlock(physicalStart, bytes, memory, this.#pool);
    // Before the promise resolves: until each of them goes on, the block may be dropped again.
    block.lend(loading?.waiterCount ?? 0);
    this.#drop(index);
    this.#blocks.set(index, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#countMax) break;
      this.#drop(oldest);
      this.#readAhead.delete(oldest);
    }
    return block;
  }

  #drop(index: number): void {
    const block = this.#blocks.get(index);
    if (block === undefined) return;
    this.#blocks.delete(index);
    if (index === this.#newestIndex) this.#forgetNewest();
    block.drop();
  }

  #forgetNewest(): void {
    this.#newestIndex = -1;
    this.#newest = undefined;
  }
}
