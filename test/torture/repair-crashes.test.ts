/** A crash inside a repair, at some of its file operations: `npm run torture -- --repairs 1` tries all of them. */
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { damageNames, type RepairCounts, repairCrashes } from './repair-crashes.js';

/** Has no divisor in common with the number of outcomes, so that all of them come. */
const stride = 13;

test.each(damageNames)('%s: a repair that crashed is done again, and loses nothing more', { timeout: 600_000 }, async (name) => {
  verifies('damage-found');
  const counts: RepairCounts = { crashes: 0, refused: 0, started: 0 };
  await repairCrashes(name, stride, counts);
  expect(counts.crashes).toBeGreaterThan(30);
  expect(counts.started).toBeGreaterThan(10);
  expect(counts.refused).toBeGreaterThan(0);
});
