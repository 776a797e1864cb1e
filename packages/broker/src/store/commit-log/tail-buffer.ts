/**
 * The newest part of the log in memory. Records are encoded straight into it, written to the file from it, and served to
 * consumers as slices of it: no byte is copied twice. Invariants: a chunk's bytes never change below `usedBytes`; chunks
 * are in log order; only chunks that are wholly durable are dropped; together they stay near `bytesMax`. Who drops them does
 * so behind everything that reads a batch: a dropped chunk may be written over by the next put.
 */
import { invariant } from '@orbitmq/core/kernel';
import { LogBlock } from './log-block.js';
import { MemoryPool } from './memory-pool.js';

/** One that the next chunk takes, one that a consumer gives back late. */
const sparesMax = 2;

export class TailChunk extends LogBlock {
  usedBytes = 0;

  get physicalEnd(): number {
    return this.physicalStart + this.usedBytes;
  }
}

export class TailBuffer {
  readonly #pool: MemoryPool;
  readonly #bytesMax: number;
  readonly #chunks: TailChunk[] = [];
  #current: TailChunk | undefined;
  #bytes = 0;

  constructor(limits: { readonly tailChunkBytes: number; readonly tailBytesMax: number }) {
    this.#pool = new MemoryPool(limits.tailChunkBytes, sparesMax);
    this.#bytesMax = limits.tailBytesMax;
  }

  /** Memory taken. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  /** The chunk in which the next record, at `physicalOffset`, is to be encoded: it has room for `sizeBytes`. */
  room(physicalOffset: number, sizeBytes: number): TailChunk {
    const current = this.#current;
    if (
      current !== undefined &&
      current.usedBytes + sizeBytes <= current.bytes.length &&
      current.physicalStart + current.usedBytes === physicalOffset
    ) {
      return current;
    }
    return this.#open(physicalOffset, sizeBytes);
  }

  /** The chunk that holds the whole record. */
  find(physicalOffset: number, sizeBytes: number): TailChunk | undefined {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const chunk = chunks[middle] as TailChunk;
      if (physicalOffset < chunk.physicalStart) high = middle - 1;
      else if (physicalOffset >= chunk.physicalStart + chunk.usedBytes) low = middle + 1;
      else return physicalOffset + sizeBytes <= chunk.physicalStart + chunk.usedBytes ? chunk : undefined;
    }
    return undefined;
  }

  /** Drops the oldest chunks beyond the budget, as far as they are durable. */
  trim(durableEnd: number): void {
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#chunks[0];
      if (oldest === undefined || oldest === this.#current || oldest.physicalEnd > durableEnd) return;
      this.#chunks.shift();
      this.#bytes -= oldest.bytes.length;
      oldest.drop();
    }
  }

  /** Forgets what is at or behind `physicalEnd`: it was never given out, and nobody writes from it any more. */
  cut(physicalEnd: number): void {
    let last = this.#chunks.pop();
    while (last !== undefined && last.physicalStart >= physicalEnd) {
      this.#bytes -= last.bytes.length;
      last = this.#chunks.pop();
    }
    this.#current = last;
    if (last === undefined) return;
    this.#chunks.push(last);
    last.usedBytes = Math.min(last.usedBytes, physicalEnd - last.physicalStart);
  }

  #open(physicalOffset: number, sizeBytes: number): TailChunk {
    invariant(this.#current === undefined || physicalOffset >= this.#current.physicalEnd, 'the tail of the log grows at its end');
    // Not zeroed: only bytes below `usedBytes` ever leave the chunk.
    const isUsual = sizeBytes <= this.#pool.pieceBytes;
    const bytes = isUsual ? this.#pool.take() : Buffer.allocUnsafeSlow(sizeBytes);
    const chunk = new TailChunk(physicalOffset, bytes, bytes, this.#pool);
    this.#chunks.push(chunk);
    this.#bytes += bytes.length;
    this.#current = chunk;
    return chunk;
  }
}
