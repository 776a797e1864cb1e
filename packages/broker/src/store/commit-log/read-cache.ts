/**
 * Aligned blocks of the log that lagging consumers read, newest use last. A consumer that reads on finds the next messages
 * here, and the block behind is read while it is at this one; several at the same place share one read. A block may be shorter than its size: it ends where the log ended when it
 * was read, and is read again when more is asked for.
 */
import type { LogSpan } from './log-span.js';

export class ReadCache {
  readonly blockBytes: number;
  readonly #countMax: number;
  /** In order of use: the first is the oldest. */
  readonly #blocks = new Map<number, LogSpan>();
  readonly #loading = new Map<number, Promise<LogSpan>>();
  /** Read ahead and not looked into yet. */
  readonly #readAhead = new Set<number>();
  /** The block that was looked into last, or -1: the next record of a pull mostly lies in it as well. */
  #newestIndex = -1;
  #newest: LogSpan | undefined;
  readonly #read: (physicalOffset: number, sizeBytes: number) => Promise<LogSpan>;

  /** `read` gives up to `sizeBytes` bytes of the durable log from `physicalOffset` on. */
  constructor(
    limits: { readonly readBlockBytes: number; readonly readCacheBytesMax: number },
    read: (physicalOffset: number, sizeBytes: number) => Promise<LogSpan>,
  ) {
    this.blockBytes = limits.readBlockBytes;
    this.#countMax = Math.max(2, Math.floor(limits.readCacheBytesMax / limits.readBlockBytes));
    this.#read = read;
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  /** The block with the byte at `physicalOffset`, when it is here. The first look into one that was read ahead reads on. */
  find(physicalOffset: number): LogSpan | undefined {
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

  /** The block with the byte at `physicalOffset`, read when it is not here or too short. */
  load(physicalOffset: number): Promise<LogSpan> {
    const known = this.find(physicalOffset);
    if (known !== undefined) return Promise.resolve(known);
    const index = Math.floor(physicalOffset / this.blockBytes);
    return this.#loading.get(index) ?? this.#begin(index);
  }

  /** Somebody reads on and will want this block soon. */
  loadAhead(physicalOffset: number): void {
    const index = Math.floor(physicalOffset / this.blockBytes);
    this.#readAhead.add(index);
    if (this.#blocks.has(index) || this.#loading.has(index)) return;
    // A wish: who needs the block meets its error.
    this.#begin(index).catch(() => this.#readAhead.delete(index));
  }

  #begin(index: number): Promise<LogSpan> {
    const loading = this.#load(index).finally(() => this.#loading.delete(index));
    this.#loading.set(index, loading);
    return loading;
  }

  async #load(index: number): Promise<LogSpan> {
    const block = await this.#read(index * this.blockBytes, this.blockBytes);
    if (index === this.#newestIndex) this.#forgetNewest();
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#countMax) break;
      this.#blocks.delete(oldest);
      this.#readAhead.delete(oldest);
      if (oldest === this.#newestIndex) this.#forgetNewest();
    }
    return block;
  }

  #forgetNewest(): void {
    this.#newestIndex = -1;
    this.#newest = undefined;
  }
}
