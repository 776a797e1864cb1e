/**
 * Progress that may be written down: the newest value that was noted at least `ageMs` ago. What was derived from messages must not
 * outlive them, so it is written when they have reached the disk for sure.
 */
export class SettledValue<Value> {
  readonly #ageMs: number;
  #settled: Value;
  /** At most five: a new one is taken when the last one is a quarter of the age old. */
  readonly #waiting: { readonly value: Value; readonly atMs: number }[] = [];

  constructor(initial: Value, ageMs: number) {
    this.#settled = initial;
    this.#ageMs = ageMs;
  }

  /** Notes the value of now and returns the one that is settled; `nowMs` is monotonic. */
  note(value: Value, nowMs: number): Value {
    const last = this.#waiting.at(-1);
    if (last === undefined || nowMs - last.atMs >= this.#ageMs / 4) this.#waiting.push({ value, atMs: nowMs });
    for (let first = this.#waiting[0]; first !== undefined && nowMs - first.atMs >= this.#ageMs; first = this.#waiting[0]) {
      this.#settled = first.value;
      this.#waiting.shift();
    }
    return this.#settled;
  }
}
