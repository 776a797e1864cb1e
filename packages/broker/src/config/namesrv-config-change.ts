/** What an update of the NameServer's configuration asks for, and what becomes of each key of it (request 318; page 02 §8). Pure. */
import { namesrvKeysWithoutEffect } from './keys-without-effect.js';
import type { NamesrvConfig } from './namesrv-config.js';
import { namesrvConfigRule } from './namesrv-config-rules.js';

/** Refused whatever `configBlackList` says: they name where the configuration is, and what may not be changed. */
const alwaysRefused: readonly string[] = ['configBlackList', 'configStorePath', 'kvConfigPath', 'rocketmqHome'];

/** Read once at the start; a change of them takes effect at the next one. */
const startKeys: readonly string[] = ['serverChannelMaxIdleTimeSeconds'] satisfies readonly (keyof NamesrvConfig)[];

/** Not changed at run time: with an address of another machine, or a port that is taken, the next start would fail. */
const inFileOnly: readonly string[] = ['listenPort', 'bindAddress'] satisfies readonly (keyof NamesrvConfig)[];

export interface NamesrvConfigChange {
  /** Texts for the file. */
  readonly texts: ReadonlyMap<string, string>;
  /** Values of the keys that this version knows. */
  readonly values: Partial<NamesrvConfig>;
  /** Sentences about keys that were passed over, have no effect, or have it later. */
  readonly notes: readonly string[];
}

/** The first key that nobody may change at run time; with it the whole update is refused, as Java's. */
export function refusedNamesrvKey(properties: ReadonlyMap<string, string>, configBlackList: string): string | undefined {
  const refused = new Set([...alwaysRefused, ...configBlackList.split(';').map((key) => key.trim())]);
  return [...properties.keys()].find((key) => refused.has(key));
}

/** Unknown keys and bad values change nothing; Java says nothing about them either, here a note does. */
export function namesrvConfigChange(properties: ReadonlyMap<string, string>, configured: NamesrvConfig): NamesrvConfigChange {
  const texts = new Map<string, string>();
  const values: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const [key, given] of properties) {
    const text = given.trim();
    const rule = namesrvConfigRule(key);
    if (rule === undefined) {
      const known = namesrvKeysWithoutEffect.get(key);
      if (known !== undefined) texts.set(key, text);
      notes.push(known === undefined ? `the key "${key}" is unknown` : `"${key}" has no effect: ${known.reason}`);
      continue;
    }
    const value = rule.parse(text);
    if (value === undefined) {
      notes.push(`"${key}" was not changed to "${text}" (allowed: ${rule.allowed})`);
    } else if (value !== configured[key as keyof NamesrvConfig]) {
      if (inFileOnly.includes(key)) {
        notes.push(`"${key}" was not changed: change it in the file`);
        continue;
      }
      texts.set(key, text);
      values[key] = value;
      if (startKeys.includes(key)) notes.push(`"${key}" takes effect at the next start`);
    }
  }
  return { texts, values, notes };
}
