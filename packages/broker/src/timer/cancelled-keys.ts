import type { TimedFacts } from './timed-message.js';

/** About 100 bytes each. */
const cancelledKeysMax = 200_000;

/**
 * The messages that were taken back. A cancellation names a UNIQ_KEY of its own topic (5.5), or `topic+key` (5.3.2, 5.3.3; page 25
 * §2.3). Unlike with Java it cancels in its own topic only, whichever it names: whoever may write to one topic cancels nothing in others.
 */
export class CancelledKeys {
  readonly #keysMax: number;
  readonly #keys = new Set<string>();

  constructor(keysMax = cancelledKeysMax) {
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** False when there are too many to remember it. */
  add(topic: string, cancelledKey: string): boolean {
    const key = cancelledKey.startsWith(`${topic}+`) ? cancelledKey : `${topic}+${cancelledKey}`;
    if (this.#keys.size >= this.#keysMax && !this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }

  has({ topic, uniqueKey }: TimedFacts): boolean {
    return uniqueKey !== undefined && this.#keys.has(`${topic}+${uniqueKey}`);
  }
}
