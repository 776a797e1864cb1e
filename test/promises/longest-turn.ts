/**
 * How long the event loop was not free, by CPU time: a neighbour that takes the processor away is no stall of ours. Turns are told
 * apart by immediates, so that everything between two of them counts as one.
 */
export class LongestTurn {
  #longestUs = 0;
  #last = process.cpuUsage();
  #isOn = true;

  private constructor() {
    this.#next();
  }

  static watch(): LongestTurn {
    return new LongestTurn();
  }

  /** Milliseconds of the longest turn so far. */
  stop(): number {
    this.#isOn = false;
    return this.#longestUs / 1000;
  }

  #next(): void {
    setImmediate(() => {
      const { user, system } = process.cpuUsage(this.#last);
      this.#longestUs = Math.max(this.#longestUs, user + system);
      this.#last = process.cpuUsage();
      if (this.#isOn) this.#next();
    });
  }
}
