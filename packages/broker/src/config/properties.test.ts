import { expect, test } from 'vitest';
import { parseProperties } from './properties.js';

const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['separators', 'a=1\nb:2\nc 3\nd = 4\ne\t:\t5', { a: '1', b: '2', c: '3', d: '4', e: '5' }],
  ['a second separator belongs to the value', 'a==1\nb=:2\nc = d=e', { a: '=1', b: ':2', c: 'd=e' }],
  ['comments and blank lines', '# x=1\n  ! y=2\n\n \t\nz=3', { z: '3' }],
  ['a sign of a comment inside a value', 'a=1 # no comment', { a: '1 # no comment' }],
  ['leading blanks go, trailing ones stay', '   a =  1  ', { a: '1  ' }],
  ['continued lines', 'a=1,\\\n   2,\\\r\n\t3\nb=4', { a: '1,2,3', b: '4' }],
  ['an even number of backslashes continues nothing', 'a=1\\\\\nb=2', { a: '1\\', b: '2' }],
  ['a comment sign after a continued line is text', 'a=1\\\n#2', { a: '1#2' }],
  ['escapes', 'a\\=b=c\\:d\\te\\nf\\\\g\\zh', { 'a=b': 'c:d\te\nf\\gzh' }],
  ['an escaped blank in the key', 'a\\ b c', { 'a b': 'c' }],
  ['Unicode escapes', 'a=\\u00e9\\u4E2D', { a: 'é中' }],
  ['no value, no separator', 'a\nb=\n=c', { a: '', b: '', '': 'c' }],
  ['the last of two equal keys', 'a=1\na=2', { a: '2' }],
  ['every end of line', 'a=1\rb=2\r\nc=3\n', { a: '1', b: '2', c: '3' }],
  ['a key that objects have', '__proto__=1\nconstructor=2', JSON.parse('{"__proto__":"1","constructor":"2"}')],
];

test.each(cases)('%s', (_name, text, expected) => {
  expect([...parseProperties(text)]).toEqual(Object.entries(expected));
});

test('bytes are ISO-8859-1', () => {
  expect(parseProperties(Buffer.from('a=é', 'latin1')).get('a')).toBe('é');
});

test('a malformed Unicode escape is refused', () => {
  expect(() => parseProperties('a=\\u12x4')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

/** Takes minutes where each line, or each backslash, is looked at again for every one before it. */
test('a value over many lines, and one of many backslashes', () => {
  expect(parseProperties(`k=${'a\\\n'.repeat(400_000)}b`).get('k')?.length).toBe(400_001);
  expect(parseProperties(`k=${'\\'.repeat(100_000)}x`).get('k')?.length).toBe(50_001);
});

test('a line of one backslash continues, also at the end', () => {
  expect([...parseProperties('\\\n#a=1\n\\')]).toEqual([['#a', '1']]);
  expect([...parseProperties('a=1\n\\')]).toEqual([['a', '1']]);
});
