/** Offsets in one chunk of bits. */
const chunkOffsets = 32_768;
const wordBits = 32;

/**
 * Which offsets of the half queue are handled: a window of bits that begins at the lowest one that is not. One bit a transaction,
 * so that a long undecided one does not make the decided ones behind it expensive.
 */
export class HandledOffsets {
  #base: number;
  /** Chunks by offset / 32,768; a missing one is all zero. */
  readonly #chunks = new Map<number, Uint32Array>();

  constructor(base: number) {
    this.#base = base;
  }

  /** Every offset below it is handled, and it is not. */
  get base(): number {
    return this.#base;
  }

  has(offset: number): boolean {
    if (offset < this.#base) return true;
    const within = offset % chunkOffsets;
    const word = this.#chunks.get(Math.floor(offset / chunkOffsets))?.[Math.floor(within / wordBits)] ?? 0;
    return (word & (1 << (within % wordBits))) !== 0;
  }

  add(offset: number): void {
    if (offset < this.#base) return;
    const index = Math.floor(offset / chunkOffsets);
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      chunk = new Uint32Array(chunkOffsets / wordBits);
      this.#chunks.set(index, chunk);
    }
    const within = offset % chunkOffsets;
    const at = Math.floor(within / wordBits);
    chunk[at] = (chunk[at] ?? 0) | (1 << (within % wordBits));
    while (this.has(this.#base)) this.#step();
  }

  /** The lowest offset at or after `from` that is not handled; whole words of handled ones are passed at once. */
  nextOpen(from: number): number {
    let offset = Math.max(from, this.#base);
    while (this.has(offset)) offset += offset % wordBits === 0 && this.#isWordFull(offset) ? wordBits : 1;
    return offset;
  }

  #isWordFull(offset: number): boolean {
    const within = offset % chunkOffsets;
    return this.#chunks.get(Math.floor(offset / chunkOffsets))?.[within / wordBits] === 0xffff_ffff;
  }

  #step(): void {
    this.#base += 1;
    if (this.#base % chunkOffsets === 0) this.#chunks.delete(this.#base / chunkOffsets - 1);
  }
}
