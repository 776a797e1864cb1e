import { ValidationError } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import { javaStringHashCode, tagsCode } from './java-hash.js';
import { checkGroupName, checkTopicName } from './name-rules.js';
import { buildSubscription } from './subscription.js';

describe('hashes of page 04 §6', () => {
  test.each([
    ['', 0],
    ['TagA', 2598919],
    ['TagB', 2598920],
    ['订单', 1129459],
    ['polygenelubricants', -2147483648],
    ['\ud83d\ude00', 1772899],
  ])('%s', (text, hash) => {
    expect(javaStringHashCode(text)).toBe(hash);
    expect(tagsCode(text)).toBe(hash);
  });

  test('no tag has code 0', () => {
    expect(tagsCode(undefined)).toBe(0);
  });
});

describe('subscriptions', () => {
  const base = { topic: 'T', subVersion: 5, expressionType: 'TAG', classFilterMode: false };

  test.each(['', '*'])('%j is everything', (expression) => {
    expect(buildSubscription('T', expression, 5)).toEqual({ ...base, subString: '*', tagsSet: [], codeSet: [] });
  });

  test('tags are trimmed, empty and repeated ones dropped, the expression kept', () => {
    expect(buildSubscription('T', ' TagA ||TagB|| || TagA', 5)).toEqual({
      ...base,
      subString: ' TagA ||TagB|| || TagA',
      tagsSet: ['TagA', 'TagB'],
      codeSet: [2598919, 2598920],
    });
  });

  test.each(['||', ' ', ' || '])('%j names no tag', (expression) => {
    expect(() => buildSubscription('T', expression, 5)).toThrow(ValidationError);
  });
});

describe('names', () => {
  test('what is allowed', () => {
    for (const name of ['a', 'Topic_T-1|%', '%RETRY%CG_A', 'x'.repeat(120)]) {
      expect([checkTopicName(name), checkGroupName(name)]).toEqual([undefined, undefined]);
    }
    expect(checkTopicName('x'.repeat(127))).toBeUndefined();
  });

  test('what is not, in one sentence', () => {
    expect(checkTopicName('')).toMatch(/empty/);
    expect(checkTopicName('x'.repeat(128))).toMatch(/128 characters, allowed are 127/);
    expect(checkGroupName('x'.repeat(121))).toMatch(/121 characters, allowed are 120/);
    for (const name of ['a b', 'a.b', 'a/b', '订单', 'a\n', 'a\u0000']) {
      expect(checkTopicName(name)).toMatch(/other than/);
      expect(checkGroupName(name)).toMatch(/other than/);
    }
  });
});
