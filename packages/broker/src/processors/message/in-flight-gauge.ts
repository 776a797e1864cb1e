/** How many accepted messages wait for their durability (RocketMQ: the send thread pool's queue, sendThreadPoolQueueCapacity). */
export class InFlightGauge {
  readonly #max: number;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#max;
  }

  enter(): void {
    this.#count += 1;
  }

  leave(): void {
    this.#count -= 1;
  }
}
