import type { RunOptions } from './scenario.js';

const calmLifeMs = 60_000;
const stormyLifeMs = 120_000;
/** Long ways, so that trouble meets much that is under way. */
const stormyLatencyMs = { min: 1, max: 40 };

/** The run that a seed stands for, wherever it is made. */
export function calmRun(seed: number, keepTrace = false): RunOptions {
  return { seed, keepTrace, lifeMs: calmLifeMs, isStormy: false };
}

export function stormyRun(seed: number, keepTrace = false): RunOptions {
  return { seed, keepTrace, lifeMs: stormyLifeMs, isStormy: true, isAsyncFlush: seed % 5 === 0, latencyMs: stormyLatencyMs };
}
