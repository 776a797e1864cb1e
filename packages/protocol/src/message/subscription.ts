import { ValidationError } from '@orbitmq/core/kernel';
import type { SubscriptionData } from '../bodies/heartbeat.js';
import { javaStringHashCode } from './java-hash.js';

/**
 * The subscription that a tag expression means: empty or `*` is everything, else `a || b` (Java: FilterAPI; page 04 §6).
 * Throws a `ValidationError` `EXPRESSION_INVALID` when no tag is left.
 */
export function buildSubscription(topic: string, expression: string, subVersion: number): SubscriptionData {
  if (expression === '' || expression === '*') return tagSubscription(topic, '*', subVersion, []);
  const tags = new Set<string>();
  for (const part of expression.split('||')) {
    const tag = part.trim();
    if (tag !== '') tags.add(tag);
  }
  if (tags.size === 0) {
    throw new ValidationError('EXPRESSION_INVALID', `the tag expression "${expression.slice(0, 64)}" names no tag`);
  }
  return tagSubscription(topic, expression, subVersion, [...tags]);
}

function tagSubscription(topic: string, subString: string, subVersion: number, tagsSet: readonly string[]): SubscriptionData {
  const codeSet = tagsSet.length === 0 ? [] : [...new Set(tagsSet.map(javaStringHashCode))];
  return { topic, subVersion, expressionType: 'TAG', classFilterMode: false, subString, tagsSet, codeSet };
}
