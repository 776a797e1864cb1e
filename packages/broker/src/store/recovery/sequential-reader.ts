/**
 * Reads a stretch of a file from front to back in large pieces, the next one while the current one is worked on. Memory is
 * two buffers, whatever the size of the file; what the consumer could not use of a piece is put in front of the next.
 */
export interface ReadPiece {
  /** The rest of the piece before, then what was read. */
  readonly bytes: Buffer;
  /** Where in `bytes` that begins which was read now. */
  readonly newAt: number;
  /** Position in the file of `bytes[newAt]`: the start, or a multiple of the piece size behind it. */
  readonly position: number;
}

export interface SequentialReaderOptions {
  readonly pieceBytes: number;
  /** A rest up to this size is moved; a larger one costs a buffer of its own. */
  readonly restBytes: number;
}

export type ReadAt = (target: Buffer, position: number) => Promise<number>;

export class SequentialReader {
  readonly #options: SequentialReaderOptions;
  #buffers: readonly [Buffer, Buffer] | undefined;
  #turn = 0;
  #read: ReadAt = () => Promise.resolve(0);
  #position = 0;
  #end = 0;
  #pending: Promise<number> | undefined;

  constructor(options: SequentialReaderOptions) {
    this.#options = options;
  }

  /** Begins a stretch; the one before must have been read to its end, or given up with `cancel`. */
  begin(read: ReadAt, position: number, end: number): void {
    const { pieceBytes, restBytes } = this.#options;
    const sizeBytes = restBytes + pieceBytes;
    this.#buffers ??= [Buffer.allocUnsafeSlow(sizeBytes), Buffer.allocUnsafeSlow(sizeBytes)];
    this.#read = read;
    this.#position = position;
    this.#end = end;
    this.#request();
  }

  /** Waits until nothing is written into the buffers any more. */
  async cancel(): Promise<void> {
    await this.#pending?.catch(() => undefined);
    this.#pending = undefined;
  }

  /** The next piece; undefined at the end. `rest` is the end of the bytes given before. */
  async next(rest: Buffer): Promise<ReadPiece | undefined> {
    const pending = this.#pending;
    if (pending === undefined || this.#buffers === undefined) return undefined;
    this.#pending = undefined;
    const readBytes = await pending;
    if (readBytes === 0) return undefined;
    const { restBytes } = this.#options;
    const buffer = this.#buffers[this.#turn] as Buffer;
    const read = buffer.subarray(restBytes, restBytes + readBytes);
    const position = this.#position;
    let bytes: Buffer;
    if (rest.length <= restBytes) {
      rest.copy(buffer, restBytes - rest.length);
      bytes = buffer.subarray(restBytes - rest.length, restBytes + readBytes);
    } else {
      bytes = Buffer.concat([rest, read]);
    }
    this.#position += readBytes;
    this.#turn = 1 - this.#turn;
    this.#request();
    return { bytes, newAt: rest.length, position };
  }

  #request(): void {
    const { pieceBytes, restBytes } = this.#options;
    const sizeBytes = Math.min(pieceBytes, this.#end - this.#position);
    if (sizeBytes <= 0 || this.#buffers === undefined) return;
    const buffer = this.#buffers[this.#turn] as Buffer;
    const pending = this.#read(buffer.subarray(restBytes, restBytes + sizeBytes), this.#position);
    // Awaited in `next`; a failure before that is not unhandled.
    pending.catch(() => undefined);
    this.#pending = pending;
  }
}
