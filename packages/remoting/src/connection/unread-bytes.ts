/**
 * What the clients of a server together have not read of their answers. Beyond the limit each is given one answer after the other, as fast
 * as it reads, in place of many at once; nobody is cut, since a slow reader cannot be told from one that has stopped. So answers
 * take at most `maxBytes`, and the last one of each connection.
 */
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
