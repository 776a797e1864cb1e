import type { PullMessageHeader } from '@orbitmq/protocol';
import type { RecordFilter } from '../store/record-filter.js';
import type { ParkedPull } from './parked-pull.js';

/**
 * The parked pulls that filter by an expression: how far those with a filter over records have looked, and how much memory all
 * take. Consumers of a group share one filter, and it counts once; an expression that a pull carries is its own, whatever its
 * type, and counts each time.
 */
export class ParkedFilters {
  /** Oldest first. */
  readonly #lookedUntil = new Map<ParkedPull, number>();
  readonly #useCounts = new Map<RecordFilter, number>();
  #sizeChars = 0;

  /** Characters of the expressions behind the filters, and of those that the pulls carry. */
  get sizeChars(): number {
    return this.#sizeChars;
  }

  get oldest(): ParkedPull | undefined {
    for (const pull of this.#lookedUntil.keys()) return pull;
    return undefined;
  }

  add(pull: ParkedPull): void {
    const { filter, header } = pull;
    const carriedChars = carriedCharsOf(header);
    if (filter === undefined && carriedChars === 0) return;
    this.#lookedUntil.set(pull, header.queueOffset);
    this.#sizeChars += carriedChars;
    if (filter === undefined) return;
    const useCount = this.#useCounts.get(filter) ?? 0;
    this.#useCounts.set(filter, useCount + 1);
    if (useCount === 0) this.#sizeChars += filter.sizeChars;
  }

  remove(pull: ParkedPull): void {
    const { filter, header } = pull;
    if (!this.#lookedUntil.delete(pull)) return;
    this.#sizeChars -= carriedCharsOf(header);
    if (filter === undefined) return;
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

/** `*`, which most pulls with an expression have, costs nothing. */
function carriedCharsOf({ subscription = '' }: PullMessageHeader): number {
  return subscription === '*' ? 0 : subscription.length;
}
