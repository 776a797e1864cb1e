/** Op messages whose halves are looked at together: the price of knowing each one's half would be a number per transaction. */
const blockSize = 1024;

/**
 * How far the op queue needs no reading at the next start: every op message below names halves that are handled for good. Kept
 * by blocks, so it lags by up to 1,024 messages, which a start reads once more.
 */
export class OpProgress {
  #firstBlock: number;
  #offset: number;
  /** Highest half offset that the ops of a block name, from `#firstBlock` on. */
  readonly #highestHalf: number[] = [];

  constructor(offset: number) {
    this.#offset = offset;
    this.#firstBlock = Math.floor(offset / blockSize);
  }

  add(opOffset: number, halfOffset: number): void {
    const index = Math.floor(opOffset / blockSize) - this.#firstBlock;
    if (index < 0) return;
    while (this.#highestHalf.length <= index) this.#highestHalf.push(-1);
    this.#highestHalf[index] = Math.max(this.#highestHalf[index] ?? -1, halfOffset);
  }

  /** `halfBase`: all halves below are handled; `opEnd`: end of the op queue. */
  advance(halfBase: number, opEnd: number): number {
    let done = 0;
    while (this.#isBlockDone(done, halfBase, opEnd)) done += 1;
    if (done > 0) {
      this.#highestHalf.splice(0, done);
      this.#firstBlock += done;
      this.#offset = Math.max(this.#offset, this.#firstBlock * blockSize);
    }
    return this.#offset;
  }

  #isBlockDone(index: number, halfBase: number, opEnd: number): boolean {
    const highest = this.#highestHalf[index];
    return highest !== undefined && highest < halfBase && (this.#firstBlock + index + 1) * blockSize <= opEnd;
  }
}
