import { ValidationError } from '@orbitmq/core/kernel';
import type { SubscriptionData } from '../bodies/heartbeat.js';
import { javaStringHashCode } from './java-hash.js';

/**
 * The subscription that a tag expression means: empty or `*` is everything, else `a || b` (Java: FilterAPI; page 04 §6).
 * Throws a `ValidationError` `EXPRESSION_INVALID` when no tag is left, or when there are more than `tagsMax`, repeated and blank ones
 * included. Default: as many as there are.
 */
export function buildSubscription(
  topic: string,
  expression: string,
  subVersion: number,
  tagsMax = Number.POSITIVE_INFINITY,
): SubscriptionData {
  if (expression === '' || expression === '*') return tagSubscription(topic, '*', subVersion, []);
  const tags = new Set<string>();
  let count = 0;
  for (let start = 0, end = 0; end < expression.length; start = end + separator.length) {
    end = endOfTag(expression, start);
    const tag = expression.slice(start, end).trim();
    if (tag !== '') tags.add(tag);
    count += 1;
    if (count > tagsMax) throw new ValidationError('EXPRESSION_INVALID', `the tag expression names more than ${tagsMax} tags`);
  }
  if (tags.size === 0) {
    throw new ValidationError('EXPRESSION_INVALID', `the tag expression "${expression.slice(0, 64)}" names no tag`);
  }
  return tagSubscription(topic, expression, subVersion, [...tags]);
}

const separator = '||';

function endOfTag(expression: string, start: number): number {
  const end = expression.indexOf(separator, start);
  return end < 0 ? expression.length : end;
}

function tagSubscription(topic: string, subString: string, subVersion: number, tagsSet: readonly string[]): SubscriptionData {
  const codeSet = tagsSet.length === 0 ? [] : [...new Set(tagsSet.map(javaStringHashCode))];
  return { topic, subVersion, expressionType: 'TAG', classFilterMode: false, subString, tagsSet, codeSet };
}
