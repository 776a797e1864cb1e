import { buildSubscription, SystemTopic, tagsCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { tagPredicate } from './tag-predicate.js';

describe('tagPredicate', () => {
  it('lets everything pass without tags, for class filters and in the schedule topic', () => {
    expect(tagPredicate(buildSubscription('T', '*', 1))).toBeUndefined();
    expect(tagPredicate({ ...buildSubscription('T', 'a', 1), classFilterMode: true })).toBeUndefined();
    expect(tagPredicate(buildSubscription(SystemTopic.SCHEDULE, 'a', 1))).toBeUndefined();
  });

  it('passes the hashes of its tags, and messages without a tag never', () => {
    const matches = tagPredicate(buildSubscription('T', 'a || TagA', 1));
    expect(matches?.(tagsCode('a'))).toBe(true);
    expect(matches?.(tagsCode('TagA'))).toBe(true);
    expect(matches?.(tagsCode('b'))).toBe(false);
    expect(matches?.(0)).toBe(false);
  });

  it('compares the low 32 bits, as Java does', () => {
    const matches = tagPredicate({ ...buildSubscription('T', 'a', 1), codeSet: [-5] });
    expect(matches?.(-5)).toBe(true);
    expect(matches?.(2 ** 32 - 5)).toBe(true);
  });

  it('is made once per subscription', () => {
    const subscription = buildSubscription('T', 'a', 1);
    expect(tagPredicate(subscription)).toBe(tagPredicate(subscription));
  });
});
