import { expect, test } from 'vitest';
import { decodePartMark, encodePartMark } from './registration-part-mark.js';

test.each([
  { index: 0, count: 1 },
  { index: 2, count: 3 },
])('$index of $count comes back', (mark) => {
  expect(decodePartMark(encodePartMark(mark))).toEqual(mark);
});

test.each(['', '1', '0/1', '4/3', '1/3/3', '-1/3', 'a/b', '1/9999999999'])('"%s" is refused', (text) => {
  expect(() => decodePartMark(text)).toThrow(expect.objectContaining({ code: 'HEADER_INVALID' }));
});
