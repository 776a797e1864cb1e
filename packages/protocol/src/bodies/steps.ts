/**
 * Work that is done piece by piece: at each `yield` others may have their turn, and whoever drives it may give it up. The same code
 * serves what is small, in one turn, and what is large.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does it all at once. Throws what it throws. */
export function inOneTurn<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Says when enough was done in one turn of the event loop, whatever it is that counts. */
export class Pace {
  readonly #perTurn: number;
  #spent = 0;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** So much was done; true when it is others' turn. */
  isSpent(cost: number): boolean {
    this.#spent += cost;
    if (this.#spent < this.#perTurn) return false;
    this.#spent = 0;
    return true;
  }
}

/** Entries of a list or table that are worked on in one turn: a few milliseconds. */
export const entriesPerTurn = 2000;

/** `make` of each entry, in their order. */
export function* mapInSteps<T, R>(entries: readonly T[], make: (entry: T) => R): Steps<R[]> {
  const made: R[] = [];
  const pace = new Pace(entriesPerTurn);
  for (const entry of entries) {
    made.push(make(entry));
    if (pace.isSpent(1)) yield;
  }
  return made;
}
