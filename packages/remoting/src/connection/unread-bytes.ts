/** What the clients of a server together have not read of their answers: with too much of it, each is allowed less. */
export class UnreadBytes {
  readonly #maxBytes: number;
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isTooMuch(): boolean {
    return this.#totalBytes > this.#maxBytes;
  }

  /** Of one connection, what it was until now and what it is. */
  change(fromBytes: number, toBytes: number): void {
    this.#totalBytes += toBytes - fromBytes;
  }
}
