import { ProtocolError, ValidationError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBatch, encodeBatch } from './batch.js';

const anyMessage = fc.record({
  flag: fc.integer(),
  body: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  properties: fc.string({ unit: 'grapheme', maxLength: 20 }),
});

test('the entry of page 03 §6', () => {
  const batch = encodeBatch([{ flag: 0, body: Buffer.from('batch0'), properties: 'p'.repeat(94) }]);
  expect(batch.toString('hex')).toBe(`0000007a00000000000000000000000000000006626174636830005e${'70'.repeat(94)}`);
});

test('round trip', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 6 }), (messages) => {
      const entries = decodeBatch(encodeBatch(messages));
      expect(entries.map((entry) => ({ ...entry, properties: entry.properties.toString() }))).toEqual(messages);
    }),
    { numRuns: 200 },
  );
});

test('cut at any byte, and with any byte changed', () => {
  const batch = encodeBatch([
    { flag: 1, body: Buffer.from('ab'), properties: 'k\u0001v\u0002' },
    { flag: 2, body: Buffer.alloc(0), properties: '' },
  ]);
  const first = batch.readInt32BE(0);
  for (let length = 1; length < batch.length; length++) {
    if (length !== first) expect(() => decodeBatch(batch.subarray(0, length))).toThrow(ProtocolError);
  }
  for (let at = 0; at < batch.length; at++) {
    for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const changed = Buffer.from(batch);
      changed[at] = byte;
      try {
        expect(decodeBatch(changed).length).toBeLessThanOrEqual(3);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ProtocolError', code: 'BODY_INVALID' });
      }
    }
  }
});

test('properties of 32767 bytes are the most', () => {
  const messageOf = (properties: string) => [{ flag: 0, body: Buffer.alloc(0), properties }];
  expect(decodeBatch(encodeBatch(messageOf('x'.repeat(32767))))[0]?.properties).toHaveLength(32767);
  expect(() => encodeBatch(messageOf('é'.repeat(16384)))).toThrow(ValidationError);
});
