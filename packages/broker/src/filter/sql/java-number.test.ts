import { expect, it } from 'vitest';
import { readAs } from './java-number.js';
import { SqlText } from './sql-text.js';

it.each([
  ['0', 0n],
  ['+7', 7n],
  [`-${'0'.repeat(50)}12`, -12n],
  ['9223372036854775807', 9223372036854775807n],
  ['-9223372036854775808', -9223372036854775808n],
  ['\u0661\u0968\uff13', 123n],
  ['\u0660'.repeat(16_000), 0n],
])('a text is a long: %s', (text, value) => {
  expect(readAs('long', text)).toEqual({ kind: 'long', value });
});

it.each([
  '',
  '-',
  '+-1',
  ' 1',
  '1\n',
  '1L',
  '9223372036854775808',
  '-9223372036854775809',
  `1${'0'.repeat(19)}`,
  `${'\u0660'.repeat(100)}x`,
  '\u00b2',
  '\ud835\udfce',
])('a text is no long: %s', (text) => {
  expect(readAs('long', text)).toBeUndefined();
});

it('a text is read once as each kind of number', () => {
  const text = new SqlText('12');
  const number = text.readAs('integer');
  expect(number).toEqual({ kind: 'integer', value: 12 });
  expect(text.readAs('integer')).toBe(number);
  expect(text.readAs('double')).toEqual({ kind: 'double', value: 12 });
  expect(new SqlText('x').readAs('long')).toBeUndefined();
});
