/**
 * A whole cluster with its clients, from a seed, on virtual time with a simulated disk and network: the promises hold in
 * calm and in storm, and a seed replays identically. `SIM_SEEDS=200 npx vitest run test/simulation` tries more seeds,
 * `SIM_FIRST_SEED=1000` others. A failing seed is looked at with `replay.ts`, which writes its trace to a file.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Child } from '../support/child.js';
import { verifies } from '../support/verifies.js';
import { calmRun, stormyRun } from './runs.js';
import { type Report, run } from './scenario.js';

const seedCount = Number(process.env['SIM_SEEDS'] ?? 20);
const firstSeed = Number(process.env['SIM_FIRST_SEED'] ?? 1);
const runLimitMs = 120_000;

/** The digest of the same run in a process of its own. */
async function replayed(kind: 'calm' | 'stormy', seed: number): Promise<string> {
  const script = fileURLToPath(new URL('replay.ts', import.meta.url));
  const child = new Child(process.execPath, ['--import', 'tsx', '--conditions=@orbitmq/source', script, kind, String(seed)]);
  expect(await child.exited, child.output).toBe(0);
  const { digest } = JSON.parse(child.output.split('\n')[0] ?? '') as { digest: string };
  return digest;
}

const runs = { calm: calmRun, stormy: stormyRun } as const;
const shared = new Map<string, Promise<Report>>();

/** Several tests look at the same run: it is made once. */
function firstRun(kind: keyof typeof runs, seed: number): Promise<Report> {
  const name = `${kind} ${seed}`;
  const made = shared.get(name) ?? run(runs[kind](seed));
  shared.set(name, made);
  return made;
}

describe('nothing breaks', () => {
  test(
    'every message arrives as promised, once, on time, while queues move between consumers',
    async () => {
      verifies('simulation', 'rebalance', 'graceful-stop', 'tag-filter', 'dead-letter', 'delay-level', 'transaction-outcome');
      const { violations, counts } = await firstRun('calm', firstSeed);
      expect(violations, `seed ${firstSeed}`).toEqual([]);
      expect(counts['acked']).toBeGreaterThan(300);
      expect(counts['takeovers']).toBeGreaterThan(5);
      expect(counts['deadLetters']).toBeGreaterThan(0);
    },
    runLimitMs,
  );
});

describe('a seed', () => {
  test.each(['calm', 'stormy'] as const)(
    'replays identically, in this process and in another: %s',
    async (kind) => {
      verifies('simulation');
      const first = await firstRun(kind, firstSeed);
      const [second, elsewhere] = await Promise.all([run(runs[kind](firstSeed)), replayed(kind, firstSeed)]);
      expect(second).toEqual(first);
      expect(elsewhere).toBe(first.digest);
      expect((await firstRun(kind, firstSeed + 1)).digest).not.toBe(first.digest);
    },
    4 * runLimitMs,
  );
});

describe('power cuts, kills, partitions, slow and failing disks, wrong clocks', () => {
  const reports: Report[] = [];
  const seeds = Array.from({ length: seedCount }, (_, index) => firstSeed + index);

  test.each(seeds)(
    'break no promise: seed %i',
    async (seed) => {
      verifies('simulation', 'durable-kill', 'visible-durable', 'offset-identity', 'orderly', 'fail-stop', 'send-unknown');
      const report = await firstRun('stormy', seed);
      reports.push(report);
      expect(report.violations, `seed ${seed}: tsx test/simulation/replay.ts stormy ${seed} trace.txt`).toEqual([]);
    },
    runLimitMs,
  );

  afterAll(() => {
    // A run without trouble shows nothing.
    for (const [name, perSeed] of Object.entries(floors)) {
      const total = reports.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
      expect(total, `${name} in ${reports.length} runs`).toBeGreaterThanOrEqual(Math.floor(perSeed * reports.length));
    }
  });
});

/** How much of each at least, per run on average. */
const floors = {
  acked: 500,
  unknown: 10,
  refused: 1,
  redeliveries: 100,
  takeovers: 50,
  deadLetters: 3,
  aborted: 3,
  powerCuts: 1,
  brokerKills: 0.7,
  brokerStops: 0.4,
  cuts: 1,
  partitions: 0.7,
  stalls: 0.4,
  slowDisks: 0.4,
  diskFailures: 0.3,
  workerKills: 0.7,
  workerStops: 0.4,
  shopKills: 0.3,
  processPauses: 0.4,
  clockJumps: 0.3,
} as const;
