import { ValidationError } from './kernel/errors.js';
import { checkTag } from './message/names.js';

/** A subscription's tags: everything, or exactly these (RocketMQ: `*` or `a || b`). */
export type TagFilter = { readonly kind: 'all' } | { readonly kind: 'tags'; readonly tags: readonly string[] };

const allTags: TagFilter = { kind: 'all' };

/**
 * Reads a tag expression: nothing or `*` is everything, otherwise tags separated by `||`. Tags come back sorted and once.
 * Throws a `ValidationError` `EXPRESSION_INVALID`; RocketMQ takes `a | b` for one tag of that name, we take it for a slip.
 */
export function parseTagExpression(expression: string | undefined): TagFilter {
  if (expression !== undefined && typeof (expression as unknown) !== 'string') {
    throw new ValidationError('EXPRESSION_INVALID', `Tag expression ${String(expression)} is no string`, {
      details: { expression },
    });
  }
  if (expression === undefined || expression.trim() === '' || expression.trim() === '*') return allTags;
  const tags = expression.split('||').map((tag) => tag.trim());
  for (const tag of tags) {
    const problem = checkTag(tag);
    if (problem !== undefined) {
      throw new ValidationError('EXPRESSION_INVALID', `Tag '${tag}' in '${expression}' ${problem}`, {
        details: { expression, tag },
      });
    }
  }
  return { kind: 'tags', tags: [...new Set(tags)].sort() };
}

/** The expression as brokers take it: `*` or `a || b`. */
export function tagExpressionOf(filter: TagFilter): string {
  return filter.kind === 'all' ? '*' : filter.tags.join(' || ');
}

export function isTagIn(filter: TagFilter, tag: string | undefined): boolean {
  return filter.kind === 'all' || (tag !== undefined && filter.tags.includes(tag));
}

/** What passes one of the filters. */
export function unionOf(filters: readonly TagFilter[]): TagFilter {
  const tags = new Set<string>();
  for (const filter of filters) {
    if (filter.kind === 'all') return allTags;
    for (const tag of filter.tags) tags.add(tag);
  }
  return { kind: 'tags', tags: [...tags].sort() };
}
