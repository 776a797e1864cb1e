/** What an update of the configuration asks for, and what becomes of each key of it (request 25; pages 23 §3, 32 §5). Pure. */
import type { BrokerConfig } from './broker-config.js';
import { brokerConfigRule, renamedKeys } from './broker-config-rules.js';
import { brokerKeysWithoutEffect } from './keys-without-effect.js';

/** Refused whatever `configBlackList` says: they name where the configuration is. */
const alwaysRefused: readonly string[] = ['brokerConfigPath', 'rocketmqHome', 'configBlackList'];

/**
 * Of a broker that runs they are not changed: whether a value is right shows at the next start only, and with a wrong one that start
 * fails, finds an empty store, or makes a broker that nobody reaches.
 */
const inFileOnly: readonly (keyof BrokerConfig)[] = [
  'storePathRootDir',
  'storePathCommitLog',
  'mappedFileSizeCommitLog',
  'mappedFileSizeConsumeQueue',
  'bindAddress',
  'listenPort',
  'brokerIP1',
  'brokerIP2',
];

export interface ConfigChange {
  /** Texts for the file. */
  readonly texts: ReadonlyMap<string, string>;
  /** Values of the keys that this version knows. */
  readonly values: Partial<BrokerConfig>;
  /** Sentences about keys that were passed over, or that have no effect. */
  readonly notes: readonly string[];
}

/** The first key that nobody may change at run time; with it the whole update is refused, as Java's. */
export function refusedKey(properties: ReadonlyMap<string, string>, configBlackList: string): string | undefined {
  const refused = new Set([...alwaysRefused, ...configBlackList.split(';').map((key) => key.trim())]);
  return [...properties.keys()].find((key) => refused.has(key));
}

/**
 * `otherKeys`: keys of the file that this version does not know. Unknown keys and bad values change nothing; Java says nothing
 * about them either, here a note does.
 */
export function configChange(
  properties: ReadonlyMap<string, string>,
  configured: BrokerConfig,
  otherKeys: ReadonlySet<string>,
): ConfigChange {
  const texts = new Map<string, string>();
  const values: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const [writtenKey, given] of properties) {
    const key = renamedKeys.get(writtenKey) ?? writtenKey;
    const text = given.trim();
    const rule = brokerConfigRule(key);
    if (rule === undefined) {
      const known = brokerKeysWithoutEffect.get(key);
      if (known !== undefined || otherKeys.has(key)) texts.set(key, text);
      notes.push(known === undefined ? `the key "${key}" is unknown` : `"${key}" has no effect: ${known.reason}`);
      continue;
    }
    const value = rule.parse(text);
    if (value === undefined) notes.push(`"${writtenKey}" was not changed to "${text}" (allowed: ${rule.allowed})`);
    else if (value !== configured[key as keyof BrokerConfig]) {
      if (inFileOnly.some((name) => name === key)) {
        notes.push(`"${writtenKey}" was not changed: change it in the file, while the broker is stopped`);
        continue;
      }
      texts.set(key, text);
      values[key] = value;
    }
  }
  return { texts, values, notes };
}
