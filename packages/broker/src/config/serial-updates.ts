/** Updates of a configuration, one after the other in the order in which they came, and only so many that wait. */

/** Default of `waitingMax`. */
export const waitingUpdatesMax = 64;

export class SerialUpdates {
  readonly #waitingMax: number;
  #last: Promise<unknown> = Promise.resolve();
  #waitingCount = 0;

  constructor(waitingMax = waitingUpdatesMax) {
    this.#waitingMax = waitingMax;
  }

  /** The result of `update`, or `busy` at once when too many wait. A rejection is this update's alone. */
  async run<T>(update: () => Promise<T>): Promise<T | { readonly status: 'busy' }> {
    if (this.#waitingCount >= this.#waitingMax) return { status: 'busy' };
    this.#waitingCount += 1;
    const updating = this.#last.then(update);
    this.#last = updating.catch(() => undefined);
    try {
      return await updating;
    } finally {
      this.#waitingCount -= 1;
    }
  }

  /** Resolves when no update is under way. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
