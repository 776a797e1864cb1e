/** Stores through several lives with failing and full disks, from seeds: `npm run torture -- --seeds 100000` tries more. */
import { afterAll, expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { noCounts, type RandomCounts, randomRun } from './random-run.js';

const seedCount = 200;
const seedsPerTest = 40;
const counts = noCounts();

/** How much of each at least: a run without trouble shows nothing. */
const floors: Partial<RandomCounts> = {
  acked: 5000,
  refused: 500,
  cleanStops: 200,
  kills: 50,
  powerCuts: 300,
  failedStarts: 20,
  failures: 10,
  fullDisks: 30,
  erasures: 30,
  expiries: 30,
  deletions: 50,
};

const firsts = Array.from({ length: seedCount / seedsPerTest }, (_, index) => 1 + index * seedsPerTest);

test.each(firsts)('a store keeps its promises through its lives: seeds from %i on', { timeout: 600_000 }, async (first) => {
  verifies('durable-kill', 'visible-durable', 'offset-identity', 'fail-stop', 'retention');
  for (let seed = first; seed < first + seedsPerTest; seed += 1) await randomRun(seed, counts);
});

afterAll(() => {
  for (const [name, floor] of Object.entries(floors)) {
    expect(counts[name as keyof RandomCounts], name).toBeGreaterThanOrEqual(floor);
  }
});
