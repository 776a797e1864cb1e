import { type SubscriptionData, SystemTopic } from '@orbitmq/protocol';
import type { TagsCodePredicate } from '../store/message-store.js';
import { isTagType } from './expression-type.js';

/** Predicates live as long as the subscription they were made for: one per heartbeat's change, not one per pull. */
const predicates = new WeakMap<SubscriptionData, TagsCodePredicate>();

/**
 * The filter of a pull by tag hash; undefined lets everything pass (Java: ExpressionMessageFilter.isMatchedByConsumeQueue).
 * It may pass a colliding tag, which the client drops, but never withholds a matching one. The queues of the schedule topic
 * hold times instead of hashes, so no filter applies there (page 25, trap 1).
 */
export function tagPredicate(subscription: SubscriptionData): TagsCodePredicate | undefined {
  if (subscription.subString === '*' || subscription.classFilterMode || subscription.topic === SystemTopic.SCHEDULE)
    return undefined;
  if (!isTagType(subscription.expressionType)) return undefined;
  const known = predicates.get(subscription);
  if (known !== undefined) return known;
  const codes = new Set(subscription.codeSet);
  // Java compares the low 32 bits of the entry's 64.
  const predicate: TagsCodePredicate = (tagsCode) => codes.has(tagsCode | 0);
  predicates.set(subscription, predicate);
  return predicate;
}
