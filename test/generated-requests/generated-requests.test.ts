/** `npm run torture -- requests --sequences 10000` plays more of them. */
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { codeCount, runSequences } from './run-sequences.js';

const seed = Number(process.env['REQUESTS_SEED'] ?? 20_261_121);
const sequenceCount = 300;

test(`no sequence of requests, in order or hostile, breaks a promise (seed ${seed})`, { timeout: 240_000 }, async () => {
  verifies('requests-keep-promises');
  const { counts, failure, longest } = await runSequences({ seed, count: sequenceCount });
  expect(failure).toBeUndefined();
  // Requests that nobody answers, or that are all refused, would show nothing.
  expect(counts.codes).toBe(codeCount);
  expect(counts.acked).toBeGreaterThan(sequenceCount);
  expect(counts.refused).toBeGreaterThan(sequenceCount / 2);
  expect(counts.successes).toBeGreaterThan(sequenceCount * 4);
  expect(counts.restarts).toBeGreaterThan(sequenceCount / 5);
  console.log(
    `generated requests: ${JSON.stringify(counts)}, the longest turn took ${longest.heldMs.toFixed(1)} ms (${longest.label.slice(0, 80)})`,
  );
});
