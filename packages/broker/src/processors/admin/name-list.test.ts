import { expect, test } from 'vitest';
import { namesMax, namesOf } from './name-list.js';

test('names without those that are empty', () => {
  expect(namesOf('', ';')).toEqual([]);
  expect(namesOf(';a;;b', ';')).toEqual(['a', 'b']);
});

test('no more than the bound', () => {
  expect(namesOf(Array.from({ length: namesMax }, (_, index) => `t${index}`).join(','), ',')).toHaveLength(namesMax);
  expect(namesOf(','.repeat(namesMax), ',')).toBeUndefined();
  expect(namesOf('t,'.repeat(namesMax), ',')).toBeUndefined();
});
