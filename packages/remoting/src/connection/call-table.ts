import { invariant } from '@orbitmq/core/kernel';

/** What the table keeps: something with a number. */
export interface Numbered {
  readonly opaque: number;
}

const slotsMin = 16;

/**
 * Calls by their number, in an array whose slot is the number's low bits; at most half of it is in use, and numbers are given
 * out in order, so a slot is nearly always free. Not a `Map`: V8 links every table that a Map outgrows to its successor, and
 * as soon as one of them is old, the collector keeps all the calls that the later ones once held. With thousands of calls a
 * second that was a third of a client's processor time.
 */
export class CallTable<Entry extends Numbered> {
  #slots: (Entry | undefined)[] = [];
  #mask = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether a call may have this number now. */
  isFree(opaque: number): boolean {
    return this.#slots[opaque & this.#mask] === undefined;
  }

  get(opaque: number): Entry | undefined {
    const entry = this.#slots[opaque & this.#mask];
    return entry?.opaque === opaque ? entry : undefined;
  }

  /** Its number must be free, see `isFree`, and stay what it is. */
  add(entry: Entry): void {
    if (this.#slots.length === 0) this.#grow();
    const slot = entry.opaque & this.#mask;
    invariant(this.#slots[slot] === undefined, 'a number is given to one call at a time');
    this.#slots[slot] = entry;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#grow();
  }

  /** Idempotent. */
  remove(entry: Entry): void {
    const slot = entry.opaque & this.#mask;
    if (this.#slots[slot] !== entry) return;
    this.#slots[slot] = undefined;
    this.#size -= 1;
  }

  /** All of them, in no order that means anything. */
  all(): Entry[] {
    return this.#slots.filter((entry) => entry !== undefined);
  }

  #grow(): void {
    const entries = this.all();
    this.#slots = emptySlots(Math.max(this.#slots.length * 2, slotsMin));
    this.#mask = this.#slots.length - 1;
    for (const entry of entries) this.#slots[entry.opaque & this.#mask] = entry;
  }
}

/** Filled, so that the array has no holes. */
function emptySlots<Entry>(count: number): (Entry | undefined)[] {
  return Array.from<Entry | undefined>({ length: count }).fill(undefined);
}
