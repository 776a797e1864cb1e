/**
 * Tells when everything that was appended so far is on the device (no counterpart in Java, whose progress files may outrun
 * the log). However many ask, there are two waits: one under way, and one for all who came since it began. A wait ends with
 * its batch or with the store; its own deadline is the caller's.
 */
export interface FlushPointOptions {
  /** End of the log with what is not written yet. */
  readonly appendedEnd: () => number;
  /** End of what is published; with SYNC_FLUSH that is on the device. */
  readonly visibleEnd: () => number;
  /** Brings what is published to the device; does nothing with SYNC_FLUSH. Rejects when that failed. */
  readonly flush: () => Promise<void>;
}

interface Wait {
  readonly physicalEnd: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FlushPoint {
  readonly #options: FlushPointOptions;
  #wait: Wait | undefined;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(options: FlushPointOptions) {
    this.#options = options;
  }

  /** Resolves when what is appended now is on the device; rejects with the error of `fail`. */
  reached(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return this.#begin();
    const begin = (): Promise<void> => {
      this.#next = undefined;
      return this.#begin();
    };
    this.#next ??= current.then(begin, begin);
    return this.#next;
  }

  /** A batch became visible, or what was not yet was taken back. */
  published(): void {
    const wait = this.#wait;
    if (wait === undefined || this.#options.visibleEnd() < Math.min(wait.physicalEnd, this.#options.appendedEnd())) return;
    this.#wait = undefined;
    wait.resolve();
  }

  /** Nothing more gets onto the device. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wait?.reject(error);
    this.#wait = undefined;
  }

  #begin(): Promise<void> {
    this.#current = this.#run().finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }

  async #run(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const physicalEnd = this.#options.appendedEnd();
    if (this.#options.visibleEnd() < physicalEnd) {
      await new Promise<void>((resolve, reject) => {
        this.#wait = { physicalEnd, resolve, reject };
      });
    }
    await this.#options.flush();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
