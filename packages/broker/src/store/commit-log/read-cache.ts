/**
 * Aligned blocks of the log that lagging consumers read, newest use last. A consumer that reads on finds the next messages
 * here; several at the same place share one read. A block may be shorter than its size: it ends where the log ended when it
 * was read, and is read again when more is asked for.
 */
import type { LogSpan } from './log-span.js';

export class ReadCache {
  readonly blockBytes: number;
  readonly #countMax: number;
  /** In order of use: the first is the oldest. */
  readonly #blocks = new Map<number, LogSpan>();
  readonly #loading = new Map<number, Promise<LogSpan>>();
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

  /** The block with the byte at `physicalOffset`, when it is here. */
  find(physicalOffset: number): LogSpan | undefined {
    const index = Math.floor(physicalOffset / this.blockBytes);
    const block = this.#blocks.get(index);
    if (block === undefined || physicalOffset >= block.physicalStart + block.bytes.length) return undefined;
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    return block;
  }

  /** The block with the byte at `physicalOffset`, read when it is not here or too short. */
  load(physicalOffset: number): Promise<LogSpan> {
    const known = this.find(physicalOffset);
    if (known !== undefined) return Promise.resolve(known);
    const index = Math.floor(physicalOffset / this.blockBytes);
    const running = this.#loading.get(index);
    if (running !== undefined) return running;
    const loading = this.#load(index).finally(() => this.#loading.delete(index));
    this.#loading.set(index, loading);
    return loading;
  }

  async #load(index: number): Promise<LogSpan> {
    const block = await this.#read(index * this.blockBytes, this.blockBytes);
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#countMax) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }
}
