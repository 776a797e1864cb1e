/** From the keys of a file to a typed configuration. Unknown keys are warnings, bad values errors; Java ignores both silently. */
import { ConfigError } from '@orbitmq/core/kernel';
import type { ConfigRules } from './config-rules.js';
import type { KeyWithoutEffect } from './keys-without-effect.js';

export interface BoundConfig<C> {
  readonly config: C;
  /** Sentences for the operator. */
  readonly warnings: readonly string[];
  /** Keys that were given. */
  readonly given: ReadonlySet<string>;
}

/** Throws a `ConfigError` that names every bad key, its value and what is allowed. */
export function bindConfig<C extends object>(
  properties: ReadonlyMap<string, string>,
  rules: ConfigRules<C>,
  defaults: C,
  renamedKeys: ReadonlyMap<string, string> = new Map(),
  keysWithoutEffect: ReadonlyMap<string, KeyWithoutEffect> = new Map(),
): BoundConfig<C> {
  const config: Record<string, unknown> = Object.fromEntries(Object.entries(defaults));
  const warnings: string[] = [];
  const given = new Set<string>();
  const problems: string[] = [];
  const badKeys: string[] = [];
  for (const [writtenKey, text] of properties) {
    const key = renamedKeys.get(writtenKey) ?? writtenKey;
    if (!Object.hasOwn(rules, key)) {
      const warning = warningOf(writtenKey, text.trim(), keysWithoutEffect.get(key));
      if (warning !== undefined) warnings.push(warning);
      continue;
    }
    if (key !== writtenKey && properties.has(key)) continue;
    const rule = rules[key as keyof C];
    const value = rule.parse(text.trim());
    if (value === undefined) {
      problems.push(`${writtenKey}=${text} (allowed: ${rule.allowed})`);
      badKeys.push(key);
    }
    config[key] = value;
    given.add(key);
  }
  if (problems.length > 0) {
    throw new ConfigError('CONFIG_INVALID', `bad value in the configuration: ${problems.join('; ')}`, {
      details: { keys: badKeys, problems },
    });
  }
  return { config: config as C, warnings, given };
}

function warningOf(key: string, text: string, known: KeyWithoutEffect | undefined): string | undefined {
  if (known === undefined) return `the configuration key "${key}" is unknown to this version and has no effect`;
  if (known.silentValues === 'all' || known.silentValues.includes(text.toLowerCase())) return undefined;
  return `the configuration key "${key}" has no effect: ${known.reason}`;
}
