/**
 * Pieces of memory of one size, used again and again. Memory from the system costs page faults, leaves holes when it goes back,
 * and goes back only when the collector has looked at everything: at 100 MB/s that is some ten times a second.
 */
export class MemoryPool {
  readonly pieceBytes: number;
  readonly #sparesMax: number;
  readonly #spares: Buffer[] = [];

  /** `sparesMax`: pieces that are kept for later; others go back to the system. */
  constructor(pieceBytes: number, sparesMax: number) {
    this.pieceBytes = pieceBytes;
    this.#sparesMax = sparesMax;
  }

  get spareCount(): number {
    return this.#spares.length;
  }

  /** A piece with any content. */
  take(): Buffer {
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(this.pieceBytes);
  }

  /** Nobody reads or writes it any more. Memory of another size is let go. */
  put(piece: Buffer): void {
    if (piece.length === this.pieceBytes && this.#spares.length < this.#sparesMax) this.#spares.push(piece);
  }
}
