import type { Timers } from '@orbitmq/core/kernel';

/** The end of a pipe that reads. */
export interface PipeReader {
  /** Takes bytes; called only while `isReading`. */
  onChunk(chunk: Buffer): void;
  /** The writer has ended and everything before that was taken. */
  onEnd(): void;
  readonly isReading: boolean;
}

/** The end of a pipe that writes. */
export interface PipeWriter {
  /** Bytes, or the end, were taken by the reader. */
  onTaken(): void;
}

/**
 * One direction of an in-process connection. Chunks pass by reference and in order, at the earliest in the next turn of the
 * event loop, and only while the reader reads: what it does not take stays here and counts as pending for the writer.
 */
export class InProcessPipe {
  readonly #timers: Timers;
  #chunks: Buffer[] = [];
  #pendingBytes = 0;
  #isEnded = false;
  #isEndTaken = false;
  #isScheduled = false;
  #isCut = false;
  #reader: PipeReader | undefined;
  #writer: PipeWriter | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  connect(writer: PipeWriter, reader: PipeReader): void {
    this.#writer = writer;
    this.#reader = reader;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The reader has seen the end. */
  get isEndTaken(): boolean {
    return this.#isEndTaken;
  }

  write(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#chunks.push(chunk);
      this.#pendingBytes += chunk.length;
    }
    this.schedule();
  }

  end(): void {
    this.#isEnded = true;
    this.schedule();
  }

  /** Loses what the reader has not taken; nothing passes any more. */
  cut(): void {
    this.#isCut = true;
    this.#chunks = [];
    this.#pendingBytes = 0;
  }

  /** To be called when something was added, or when the reader reads again. */
  schedule(): void {
    if (this.#isScheduled || this.#isCut || this.#isEndTaken) return;
    if (this.#chunks.length === 0 && !this.#isEnded) return;
    this.#isScheduled = true;
    this.#timers.setImmediate(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#isCut || this.#isEndTaken || !reader.isReading) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (let index = 0; index < chunks.length; index += 1) {
      if (this.#isCut) return;
      if (!reader.isReading) {
        this.#chunks = [...chunks.slice(index), ...this.#chunks];
        this.#writer?.onTaken();
        return;
      }
      const chunk = chunks[index] as Buffer;
      this.#pendingBytes -= chunk.length;
      reader.onChunk(chunk);
    }
    if (this.#isCut) return;
    // The end comes in a turn of its own, as from a socket: what the last bytes caused has been written by then.
    if (this.#isEnded && chunks.length === 0) {
      this.#isEndTaken = true;
      reader.onEnd();
    }
    this.#writer?.onTaken();
    this.schedule();
  }
}
