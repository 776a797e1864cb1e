/**
 * Runs in a process of its own, for people and for the test of replays: `tsx replay.ts calm|stormy <seed or first-last>
 * [trace file]` with `--conditions=@orbitmq/source`. A line of JSON per seed, then what went wrong.
 */
import { writeFileSync } from 'node:fs';
import { calmRun, stormyRun } from './runs.js';
import { run } from './scenario.js';

const [kind = 'calm', seeds = '1', traceFile] = process.argv.slice(2);
const optionsOf = kind === 'stormy' ? stormyRun : calmRun;
const [first = 1, last = first] = seeds.split('-').map(Number);
for (let seed = first; seed <= last; seed += 1) {
  const startedAt = performance.now();
  const { digest, violations, counts, trace } = await run(optionsOf(seed, traceFile !== undefined));
  if (traceFile !== undefined) writeFileSync(traceFile, trace.join(''));
  const tookMs = Math.round(performance.now() - startedAt);
  process.stdout.write(`${JSON.stringify({ seed, digest, tookMs, ...counts })}\n`);
  for (const violation of violations) process.stdout.write(`  ${violation}\n`);
}
