import { encodeHost, encodeOffsetMessageId } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { physicalOffsetOf } from './physical-offset-of.js';

it.each(['127.0.0.1:10911', '[2001:db8::1]:10911'])('finds the place that an id of %s names', (address) => {
  for (const physicalOffset of [0, 11_593, 2 ** 33 + 7, Number.MAX_SAFE_INTEGER]) {
    expect(physicalOffsetOf(encodeOffsetMessageId(encodeHost(address), physicalOffset))).toBe(physicalOffset);
  }
});

it.each([
  ['nothing', ''],
  ['a text', 'not an id'],
  ['an id that is cut off', '7F00000100002A9F00000000000000'],
  ['32 characters that are no hex', '7F00000100002A9F000000000000000G'],
  ['an offset beyond what is safe', '7F00000100002A9F7FFFFFFFFFFFFFFF'],
])('%s names no place', (_, messageId) => {
  expect(physicalOffsetOf(messageId)).toBeUndefined();
});
