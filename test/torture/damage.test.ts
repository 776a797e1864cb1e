/** One flipped bit, or a file that is cut off, is found or does no harm: `npm run torture -- --damage 1` tries every one. */
import { expect, test } from 'vitest';
import { damageAll, type Ending } from './damage.js';

/** What is not found yet, and why. This list only becomes shorter. */
const notFound: readonly string[] = [
  // Queue entries have no checksum: a changed tags code withholds a message from who filters.
  'consumequeue flip',
];

test.each<Ending>(['stopped', 'killed'])('damage at rest of a store that was %s', { timeout: 600_000 }, async (ending) => {
  const { tally, wrong } = await damageAll(ending, 61);
  const cases = [...tally.values()].reduce((sum, count) => sum + count, 0);
  expect(cases).toBeGreaterThan(500);
  expect([...tally.keys()].some((key) => key.startsWith('commitlog') && key.endsWith('refused'))).toBe(true);
  const unexpected = [...wrong].filter(([family]) => !notFound.includes(family));
  expect(unexpected.map(([family, examples]) => `${family}: ${examples.slice(0, 3).join(' | ')}`)).toEqual([]);
  expect(
    notFound.filter((family) => !wrong.has(family)),
    'these are found now: take them off the list',
  ).toEqual([]);
});
