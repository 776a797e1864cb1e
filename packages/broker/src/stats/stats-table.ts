import { StatsItem } from './stats-item.js';
import { StatsName } from './stats-name.js';

/**
 * All counters by name and key (Java: the statsTable of BrokerStatsManager). Bounded: beyond `itemsMax`, counters are handed out
 * that nobody can look up, and what is added to them is forgotten; those that exist go on.
 */
export class StatsTable {
  readonly #itemsMax: number;
  readonly #sets: ReadonlyMap<string, Map<string, StatsItem>>;
  readonly #unlisted = new StatsItem();
  #count = 0;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
    this.#sets = new Map(Object.values(StatsName).map((name) => [name, new Map<string, StatsItem>()]));
  }

  get count(): number {
    return this.#count;
  }

  /** No further counter is kept. */
  get isFull(): boolean {
    return this.#count >= this.#itemsMax;
  }

  find(name: string, key: string): StatsItem | undefined {
    return this.#sets.get(name)?.get(key);
  }

  ensure(name: StatsName, key: string): StatsItem {
    const set = this.#sets.get(name);
    const known = set?.get(key);
    if (known !== undefined) return known;
    if (set === undefined || this.isFull) return this.#unlisted;
    const item = new StatsItem();
    set.set(key, item);
    this.#count += 1;
    return item;
  }

  delete(name: StatsName, key: string): void {
    if (this.#sets.get(name)?.delete(key) === true) this.#count -= 1;
  }

  sample(ring: 'minute' | 'hour' | 'day', nowMs: number): void {
    for (const set of this.#sets.values()) {
      for (const item of set.values()) item[ring].sample(nowMs, item.value, item.times);
    }
  }
}
