import { expect, it } from 'vitest';
import { parseJavaInt } from './parse-java-int.js';

it.each([
  ['0', 0],
  ['18', 18],
  ['-1', -1],
  ['+3', 3],
  ['007', 7],
  ['2147483647', 2147483647],
  ['-2147483648', -2147483648],
  ['2147483648', undefined],
  ['99999999999', undefined],
  ['', undefined],
  [' 1', undefined],
  ['1.0', undefined],
  ['0x10', undefined],
  ['1e3', undefined],
])('parseJavaInt(%j) is %s', (text, expected) => {
  expect(parseJavaInt(text)).toBe(expected);
});
