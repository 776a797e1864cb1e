import { InvariantError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonTextBytesMax, writeAscii, writeDecimal, writeJsonText, writeWord } from './write-text.js';

function written(room: number, write: (target: Buffer, at: number) => number): Buffer {
  const target = Buffer.alloc(room + 2, 0xee);
  const end = write(target, 1);
  expect(target[0]).toBe(0xee);
  expect(target[target.length - 1]).toBe(0xee);
  return target.subarray(1, end);
}

const jsonOf = (text: string): string =>
  written(jsonTextBytesMax(text), (target, at) => writeJsonText(target, at, text)).toString('utf8');

test('JSON text reads back as it was, and stays within its bound', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: 'binary-ascii', maxLength: 80 }),
    fc.stringMatching(/^[\x20-\x7e]{0,80}$/),
    fc.constantFrom('\ud800', 'a\udfff', '\u007f', '\u2028', '订单', '\ud83d\ude00', '"\\/', '\u0001\u0002'.repeat(40)),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      expect(JSON.parse(jsonOf(text))).toBe(text);
    }),
    { numRuns: 300 },
  );
});

test('separators of properties are escaped as Java escapes them', () => {
  expect(jsonOf('TAGS\u0001TagA\u0002')).toBe('"TAGS\\u0001TagA\\u0002"');
});

test('numbers are written in decimal', () => {
  const decimalOf = (value: number): string => written(20, (target, at) => writeDecimal(target, at, value)).toString('latin1');
  const edges = Array.from({ length: 16 }, (_, digits) => 10 ** digits).flatMap((power) => [power - 1, power, power + 1]);
  const anyInteger = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(...edges, 0xffffffff, 0x100000000));
  fc.assert(
    fc.property(anyInteger, (value) => {
      expect(decimalOf(value)).toBe(String(value));
    }),
    { numRuns: 300 },
  );
  for (const edge of edges) expect(decimalOf(-edge)).toBe(String(edge === 0 ? 0 : -edge));
  for (const wrong of [0.5, Number.NaN, 2 ** 53]) expect(() => decimalOf(wrong)).toThrow(InvariantError);
});

test('ASCII of any length', () => {
  for (const text of ['', 'a', 'x'.repeat(31), 'y'.repeat(32), 'z'.repeat(100)]) {
    expect(written(100, (target, at) => writeAscii(target, at, text)).toString('latin1')).toBe(text);
  }
});

test('words are big-endian', () => {
  for (const value of [0, 1, -1, 0x01020304, -2147483648]) {
    const target = Buffer.alloc(4);
    writeWord(target, 0, value);
    expect(target.readInt32BE()).toBe(value);
  }
});
