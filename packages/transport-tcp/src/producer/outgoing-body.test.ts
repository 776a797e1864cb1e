import { decompressBody } from '@orbitmq/protocol';
import { SeededRandom } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { checkedBody, compressedBody } from './outgoing-body.js';

test('a body of at least the threshold is compressed as zlib when that makes it smaller', () => {
  const body = Buffer.alloc(4096, 'a');
  const { bytes, sysFlag } = compressedBody(body, 4096);
  expect(sysFlag).toBe(0x301);
  expect(bytes.subarray(0, 2).toString('hex')).toBe('785e');
  expect(decompressBody(bytes, sysFlag, 10_000).equals(body)).toBe(true);
  expect(compressedBody(Buffer.alloc(4095, 'a'), 4096)).toMatchObject({ sysFlag: 0 });
  const noise = Buffer.from(new SeededRandom(1).bytes(5000));
  expect(compressedBody(noise, 4096)).toEqual({ bytes: noise, sysFlag: 0 });
});

test('a body has at least one byte and at most the maximum', () => {
  expect(() => checkedBody(new Uint8Array(0), 10)).toThrow(/empty/);
  expect(checkedBody(new Uint8Array(10), 10)).toHaveLength(10);
  expect(() => checkedBody(new Uint8Array(11), 10)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }));
});

test('a view stays a view: no bytes of its neighbours are sent', () => {
  const view = new Uint8Array(Uint8Array.from([1, 2, 3, 4]).buffer, 1, 2);
  expect([...checkedBody(view, 10)]).toEqual([2, 3]);
});
