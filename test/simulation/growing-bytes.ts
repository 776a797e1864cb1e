const capacityMin = 512;

/**
 * Bytes that grow with what is written to them; what was never written reads as zeros and takes no memory behind the last
 * write. A copy costs nothing until one of the two is written.
 */
export class GrowingBytes {
  #bytes = Buffer.alloc(capacityMin);
  #sizeBytes = 0;
  /** A copy has the same memory: it is not written any more. */
  #isShared = false;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(source: Uint8Array, position: number): void {
    const end = position + source.length;
    this.#own(end);
    this.#bytes.set(source, position);
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
  }

  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.#sizeBytes - position));
    target.fill(0, 0, count);
    target.set(this.#bytes.subarray(position, Math.min(position + count, this.#bytes.length)));
    return count;
  }

  resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes && sizeBytes < this.#bytes.length) {
      this.#own(sizeBytes);
      this.#bytes.fill(0, sizeBytes);
    }
    this.#sizeBytes = sizeBytes;
  }

  slice(): Buffer {
    const content = Buffer.alloc(this.#sizeBytes);
    this.read(content, 0);
    return content;
  }

  copy(): GrowingBytes {
    const copy = new GrowingBytes();
    copy.#bytes = this.#bytes;
    copy.#sizeBytes = this.#sizeBytes;
    copy.#isShared = true;
    this.#isShared = true;
    return copy;
  }

  /** Space is made for what is written only: a file of 1 GiB costs what is in it. */
  #own(end: number): void {
    if (end <= this.#bytes.length && !this.#isShared) return;
    const own = Buffer.alloc(end <= this.#bytes.length ? this.#bytes.length : Math.max(end, this.#bytes.length * 2));
    own.set(this.#bytes);
    this.#bytes = own;
    this.#isShared = false;
  }
}
