/** Room for the files of a `MemoryFileSystem`: what a partition's size is to a disk. */
export class MemoryBudget {
  readonly sizeBytesMax: number;
  #usedBytes = 0;

  constructor(sizeBytesMax: number) {
    this.sizeBytesMax = sizeBytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  hasRoomFor(sizeBytes: number): boolean {
    return this.#usedBytes + sizeBytes <= this.sizeBytesMax;
  }

  take(sizeBytes: number): void {
    this.#usedBytes += sizeBytes;
  }

  giveBack(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes;
  }
}
