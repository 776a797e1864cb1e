/**
 * Attributes of topics and groups and how an operator changes them (Java: AttributeUtil, AttributeParser; page 32 §5): `+key`
 * sets, `-key` removes, others stay. Faults are returned as a sentence, in Java's words where it has some.
 */

export interface AttributeRule {
  /** What is wrong with a value; undefined when nothing is. */
  readonly problemOf: (value: string) => string | undefined;
  /** Given once, with the thing itself. */
  readonly isFixed: boolean;
}

/** All changes of one request. */
const attributesCharsMax = 32_768;

/** By key, without sign. */
export type AttributeRules = ReadonlyMap<string, AttributeRule>;

/** `+key` or `-key` → value, as they came. */
export type AttributeChanges = ReadonlyMap<string, string>;

export interface AttributeProblem {
  readonly problem: string;
}

export function textAttribute(): AttributeRule {
  return { problemOf: () => undefined, isFixed: false };
}

export function enumAttribute(...values: readonly string[]): AttributeRule {
  const problem = `value is not in set: [${values.join(', ')}]`;
  return { problemOf: (value) => (values.includes(value) ? undefined : problem), isFixed: false };
}

/** Java's long; beyond 2^53 it is compared as rounded. */
export function rangeAttribute(min: number, max: number | 'unlimited'): AttributeRule {
  const isInside = (value: number): boolean => value >= min && (max === 'unlimited' ? value <= 2 ** 63 : value <= max);
  return {
    problemOf: (value) => {
      if (!/^[-+]?\d{1,19}$/.test(value)) return `For input string: "${value}"`;
      return isInside(Number(value))
        ? undefined
        : `value is not in range(${min}, ${max === 'unlimited' ? '9223372036854775807' : max})`;
    },
    isFixed: false,
  };
}

export function fixed(rule: AttributeRule): AttributeRule {
  return { ...rule, isFixed: true };
}

/** `+a=1,-b`, as the header of UPDATE_AND_CREATE_TOPIC carries it. */
export function parseAttributeChanges(text: string): AttributeChanges | AttributeProblem {
  const changes = new Map<string, string>();
  if (text === '') return changes;
  if (text.length > attributesCharsMax) {
    return { problem: `the attributes have ${text.length} characters, allowed are ${attributesCharsMax}` };
  }
  for (const part of text.split(',')) {
    const [signedKey = '', value] = part.split('=');
    if (value !== undefined && !signedKey.startsWith('+')) {
      return { problem: `add/alter attribute format is wrong: ${signedKey}` };
    }
    if (value === undefined && !signedKey.startsWith('-')) return { problem: `delete attribute format is wrong: ${signedKey}` };
    if (changes.has(signedKey)) return { problem: `key duplication: ${signedKey}` };
    changes.set(signedKey, value ?? '');
  }
  return changes;
}

/** The attributes after the changes, or what is wrong with them. `existing` is undefined for what is made new. */
export function applyAttributeChanges(
  rules: AttributeRules,
  existing: Readonly<Record<string, string>> | undefined,
  changes: AttributeChanges,
): { readonly attributes: Record<string, string> } | AttributeProblem {
  const attributes = new Map(Object.entries(existing ?? {}));
  const seen = new Set<string>();
  for (const [signedKey, value] of changes) {
    const problem = applyChange(rules, existing, attributes, signedKey, value);
    if (problem !== undefined) return { problem };
    const key = signedKey.slice(1);
    if (seen.has(key)) return { problem: `alter duplication key. key: ${key}` };
    seen.add(key);
  }
  return { attributes: Object.fromEntries(attributes) };
}

function applyChange(
  rules: AttributeRules,
  existing: Readonly<Record<string, string>> | undefined,
  attributes: Map<string, string>,
  signedKey: string,
  value: string,
): string | undefined {
  const sign = signedKey[0];
  const key = signedKey.slice(1);
  if ((sign !== '+' && sign !== '-') || key === '') return 'kv string format wrong.';
  if (sign === '-' && existing === undefined) return `only add attribute is supported while creating topic. key: ${key}`;
  const rule = rules.get(key);
  if (rule === undefined) return `unsupported key: ${key}`;
  if (rule.isFixed && existing !== undefined) return `attempt to update an unchangeable attribute. key: ${key}`;
  if (sign === '-') {
    if (existing === undefined || !Object.hasOwn(existing, key)) return `attempt to delete a nonexistent key: ${key}`;
    attributes.delete(key);
    return undefined;
  }
  const problem = rule.problemOf(value);
  if (problem === undefined) attributes.set(key, value);
  return problem;
}
