import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editProperties } from './edit-properties.js';
import { parseProperties } from './properties.js';

const edit = (text: string, ...changes: readonly (readonly [string, string])[]) => editProperties(text, new Map(changes));

test.each([
  ['a value', '# mine\na=1\n\nb = 2\n', '# mine\na=7\n\nb = 2\n'],
  ['a value of several lines', 'x=1\na=1,\\\n  2,\\\n  3\ny=2\n', 'x=1\na=7\ny=2\n'],
  ['the last of two', 'a=1\na:2\n', 'a=1\na=7\n'],
  ['a key with other separators', '  a 1\n!a=0\n', 'a=7\n!a=0\n'],
  ['a last line without an end', 'b=2\na=1', 'b=2\na=7'],
  ['with the line ends of Windows', 'a=1\r\nb=2\r\n', 'a=7\r\nb=2\r\n'],
  ['a key that is not there', '# only this', '# only this\na=7\n'],
  ['the same on Windows', 'b=2\r\n', 'b=2\r\na=7\r\n'],
  ['an empty file', '', 'a=7\n'],
])('changes %s', (_name, text, expected) => {
  expect(edit(text, ['a', '7'])).toBe(expected);
});

test.each([' blank first', 'C:\\store', '#1', 'ä€', 'tab\tline\nend', 'a=b:c'])('the value %j comes back', (value) => {
  expect(parseProperties(Buffer.from(edit('b=1\n', ['a', value]), 'latin1')).get('a')).toBe(value);
});

test('whatever the file and the changes: they are in effect, and every other key is as it was', () => {
  const line = fc.oneof(
    fc.constantFrom('# note', '', 'a=1\\', 'a = 2', 'b:3', '\tc 4', '!c=5', 'c=\\u0041', 'd'),
    fc.tuple(fc.constantFrom('a', 'b', 'e'), fc.string()).map(([key, value]) => `${key}=${value.replaceAll('\\', '/')}`),
  );
  const file = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n')).map(([lines, end]) => lines.join(end));
  const changes = fc.dictionary(fc.constantFrom('a', 'c', 'z'), fc.string({ unit: 'grapheme' }), { minKeys: 1 });
  fc.assert(
    fc.property(file, changes, (text, changed) => {
      const wanted = new Map(Object.entries(changed));
      const before = parseProperties(Buffer.from(text, 'latin1'));
      const after = parseProperties(Buffer.from(editProperties(text, wanted), 'latin1'));
      expect(Object.fromEntries(after)).toEqual({ ...Object.fromEntries(before), ...changed });
    }),
  );
});
