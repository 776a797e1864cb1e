import { expect, test } from 'vitest';
import { isTagIn, parseTagExpression, tagExpressionOf, unionOf } from './tag-filter.js';

test('nothing and * subscribe to everything', () => {
  for (const expression of [undefined, '', '  ', '*', ' * ']) expect(parseTagExpression(expression)).toEqual({ kind: 'all' });
});

test('tags are trimmed, sorted and named once', () => {
  expect(parseTagExpression('placed || paid||placed')).toEqual({ kind: 'tags', tags: ['paid', 'placed'] });
  expect(parseTagExpression('two words')).toEqual({ kind: 'tags', tags: ['two words'] });
});

test.each(['a | b', 'a || ', '|| a', 'a || *', 'a||||b', 'a \u0001'])('%s is refused', (expression) => {
  expect(() => parseTagExpression(expression)).toThrow(expect.objectContaining({ code: 'EXPRESSION_INVALID' }));
});

test('a filter is written as brokers read it', () => {
  expect(tagExpressionOf({ kind: 'all' })).toBe('*');
  expect(tagExpressionOf(parseTagExpression('b||a'))).toBe('a || b');
});

test('a message without a tag passes only the filter for everything', () => {
  expect(isTagIn({ kind: 'all' }, undefined)).toBe(true);
  expect(isTagIn(parseTagExpression('a'), undefined)).toBe(false);
  expect(isTagIn(parseTagExpression('a'), 'a')).toBe(true);
});

test('a union takes what one of its filters takes', () => {
  expect(unionOf([parseTagExpression('b'), parseTagExpression('a || b')])).toEqual({ kind: 'tags', tags: ['a', 'b'] });
  expect(unionOf([parseTagExpression('b'), parseTagExpression('*')])).toEqual({ kind: 'all' });
});
