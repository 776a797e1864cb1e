import { expect, test } from 'vitest';
import { GroupSources } from './group-sources.js';

test('what groups say is merged, counted and forgotten', () => {
  const sources = new GroupSources();
  sources.merge('g', { a: 1 });
  expect(sources.sizeChars).toBe('{"a":1}'.length);
  expect(sources.growth('g', { b: 'x' })).toBe(',"b":"x"'.length);
  expect(sources.growth('g', { a: 2 })).toBe(0);
  expect(sources.growth('h', { a: 2 })).toBe('{"a":2}'.length);
  sources.merge('g', { b: 'x' });
  sources.merge('h', {});
  expect(sources.get('g')).toEqual({ a: 1, b: 'x' });
  expect(sources.sizeChars).toBe('{"a":1,"b":"x"}{}'.length);
  for (const group of ['g', 'g', 'h']) sources.delete(group);
  expect([sources.get('g'), sources.sizeChars]).toEqual([undefined, 0]);
});
