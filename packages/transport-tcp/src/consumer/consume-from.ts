import type { ConsumeFrom } from '@orbitmq/core';
import { type ConsumeFromWhere, retryTopicPrefix } from '@orbitmq/protocol';

/** How the first offset of a queue is found. */
export type StartRule =
  | { readonly kind: 'at'; readonly offset: number }
  | { readonly kind: 'max' }
  | { readonly kind: 'timestamp'; readonly timestamp: number };

/**
 * Where consumption of a queue starts (page 04 §8). `stored`: the group's committed offset; undefined or negative: none.
 * Differs from Java in one row: a retry topic without a stored offset starts at 0 also when the group starts at a
 * timestamp. What is in it was put there for this group, and Java's "max" skips retries that arrived before the topic's
 * route did.
 */
export function startRule(from: ConsumeFrom, topic: string, stored: number | undefined): StartRule {
  if (stored !== undefined && stored >= 0) return { kind: 'at', offset: stored };
  if (from === 'first' || topic.startsWith(retryTopicPrefix)) return { kind: 'at', offset: 0 };
  if (from === 'last') return { kind: 'max' };
  return { kind: 'timestamp', timestamp: from.timestamp };
}

/** The same choice as heartbeats tell it. */
export function consumeFromWhere(from: ConsumeFrom): ConsumeFromWhere {
  if (from === 'first') return 'CONSUME_FROM_FIRST_OFFSET';
  if (from === 'last') return 'CONSUME_FROM_LAST_OFFSET';
  return 'CONSUME_FROM_TIMESTAMP';
}
