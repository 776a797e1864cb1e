import { queuesPerTurn } from './next-turn.js';

/** Counts what one walk looks at, over all tables that it goes through, so that many small ones hold nobody up either. */
export class Turns {
  readonly #pause: () => Promise<void>;
  #count = 0;

  /** `pause`: lets others have their turn. */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  /** Counts one; what to wait for when others are due. */
  step(): Promise<void> | undefined {
    this.#count += 1;
    return this.#count % queuesPerTurn === 0 ? this.#pause() : undefined;
  }
}
