import { ConfigError } from '@orbitmq/core/kernel';

export type KvNamespace = ReadonlyMap<string, string>;

export interface KvConfigLimits {
  readonly entriesMax: number;
  /** Characters of all namespaces, keys and values together. */
  readonly charactersMax: number;
}

/** An answer with all of it, and the file, stay far below a frame; a change, which copies and writes all of it, takes milliseconds. */
export const kvConfigLimits: KvConfigLimits = { entriesMax: 10_000, charactersMax: 4 * 1024 * 1024 };

/**
 * Text by namespace and key (Java: KVConfigManager). Immutable: a change makes another table, so that one which could not be
 * written is never seen.
 */
export class KvConfigTable {
  static readonly empty = new KvConfigTable(new Map(), 0, 0);

  readonly #namespaces: ReadonlyMap<string, KvNamespace>;
  readonly #entryCount: number;
  readonly #characterCount: number;

  private constructor(namespaces: ReadonlyMap<string, KvNamespace>, entryCount: number, characterCount: number) {
    this.#namespaces = namespaces;
    this.#entryCount = entryCount;
    this.#characterCount = characterCount;
  }

  get(namespace: string, key: string): string | undefined {
    return this.#namespaces.get(namespace)?.get(key);
  }

  namespace(namespace: string): KvNamespace | undefined {
    return this.#namespaces.get(namespace);
  }

  get namespaces(): ReadonlyMap<string, KvNamespace> {
    return this.#namespaces;
  }

  /** Applies changes in their order. Each has its own outcome: one that is refused changes nothing. */
  changed(
    changes: readonly KvConfigChange[],
    limits: KvConfigLimits,
  ): { readonly table: KvConfigTable; readonly refusals: readonly (string | undefined)[] } {
    const namespaces = new Map(this.#namespaces);
    const copied = new Map<string, Map<string, string>>();
    let { entryCount, characterCount } = { entryCount: this.#entryCount, characterCount: this.#characterCount };
    const refusals = changes.map(({ namespace, key, value }) => {
      const old = namespaces.get(namespace)?.get(key);
      const entries = entryCount + (old === undefined ? 0 : -1) + (value === undefined ? 0 : 1);
      const ofKey = namespace.length + key.length;
      const characters =
        characterCount - (old === undefined ? 0 : ofKey + old.length) + (value === undefined ? 0 : ofKey + value.length);
      if (value !== undefined && (entries > limits.entriesMax || characters > limits.charactersMax)) {
        return `the KV configuration is full: it has ${entryCount} entries with ${characterCount} characters, allowed are ${limits.entriesMax} and ${limits.charactersMax}`;
      }
      if (value === undefined && old === undefined) return undefined;
      let copy = copied.get(namespace);
      if (copy === undefined) {
        copy = new Map(namespaces.get(namespace));
        copied.set(namespace, copy);
        namespaces.set(namespace, copy);
      }
      if (value === undefined) copy.delete(key);
      else copy.set(key, value);
      // Java keeps an empty namespace; names of them would pile up for ever.
      if (copy.size === 0) {
        copied.delete(namespace);
        namespaces.delete(namespace);
      }
      entryCount = entries;
      characterCount = characters;
      return undefined;
    });
    return { table: new KvConfigTable(namespaces, entryCount, characterCount), refusals };
  }

  /** Throws a `ConfigError` when it is more than the limits allow. */
  static of(entries: readonly KvConfigChange[], limits: KvConfigLimits): KvConfigTable {
    const { table, refusals } = KvConfigTable.empty.changed(entries, limits);
    const refusal = refusals.find((reason) => reason !== undefined);
    if (refusal !== undefined) throw new ConfigError('CONFIG_INVALID', refusal);
    return table;
  }
}

/** Without a value the key goes. */
export interface KvConfigChange {
  readonly namespace: string;
  readonly key: string;
  readonly value: string | undefined;
}
