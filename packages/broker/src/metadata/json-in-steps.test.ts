import { inOneTurn, type Steps } from '@orbitmq/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergedFields } from './json-fields.js';
import { jsonInSteps, jsonMember, jsonTable, numbersText, objectText } from './json-in-steps.js';

function tableSteps(value: {
  readonly head: unknown;
  readonly objects: object;
  readonly numbers: object;
}): Steps<readonly Buffer[]> {
  const { head, objects, numbers } = value;
  return jsonInSteps([
    jsonMember('head', head),
    jsonTable({
      name: 'objects',
      entries: Object.entries(objects),
      nameOf: ([name]) => name,
      textOf: ([, object]) => objectText(object),
    }),
    jsonTable({
      name: 'numbers',
      entries: Object.entries(numbers),
      nameOf: ([name]) => name,
      textOf: ([, of]) => numbersText(Object.entries(of)),
    }),
  ]);
}

const textOf = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('utf8');

const anyObject = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }));
const anyNumbers = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer());

test('the text is the one that JSON.stringify writes', () => {
  const anyTable = fc.record({
    head: fc.jsonValue(),
    objects: fc.dictionary(fc.string({ unit: 'grapheme' }), anyObject),
    numbers: fc.dictionary(fc.string(), anyNumbers),
  });
  fc.assert(
    fc.property(anyTable, (table) => {
      expect(textOf(inOneTurn(tableSteps(table)))).toBe(JSON.stringify(table, undefined, '\t'));
    }),
  );
});

test('a large table takes many turns, and in each of them there is little', () => {
  const objects = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`T${n}`, { text: 'x'.repeat(100), list: [n] }]));
  const table = { head: 1, objects, numbers: { a: { b: 1 } } };
  const steps = tableSteps(table);
  let turns = 1;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) turns += 1;
  expect(turns).toBeGreaterThan(10);
  for (const piece of step.value) expect(piece.length).toBeLessThan(270_000);
  expect(textOf(step.value)).toBe(JSON.stringify(table, undefined, '\t'));
});

test('merged fields keep a member whatever its name is, and the last one counts', () => {
  const parsed = JSON.parse('{"__proto__":{"a":1},"constructor":2,"b":3}') as object;
  expect(JSON.stringify(mergedFields(parsed, undefined, { b: 4, c: 5 }))).toBe(
    '{"__proto__":{"a":1},"constructor":2,"b":4,"c":5}',
  );
});
