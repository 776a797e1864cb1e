/** Pages of 16 KiB: small enough for a queue file with a few entries, large enough that a busy log has few. */
const pageSizeBytes = 16_384;

/** The content of a file in memory. Pages that were never written read as zeros and take no memory. */
export class SparseBytes {
  readonly #pages = new Map<number, Buffer>();
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(source: Uint8Array, position: number): void {
    let done = 0;
    while (done < source.length) {
      const at = position + done;
      const within = at % pageSizeBytes;
      const length = Math.min(pageSizeBytes - within, source.length - done);
      this.#page(Math.floor(at / pageSizeBytes)).set(source.subarray(done, done + length), within);
      done += length;
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, position + source.length);
  }

  /** Fills `target` from `position` on; the count is short at the end of the file. */
  read(target: Uint8Array, position: number): number {
    const total = Math.max(0, Math.min(target.length, this.#sizeBytes - position));
    let done = 0;
    while (done < total) {
      const at = position + done;
      const within = at % pageSizeBytes;
      const length = Math.min(pageSizeBytes - within, total - done);
      const page = this.#pages.get(Math.floor(at / pageSizeBytes));
      if (page === undefined) target.fill(0, done, done + length);
      else target.set(page.subarray(within, within + length), done);
      done += length;
    }
    return total;
  }

  resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) {
      const lastPage = Math.floor(sizeBytes / pageSizeBytes);
      for (const index of this.#pages.keys()) if (index > lastPage) this.#pages.delete(index);
      this.#pages.get(lastPage)?.fill(0, sizeBytes % pageSizeBytes);
    }
    this.#sizeBytes = sizeBytes;
  }

  copy(): SparseBytes {
    const copy = new SparseBytes();
    for (const [index, page] of this.#pages) copy.#pages.set(index, Buffer.from(page));
    copy.#sizeBytes = this.#sizeBytes;
    return copy;
  }

  #page(index: number): Buffer {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = Buffer.alloc(pageSizeBytes);
      this.#pages.set(index, page);
    }
    return page;
  }
}
