import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { knownGaps, requirements } from './requirements.js';

const here = dirname(fileURLToPath(import.meta.url));

function sources(): readonly string[] {
  return readdirSync(here, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'verifies.ts')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** The ids that tests name; only calls, so a mention in a comment does not count. */
function verified(): Set<string> {
  const ids = new Set<string>();
  for (const text of sources()) {
    for (const call of text.matchAll(/^\s*verifies\(([^)]*)\)/gm)) {
      for (const id of (call[1] ?? '').matchAll(/'([^']+)'/g)) ids.add(id[1] ?? '');
    }
  }
  return ids;
}

it('every promise has a test', () => {
  const named = verified();
  const gaps: readonly string[] = knownGaps;
  expect(requirements.map(({ id }) => id).filter((id) => !named.has(id) && !gaps.includes(id))).toEqual([]);
});

it('every test names promises that exist', () => {
  const known = new Set<string>(requirements.map(({ id }) => id));
  expect([...verified()].filter((id) => !known.has(id))).toEqual([]);
});

it('a promise that has a test is no known gap', () => {
  const named = verified();
  expect(knownGaps.filter((id) => named.has(id))).toEqual([]);
});

it('ids are unique', () => {
  expect(new Set(requirements.map(({ id }) => id)).size).toBe(requirements.length);
});
