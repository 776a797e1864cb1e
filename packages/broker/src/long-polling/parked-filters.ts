import type { RecordFilter } from '../store/record-filter.js';
import type { ParkedPull } from './parked-pull.js';

/**
 * The parked pulls that have a filter over records: how far each has looked, and how large their filters are. Consumers of a
 * group share one filter, and it counts once.
 */
export class ParkedFilters {
  /** Oldest first. */
  readonly #lookedUntil = new Map<ParkedPull, number>();
  readonly #useCounts = new Map<RecordFilter, number>();
  #sizeChars = 0;

  /** Characters of the expressions behind the filters. */
  get sizeChars(): number {
    return this.#sizeChars;
  }

  get oldest(): ParkedPull | undefined {
    for (const pull of this.#lookedUntil.keys()) return pull;
    return undefined;
  }

  add(pull: ParkedPull): void {
    const { filter } = pull;
    if (filter === undefined) return;
    this.#lookedUntil.set(pull, pull.header.queueOffset);
    const useCount = this.#useCounts.get(filter) ?? 0;
    this.#useCounts.set(filter, useCount + 1);
    if (useCount === 0) this.#sizeChars += filter.sizeChars;
  }

  remove(pull: ParkedPull): void {
    const { filter } = pull;
    if (filter === undefined || !this.#lookedUntil.delete(pull)) return;
    const useCount = (this.#useCounts.get(filter) ?? 0) - 1;
    if (useCount > 0) {
      this.#useCounts.set(filter, useCount);
      return;
    }
    this.#useCounts.delete(filter);
    this.#sizeChars -= filter.sizeChars;
  }

  /** The first offset that the pull has not looked at. */
  lookedUntil(pull: ParkedPull): number {
    return this.#lookedUntil.get(pull) ?? pull.header.queueOffset;
  }

  setLookedUntil(pull: ParkedPull, queueOffset: number): void {
    this.#lookedUntil.set(pull, queueOffset);
  }
}
