/**
 * Percentiles of the last whole minute, in ms (Java: findPutMessageEntireTimePX). Classes are 1 ms wide up to 20 ms and about 5 %
 * wide above, so that a figure is at most that much too high; everything from a minute on is one class.
 */
const narrowClasses = 20;
const growth = 1.05;
const longestMs = 60_000;
const bounds = boundsMs();

function boundsMs(): readonly number[] {
  const found = Array.from({ length: narrowClasses }, (_, index) => index + 1);
  for (let bound = narrowClasses; bound < longestMs; found.push(bound)) bound = Math.ceil(bound * growth);
  return found;
}

export class LatencyPercentiles {
  #current = new Float64Array(bounds.length + 1);
  #last = new Float64Array(bounds.length + 1);
  #count = 0;
  #lastCount = 0;

  add(elapsedMs: number): void {
    const at = elapsedMs < narrowClasses ? Math.max(0, Math.floor(elapsedMs)) : classAbove(elapsedMs);
    this.#current[at] = (this.#current[at] as number) + 1;
    this.#count += 1;
  }

  /** A minute is over. */
  turn(): void {
    const next = this.#last.fill(0);
    this.#last = this.#current;
    this.#lastCount = this.#count;
    this.#current = next;
    this.#count = 0;
  }

  /** The time that `share` of the puts stayed below; 0 without any. */
  below(share: number): number {
    if (this.#lastCount === 0) return 0;
    let left = Math.ceil(this.#lastCount * share);
    for (const [at, count] of this.#last.entries()) {
      left -= count;
      if (left <= 0) return bounds[at] ?? longestMs;
    }
    return longestMs;
  }
}

function classAbove(elapsedMs: number): number {
  let at = narrowClasses;
  while (at < bounds.length && elapsedMs >= (bounds[at] as number)) at += 1;
  return at;
}
