/**
 * A crash after file operations of small workloads, and a second one while the store recovers: of two workloads after every
 * one. `npm run torture -- --points 100000` tries all.
 */
import { afterAll, expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { type SweepCounts, sweep } from './crash-sweep.js';
import { workloads } from './workloads.js';

const casesPerWorkload = 140;
/** Of these no operation is left out. */
const whole = ['single sends', 'groups for several queues, log files roll'];
const counts: SweepCounts = { crashes: 0, secondCrashes: 0 };

test.each(workloads)('$name: nothing is lost, invented or moved, wherever it crashes', { timeout: 600_000 }, async (workload) => {
  verifies('durable-kill', 'visible-durable', 'offset-identity');
  await sweep(workload, { seed: 1, casesMax: casesPerWorkload, isAfterEach: whole.includes(workload.name) }, counts);
});

afterAll(() => {
  expect(counts.crashes + counts.secondCrashes).toBeGreaterThan(2000);
});
