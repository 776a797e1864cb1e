import type { MemoryBudget } from './memory-budget.js';

/** Pages of 16 KiB: small enough for a queue file with a few entries, large enough that a busy log has few. */
const pageSizeBytes = 16_384;

/** The content of a file in memory. Pages that were never written read as zeros and take no memory. */
export class SparseBytes {
  readonly #pages = new Map<number, Buffer>();
  #sizeBytes = 0;
  #budget: MemoryBudget | undefined;

  /** `budget`: what new pages are taken from; without one there is no bound. */
  constructor(budget?: MemoryBudget) {
    this.#budget = budget;
  }

  /** A copy of a whole content, in one piece of memory: thousands of pages by themselves would take a long turn. */
  static of(content: Uint8Array): SparseBytes {
    const bytes = new SparseBytes();
    const pageCount = Math.ceil(content.length / pageSizeBytes);
    const whole = Buffer.allocUnsafeSlow(pageCount * pageSizeBytes);
    whole.set(content);
    whole.fill(0, content.length);
    for (let index = 0; index < pageCount; index++) {
      bytes.#pages.set(index, whole.subarray(index * pageSizeBytes, (index + 1) * pageSizeBytes));
    }
    bytes.#sizeBytes = content.length;
    return bytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether the budget has room for the pages that a write would add. */
  hasRoomFor(position: number, sizeBytes: number): boolean {
    if (this.#budget === undefined || sizeBytes === 0) return true;
    let added = 0;
    const last = Math.floor((position + sizeBytes - 1) / pageSizeBytes);
    for (let index = Math.floor(position / pageSizeBytes); index <= last; index++) if (!this.#pages.has(index)) added++;
    return added === 0 || this.#budget.hasRoomFor(added * pageSizeBytes);
  }

  /** The file was removed: its pages count no more, though who has it open may go on reading. */
  leaveBudget(): void {
    this.#budget?.giveBack(this.#pages.size * pageSizeBytes);
    this.#budget = undefined;
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
      for (const index of this.#pages.keys()) if (index > lastPage) this.#drop(index);
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

  #drop(index: number): void {
    if (this.#pages.delete(index)) this.#budget?.giveBack(pageSizeBytes);
  }

  #page(index: number): Buffer {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = Buffer.alloc(pageSizeBytes);
      this.#budget?.take(pageSizeBytes);
      this.#pages.set(index, page);
    }
    return page;
  }
}
