/** What an update of a configuration asks for, and what becomes of each key of it (requests 25 and 318; pages 02 §8, 23 §3). Pure. */
import type { ConfigRule } from './config-rules.js';
import type { KeyWithoutEffect } from './keys-without-effect.js';

export interface RequestedChanges<C> {
  /** Texts for the file. */
  readonly texts: ReadonlyMap<string, string>;
  /** Values of the keys that this version knows. */
  readonly values: Partial<C>;
  /** Sentences about keys that were passed over, or that have no effect. */
  readonly notes: readonly string[];
}

export interface ChangeableConfig<C> {
  readonly configured: C;
  readonly ruleOf: (key: string) => ConfigRule<unknown> | undefined;
  readonly keysWithoutEffect: ReadonlyMap<string, KeyWithoutEffect>;
  readonly renamedKeys?: ReadonlyMap<string, string>;
  /** Keys of the file that this version does not know. */
  readonly otherKeys?: ReadonlySet<string>;
  /** Keys that are changed by hand only: a value that is wrong for this machine shows at the next start, and that start fails. */
  readonly inFileOnly: readonly (keyof C)[];
  /** How they are changed, for the note. */
  readonly inFileHint: string;
}

/** The first key that nobody may change at run time; with it the whole update is refused, as Java's. */
export function refusedKey(
  properties: ReadonlyMap<string, string>,
  alwaysRefused: readonly string[],
  configBlackList: string,
): string | undefined {
  const refused = new Set([...alwaysRefused, ...configBlackList.split(';').map((key) => key.trim())]);
  return [...properties.keys()].find((key) => refused.has(key));
}

/** Unknown keys and bad values change nothing; Java says nothing about them either, here a note does. */
export function requestedChanges<C extends object>(
  properties: ReadonlyMap<string, string>,
  config: ChangeableConfig<C>,
): RequestedChanges<C> {
  const texts = new Map<string, string>();
  const values: Partial<Record<keyof C, unknown>> = {};
  const notes: string[] = [];
  for (const [writtenKey, given] of properties) {
    const name = config.renamedKeys?.get(writtenKey) ?? writtenKey;
    const text = given.trim();
    const rule = config.ruleOf(name);
    if (rule === undefined) {
      const known = config.keysWithoutEffect.get(name);
      if (known !== undefined || config.otherKeys?.has(name) === true) texts.set(name, text);
      notes.push(known === undefined ? `the key "${name}" is unknown` : `"${name}" has no effect: ${known.reason}`);
      continue;
    }
    const key = name as keyof C;
    const value = rule.parse(text);
    if (value === undefined) {
      notes.push(`"${writtenKey}" was not changed to "${text}" (allowed: ${rule.allowed})`);
    } else if (value !== config.configured[key] && config.inFileOnly.includes(key)) {
      notes.push(`"${writtenKey}" was not changed: ${config.inFileHint}`);
    } else if (value !== config.configured[key]) {
      texts.set(name, text);
      values[key] = value;
    }
  }
  return { texts, values: values as Partial<C>, notes };
}
