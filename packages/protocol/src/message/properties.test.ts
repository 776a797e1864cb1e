import { ValidationError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { decodeProperties, encodeProperties, findProperty } from './properties.js';

const read = (source: Parameters<typeof decodeProperties>[0]): Record<string, string> => ({ ...decodeProperties(source) });

describe('reading', () => {
  test('with and without the last separator', () => {
    const expected = { TAGS: 'TagA', KEYS: 'a b' };
    expect(read('TAGS\u0001TagA\u0002KEYS\u0001a b')).toEqual(expected);
    expect(read('TAGS\u0001TagA\u0002KEYS\u0001a b\u0002')).toEqual(expected);
    expect(read(Buffer.from('TAGS\u0001TagA\u0002KEYS\u0001a b\u0002'))).toEqual(expected);
    expect(read('')).toEqual({});
  });

  test('entries without name, value or separator are dropped; the last of a name counts; 0x01 may be in a value', () => {
    expect(read('\u0001x\u0002a\u0001\u0002b\u0002c\u00011\u0002c\u00012\u0002d\u0001x\u0001y\u0002\u0002\u0001')).toEqual({
      c: '2',
      d: 'x\u0001y',
    });
  });

  test('a property called __proto__ is a property', () => {
    const properties = decodeProperties('__proto__\u0001x\u0002constructor\u0001y');
    expect(Object.entries(properties)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  test('what is not there is not inherited either', () => {
    const properties = decodeProperties(Buffer.from('a\u0001b'));
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(properties[name]).toBeUndefined();
      expect(name in properties).toBe(false);
    }
  });

  test('part of a buffer, names and values of more than one byte a character', () => {
    for (const text of [
      'TAGS\u0001TagA\u0002a\u0001b',
      'TAGS\u0001ä\u0002größe\u0001b\u0002a\u0001€',
      'ä\u0001b\u0002TAGS\u0001c',
    ]) {
      const bytes = Buffer.from(`x\u0001y\u0002${text}\u0002z`);
      expect({ ...decodeProperties(bytes, 4, bytes.length - 2) }).toEqual(read(text));
    }
  });
});

test.each([
  ['nothing but separators', '\u0002'.repeat(10_000)],
  ['separators behind the only name', `a\u0001b${'\u0002'.repeat(10_000)}`],
  ['separators before the only name', `${'\u0002'.repeat(10_000)}a\u0001b`],
  ['names without a value', 'name\u0002'.repeat(2000)],
])('however made, a text is looked through once for each separator: %s', (_name, text) => {
  const spy = vi.spyOn(String.prototype, 'indexOf');
  decodeProperties(text);
  const { calls, contexts, results } = spy.mock;
  const own = calls.map((_, index) => index).filter((index) => String(contexts[index]) === text);
  spy.mockRestore();
  let lookedAt = 0;
  for (const index of own) {
    const found = Number(results[index]?.value);
    lookedAt += (found < 0 ? text.length : found + 1) - (calls[index]?.[1] ?? 0);
  }
  expect(lookedAt).toBeGreaterThan(0);
  expect(lookedAt).toBeLessThanOrEqual(2 * text.length);
});

describe('writing', () => {
  test('ends every entry, leaves empty values out', () => {
    expect(encodeProperties({ TAGS: 'TagA', EMPTY: '', KEYS: 'k' })).toBe('TAGS\u0001TagA\u0002KEYS\u0001k\u0002');
  });

  test.each([{ '': 'x' }, { 'a\u0001b': 'x' }, { 'a\u0002': 'x' }, { a: 'x\u0002y' }])('refuses %j', (entries) => {
    expect(() => encodeProperties(entries)).toThrow(ValidationError);
  });

  test('round trip', () => {
    const anyName = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((name) => !name.includes('\u0001') && !name.includes('\u0002'));
    const anyValue = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((value) => !value.includes('\u0002'));
    fc.assert(
      fc.property(fc.dictionary(anyName, anyValue, { maxKeys: 6 }), (entries) => {
        const text = encodeProperties(entries);
        expect(read(text)).toEqual({ ...entries });
        expect(read(Buffer.from(text))).toEqual({ ...entries });
      }),
      { numRuns: 200 },
    );
  });
});

test('finding one agrees with reading all', () => {
  const anyPart = fc.constantFrom('TAGS', 'TAG', 'TAGSX', 'a', '', '\u0001', '\u0002', '订', 'x y');
  fc.assert(
    fc.property(fc.array(anyPart, { maxLength: 14 }), fc.constantFrom('TAGS', 'a', 'TAG', ''), (parts, name) => {
      const text = parts.join('');
      expect(findProperty(Buffer.from(text), name)).toBe(read(text)[name]);
    }),
    { numRuns: 1000 },
  );
});
