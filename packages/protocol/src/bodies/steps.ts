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

/** Entries of a list or table that are worked on in one turn of the event loop: a few milliseconds. */
export const entriesPerTurn = 2000;

/** `make` of each entry, in their order. */
export function* mapInSteps<T, R>(entries: readonly T[], make: (entry: T) => R): Steps<R[]> {
  const made: R[] = [];
  for (const entry of entries) {
    made.push(make(entry));
    if (made.length % entriesPerTurn === 0) yield;
  }
  return made;
}
