const capacityMin = 4096;

/** Bytes that grow with what is written to them; what was never written reads as zeros and takes no memory behind the last write. */
export class GrowingBytes {
  #bytes = Buffer.alloc(capacityMin);
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(source: Uint8Array, position: number): void {
    const end = position + source.length;
    this.#reach(end);
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
    if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, Math.min(sizeBytes, this.#bytes.length));
    this.#sizeBytes = sizeBytes;
  }

  slice(): Buffer {
    const content = Buffer.alloc(this.#sizeBytes);
    this.read(content, 0);
    return content;
  }

  copy(): GrowingBytes {
    const copy = new GrowingBytes();
    copy.#bytes = Buffer.from(this.#bytes);
    copy.#sizeBytes = this.#sizeBytes;
    return copy;
  }

  /** Space is made for what is written only: a file of 1 GiB costs what is in it. */
  #reach(end: number): void {
    if (end <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
