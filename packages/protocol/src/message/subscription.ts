import { ValidationError } from '@orbitmq/core/kernel';
import type { SubscriptionData } from '../bodies/heartbeat.js';
import { javaStringHashCode } from './java-hash.js';

/**
 * The subscription that a tag expression means: empty or `*` is everything, else `a || b` (Java: FilterAPI; page 04 §6).
 * Throws a `ValidationError` `EXPRESSION_INVALID` when no tag is left.
 */
export function buildSubscription(topic: string, expression: string, subVersion: number): SubscriptionData {
  const base = { topic, subVersion, expressionType: 'TAG', classFilterMode: false };
  if (expression === '' || expression === '*') return { ...base, subString: '*', tagsSet: [], codeSet: [] };
  const tags = new Set<string>();
  for (const part of expression.split('||')) {
    const tag = part.trim();
    if (tag !== '') tags.add(tag);
  }
  if (tags.size === 0) {
    throw new ValidationError('EXPRESSION_INVALID', `the tag expression "${expression.slice(0, 64)}" names no tag`);
  }
  const tagsSet = [...tags];
  return { ...base, subString: expression, tagsSet, codeSet: [...new Set(tagsSet.map(javaStringHashCode))] };
}
