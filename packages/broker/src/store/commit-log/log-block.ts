/**
 * A stretch of the log in memory that is lent out in slices. Invariants: the bytes of a slice stay unchanged until it was given
 * back; the memory goes to its pool once, when the block was dropped and nothing of it is lent. A slice that never comes
 * back costs the reuse only: the collector takes the memory instead.
 */
import { invariant } from '@orbitmq/core/kernel';
import type { LogSpan } from './log-span.js';
import type { MemoryPool } from './memory-pool.js';

export class LogBlock implements LogSpan {
  /** Log offset of the first byte. */
  readonly physicalStart: number;
  readonly bytes: Buffer;
  readonly #memory: Buffer;
  readonly #pool: MemoryPool | undefined;
  #lentCount = 0;
  #isDropped = false;

  /** `memory`: what `bytes` are a part of, which is for `pool` afterwards; without one the block is not used again. */
  constructor(physicalStart: number, bytes: Buffer, memory: Buffer = bytes, pool?: MemoryPool) {
    this.physicalStart = physicalStart;
    this.bytes = bytes;
    this.#memory = memory;
    this.#pool = pool;
  }

  /** The bytes between two log offsets, which must be inside. Who keeps them beyond this turn has the block lent. */
  slice(fromOffset: number, toOffset: number): Buffer {
    return this.bytes.subarray(fromOffset - this.physicalStart, toOffset - this.physicalStart);
  }

  /** Each of `count` has to be given back, or the memory is not used again. */
  lend(count = 1): void {
    this.#lentCount += count;
  }

  giveBack(): void {
    invariant(this.#lentCount > 0, 'only what was lent comes back');
    this.#lentCount -= 1;
    this.#reuse();
  }

  /** Nobody finds the block any more. */
  drop(): void {
    invariant(!this.#isDropped, 'a block is dropped once');
    this.#isDropped = true;
    this.#reuse();
  }

  #reuse(): void {
    if (this.#isDropped && this.#lentCount === 0) this.#pool?.put(this.#memory);
  }
}
