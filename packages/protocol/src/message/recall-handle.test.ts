import { describe, expect, it } from 'vitest';
import { decodeRecallHandle, encodeRecallHandle } from './recall-handle.js';

const handle = { topic: 'TopicT', brokerName: 'broker-a', timestamp: 1795216927080, uniqueKey: 'C0000202' };
/** From the wire of 5.5.0. */
const golden = 'djEgVG9waWNUIGJyb2tlci1hIDE3OTUyMTY5MjcwODAgQzAwMDAyMDI=';

const encode = (text: string): string => Buffer.from(text).toString('base64url');

describe('the handle of a timed message', () => {
  it("is written and read as Apache's", () => {
    expect(encodeRecallHandle(handle)).toBe(golden);
    expect(decodeRecallHandle(golden)).toEqual(handle);
  });

  it('is read without its padding', () => {
    expect(decodeRecallHandle(golden.slice(0, -1))).toEqual(handle);
  });

  it('is safe in a URL', () => {
    const odd = { ...handle, topic: '%RETRY%~~~???', uniqueKey: '>>>???' };
    expect(encodeRecallHandle(odd)).toMatch(/^[\w=-]+$/);
    expect(decodeRecallHandle(encodeRecallHandle(odd))).toEqual(odd);
  });

  it.each([
    ['nothing', ''],
    ['no base64', '*'],
    ['another version', encode('v2 T b 1 k')],
    ['a field too few', encode('v1 T b 1')],
    ['a field too many', encode('v1 T b 1 k k')],
    ['an empty field', encode('v1  b 1 k')],
    ['no number', encode('v1 T b x k')],
    ['a number too large', encode('v1 T b 9999999999999999 k')],
    ['a negative number', encode('v1 T b -1 k')],
    ['far too long', encode(`v1 T b 1 ${'k'.repeat(4096)}`)],
  ])('is none: %s', (_, text) => {
    expect(decodeRecallHandle(text)).toBeUndefined();
  });
});
