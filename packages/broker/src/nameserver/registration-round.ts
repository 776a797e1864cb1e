/**
 * The parts of one registration that came so far, of one broker. Invariant: the names are those of all parts up to the last one, in
 * their order; after a part that is out of order nothing is known until the first one of another round.
 */
import type { RegistrationPartMark } from '@orbitmq/protocol';

export class RegistrationRound {
  #next: RegistrationPartMark | undefined;
  #names = new Set<string>();

  /** The names of the whole table when this part is the last of its round, and no other was missing. */
  add(part: RegistrationPartMark, names: Iterable<string>): ReadonlySet<string> | undefined {
    if (part.index === 0) {
      this.#next = part;
      this.#names = new Set();
    }
    if (this.#next?.index !== part.index || this.#next.count !== part.count) {
      this.#next = undefined;
      this.#names = new Set();
      return undefined;
    }
    for (const name of names) this.#names.add(name);
    if (part.index + 1 < part.count) {
      this.#next = { index: part.index + 1, count: part.count };
      return undefined;
    }
    const whole = this.#names;
    this.#next = undefined;
    this.#names = new Set();
    return whole;
  }
}
