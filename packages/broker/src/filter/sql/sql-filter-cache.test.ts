import { expect, test } from 'vitest';
import { SqlFilterCache } from './sql-filter-cache.js';
import { sqlLimits } from './sql-limits.js';

test('an expression is compiled once, a wrong one as well', () => {
  const cache = new SqlFilterCache();
  expect(cache.compile('a = 1')).toBe(cache.compile('a = 1'));
  expect(cache.compile('a =')).toBe(cache.compile('a ='));
  expect(cache.compile('a =').filter).toBeUndefined();
});

test('beyond so many the one that was not used for longest is forgotten', () => {
  const cache = new SqlFilterCache({ expressionsMax: 2, charsMax: 1000 });
  const first = cache.compile('a = 1');
  const second = cache.compile('a = 2');
  cache.compile('a = 1');
  cache.compile('a = 3');
  expect(cache.expressionCount).toBe(2);
  expect(cache.compile('a = 1')).toBe(first);
  expect(cache.compile('a = 2')).not.toBe(second);
});

test('beyond so many characters as well', () => {
  const cache = new SqlFilterCache({ expressionsMax: 100, charsMax: 10 });
  cache.compile('a = 1');
  cache.compile('a = 2');
  expect(cache.expressionCount).toBe(2);
  cache.compile('a = 3');
  expect(cache.expressionCount).toBe(2);
  cache.compile('a = 44444444');
  expect(cache.expressionCount).toBe(0);
});

test('what is too long to look at is not kept', () => {
  const cache = new SqlFilterCache();
  expect(cache.compile(' '.repeat(sqlLimits.expressionCharsMax + 1)).filter).toBeUndefined();
  expect(cache.expressionCount).toBe(0);
});
