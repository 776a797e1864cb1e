/**
 * Attributes of a topic and how an operator changes them (Java: TopicAttributes, AttributeUtil; page 32 §5): `+key=value` sets,
 * `-key` removes. Expected faults are returned as a sentence.
 */
import type { TopicConfig } from '@orbitmq/protocol';

interface AttributeRule {
  readonly isValid: (value: string) => boolean;
  readonly expected: string;
  /** Fixed once the topic exists. */
  readonly isFixed: boolean;
}

function oneOf(isFixed: boolean, ...values: string[]): AttributeRule {
  return { isValid: (value) => values.includes(value), expected: `one of ${values.join(', ')}`, isFixed };
}

const rules: ReadonlyMap<string, AttributeRule> = new Map([
  ['queue.type', oneOf(true, 'SimpleCQ', 'BatchCQ')],
  ['cleanup.policy', oneOf(true, 'DELETE', 'COMPACTION')],
  ['message.type', oneOf(false, 'UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED', 'PRIORITY', 'LITE')],
  ['reserve.time', { isValid: (value) => /^(-1|\d{1,15})$/.test(value), expected: 'milliseconds or -1', isFixed: false }],
  ['lite.topic.expiration', { isValid: (value) => isWithin(value, -1, 43_200), expected: 'from -1 to 43200', isFixed: false }],
]);

/** `+a=1,-b` as it came: sign and key → value. */
export type AttributeChanges = ReadonlyMap<string, string>;

export function parseAttributeChanges(text: string): AttributeChanges {
  const changes = new Map<string, string>();
  for (const part of text.split(',')) {
    const change = part.trim();
    if (change === '') continue;
    const at = change.indexOf('=');
    changes.set(at < 0 ? change : change.slice(0, at).trim(), at < 0 ? '' : change.slice(at + 1).trim());
  }
  return changes;
}

/** The attributes after the changes, or what is wrong with them. `existing` is undefined for a new topic. */
export function applyAttributeChanges(
  existing: TopicConfig['attributes'] | undefined,
  changes: AttributeChanges,
): { readonly attributes: Record<string, string> } | { readonly problem: string } {
  const attributes = new Map(Object.entries(existing ?? {}));
  for (const [signedKey, value] of changes) {
    const sign = signedKey[0];
    const key = signedKey.slice(1);
    if (sign !== '+' && sign !== '-') return { problem: `kv string format wrong: ${signedKey} begins with neither + nor -` };
    const rule = rules.get(key);
    if (rule === undefined) return { problem: `unsupported key: ${key}` };
    if (rule.isFixed && existing !== undefined) return { problem: `attempt to update an unchangeable attribute. key: ${key}` };
    if (sign === '+' && !rule.isValid(value)) return { problem: `value of attribute ${key} is not ${rule.expected}: ${value}` };
    if (sign === '+') attributes.set(key, value);
    else if (!attributes.delete(key)) return { problem: `attempt to delete a nonexistent key: ${key}` };
  }
  return { attributes: Object.fromEntries(attributes) };
}

function isWithin(value: string, min: number, max: number): boolean {
  return /^-?\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
}
