/** The list of planted bugs fits the sources and the page that tells of them; planting them is `npm run planted-bugs`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutations } from './mutations.js';
import { caughtIn, resultPage } from './result-page.js';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const countMin = 15;

test.each(mutations)(
  '$id: the text that it changes is in its file, once, and its tests are there',
  ({ file, from, tests, to }) => {
    expect(readFileSync(join(repository, file), 'utf8').split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
    expect(tests.files.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  },
);

test('there are enough of them, each with its own name', () => {
  expect(mutations.length).toBeGreaterThanOrEqual(countMin);
  expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length);
});

test('the page has the result of a run of exactly these, and all were caught', () => {
  const page = readFileSync(join(repository, 'docs/planted-bugs.md'), 'utf8');
  expect(caughtIn(page)).toEqual(mutations.map(({ id }) => id));
});

test('the page tells of each bug as the list does', () => {
  const page = readFileSync(join(repository, 'docs/planted-bugs.md'), 'utf8');
  const expected = resultPage(mutations.map((mutation) => ({ mutation, by: undefined })));
  const rows = expected.split('\n').filter((line) => line.endsWith('**NOT CAUGHT** |'));
  expect(rows.filter((row) => !page.includes(row.replace('**NOT CAUGHT** |', '')))).toEqual([]);
});
