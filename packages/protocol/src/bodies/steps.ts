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

/** Characters that are written in one turn: a few milliseconds. */
const charactersPerTurn = 128 * 1024;

/** The texts of all entries with commas between them, in UTF-8 and in pieces, of which each is made in a turn of its own. */
export function* joinedSteps<T>(entries: Iterable<T>, textOf: (entry: T) => string): Steps<Buffer[]> {
  const pieces: Buffer[] = [];
  let texts: string[] = [];
  const pace = new Pace(charactersPerTurn);
  for (const entry of entries) {
    const text = textOf(entry);
    texts.push(text);
    if (!pace.isSpent(text.length + 1)) continue;
    pieces.push(Buffer.from(texts.join(','), 'utf8'));
    texts = [];
    yield;
  }
  if (texts.length > 0) pieces.push(Buffer.from(texts.join(','), 'utf8'));
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [comma, piece]));
}

const comma = Buffer.from(',');

/** The texts, the first one behind `before` and the last one followed by `after`; without any, these two alone. */
export function* enclosed(before: string, texts: Iterable<string>, after: string): Iterable<string> {
  let last: string | undefined;
  for (const text of texts) {
    if (last === undefined) last = before + text;
    else {
      yield last;
      last = text;
    }
  }
  yield (last ?? before) + after;
}

/** What `enclosed` gives, joined by commas. */
export function* enclosedSteps(before: string, texts: Iterable<string>, after: string): Steps<Buffer> {
  return Buffer.concat(yield* joinedSteps(enclosed(before, texts, after), (text) => text));
}
