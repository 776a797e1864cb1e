/**
 * The text of an object with large tables, as `JSON.stringify(object, undefined, '\t')` writes it, made piece by piece: a table of
 * some ten thousand entries takes hundreds of milliseconds. Whoever makes the steps sees to it that the entries do not change meanwhile.
 */
import { entriesPerTurn, Pace, type Steps } from '@orbitmq/protocol';

/** Characters of entries that are written in one turn of the event loop: some milliseconds, since whoever waits for a table waits for all turns. */
const charactersPerTurn = 256 * 1024;
/** A member of the root. */
type Member = Steps<readonly Buffer[]>;

export interface JsonTable<T> {
  readonly name: string;
  readonly entries: readonly T[];
  readonly nameOf: (entry: T, index: number) => string;
  /** The text of its value, as `objectText` and `numbersText` make it. */
  readonly textOf: (entry: T, index: number) => string;
}

/** The pieces of the text, in order; none is before the brace that begins it. At least one member. */
export function* jsonInSteps(members: readonly Member[]): Steps<readonly Buffer[]> {
  const pieces: Buffer[] = [Buffer.from('{')];
  for (const [index, member] of members.entries()) {
    if (index > 0) pieces.push(Buffer.from(','));
    for (const piece of yield* member) pieces.push(piece);
  }
  pieces.push(Buffer.from('\n}'));
  return pieces;
}

// oxlint-disable-next-line require-yield -- it has one step
export function* jsonMember(name: string, value: unknown): Member {
  const text = JSON.stringify({ [name]: value }, undefined, '\t');
  return [Buffer.from(text.slice('{'.length, -'\n}'.length))];
}

export function* jsonTable<T>({ name, entries, nameOf, textOf }: JsonTable<T>): Member {
  if (entries.length === 0) return yield* jsonMember(name, {});
  const pieces: Buffer[] = [];
  let piece = `\n\t${JSON.stringify(name)}: {`;
  const pace = new Pace(charactersPerTurn);
  // To list the entries took its time as well.
  if (entries.length > entriesPerTurn) yield;
  for (const [index, entry] of entries.entries()) {
    const text = `${index === 0 ? '' : ','}\n\t\t${JSON.stringify(nameOf(entry, index))}: ${textOf(entry, index)}`;
    piece += text;
    if (!pace.isSpent(text.length)) continue;
    pieces.push(Buffer.from(piece));
    piece = '';
    yield;
  }
  pieces.push(Buffer.from(`${piece}\n\t}`));
  return pieces;
}

/** Of an entry of a table. */
export function objectText(object: object): string {
  return JSON.stringify(object, undefined, '\t').replaceAll('\n', '\n\t\t');
}

/** The same of an object with numbers by names: no object is made, since each would have members of its own. */
export function numbersText(numbers: Iterable<readonly [name: string | number, value: number]>): string {
  let text = '';
  for (const [name, value] of numbers) text += `${text === '' ? '' : ','}\n\t\t\t${JSON.stringify(String(name))}: ${value}`;
  return text === '' ? '{}' : `{${text}\n\t\t}`;
}
