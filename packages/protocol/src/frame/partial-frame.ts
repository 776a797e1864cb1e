const noBytes = Buffer.alloc(0);
/** Chunks below this are copied together, so that a peer that sends bytes one by one costs bytes and not objects. */
const copyBytesMax = 4096;
const blockBytes = 8192;

/**
 * The beginning of a frame whose rest has not come. Holds what has come and no more: memory grows with received bytes, never
 * with the announced length. Large chunks are kept by reference.
 */
export class PartialFrame {
  readonly #pieces: Buffer[] = [];
  /** Last piece when it is a block of ours with room. */
  #block: Buffer = noBytes;
  #blockUsed = 0;
  sizeBytes = 0;

  add(chunk: Buffer): void {
    this.sizeBytes += chunk.length;
    if (chunk.length >= copyBytesMax) {
      this.#closeBlock();
      this.#pieces.push(chunk);
      return;
    }
    if (chunk.length > this.#block.length - this.#blockUsed) {
      this.#closeBlock();
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
    }
    chunk.copy(this.#block, this.#blockUsed);
    this.#blockUsed += chunk.length;
  }

  /** The first `length` bytes, which have come, in one buffer. */
  peek(length: number): Buffer {
    const start = Buffer.allocUnsafe(length);
    this.#copyTo(start);
    return start;
  }

  /** Everything held and `rest` behind it, in one allocation; holds nothing afterwards. */
  complete(rest: Buffer): Buffer {
    const frame = Buffer.allocUnsafe(this.sizeBytes + rest.length);
    rest.copy(frame, this.#copyTo(frame));
    this.clear();
    return frame;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#block = noBytes;
    this.#blockUsed = 0;
    this.sizeBytes = 0;
  }

  #closeBlock(): void {
    if (this.#blockUsed > 0) this.#pieces.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = noBytes;
    this.#blockUsed = 0;
  }

  #copyTo(target: Buffer): number {
    let at = 0;
    for (const piece of this.#pieces) {
      at += piece.copy(target, at);
      if (at === target.length) return at;
    }
    return at + this.#block.copy(target, at, 0, this.#blockUsed);
  }
}
