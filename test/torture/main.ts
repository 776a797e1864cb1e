/**
 * `npm run torture -- …`: the torture tests in any number. Without arguments: what CI runs.
 * `--points N`: crashes, spread over all workloads · `--seeds N [--first-seed S]`: random lives · `--seed S`: one of them ·
 * `--case JSON`: one crash, as a failure prints it · `--damage STRIDE`: every STRIDE-th bit and length of a small store ·
 * `--repairs STRIDE`: a crash at every STRIDE-th moment of repairs ·
 * `kill --rounds N`: kill -9 of a broker under load · `power --rounds N`: power cuts of its file system (root, loop devices) ·
 * `full`: a file system that becomes full ·
 * `requests --sequences N [--minutes AT_MOST] [--seed S] [--path P]`: generated requests ·
 * `mixed --minutes N [--seed S]`: everything at once on real processes.
 */
import { inspect, parseArgs } from 'node:util';
import type { Verdict } from '../durability/ack-journal.js';
import { type CrashCase, crashPoints, runCase, type SweepCounts, sweep } from './crash-sweep.js';
import { damageAll, type Ending } from './damage.js';
import { generatedRequests, mixed } from './long-runs.js';
import { noCounts, randomRun } from './random-run.js';
import { fullDisk, killRounds, powerCutRounds } from './real-rounds.js';
import { damageNames, type RepairCounts, repairCrashes } from './repair-crashes.js';
import { workloads } from './workloads.js';

const pointsDefault = '2000';
const seedsDefault = '200';
const roundsDefault = '20';

let failureCount = 0;

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function attempt(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    failureCount += 1;
    tell(inspect(error));
  }
}

async function points(count: number, seed: number): Promise<void> {
  for (const workload of workloads) {
    const counts: SweepCounts = { crashes: 0, secondCrashes: 0 };
    await attempt(sweep(workload, { seed, casesMax: Math.ceil(count / workloads.length) }, counts));
    tell(`${workload.name}: ${counts.crashes} crashes, ${counts.secondCrashes} of them twice`);
  }
}

async function seeds(first: number, count: number): Promise<void> {
  const counts = noCounts();
  for (let seed = first; seed < first + count; seed += 1) await attempt(randomRun(seed, counts));
  tell(`${count} seeds from ${first} on: ${JSON.stringify(counts)}`);
}

async function replay(text: string): Promise<void> {
  const one = JSON.parse(text) as CrashCase;
  const workload = workloads.find(({ name }) => name === one.workload);
  if (workload === undefined) throw new Error(`no workload is called ${one.workload}`);
  await attempt(runCase(workload, await crashPoints(workload, one.seed), one, { crashes: 0, secondCrashes: 0 }));
}

async function damage(ending: Ending, stride: number): Promise<void> {
  const { tally, wrong } = await damageAll(ending, stride);
  for (const [name, count] of tally) tell(`${ending}: ${name}: ${count}`);
  for (const [family, examples] of wrong) tell(`${ending}: ${family} is not found: ${examples[0]}`);
}

async function repairs(stride: number): Promise<void> {
  for (const name of damageNames) {
    const counts: RepairCounts = { crashes: 0, refused: 0, started: 0 };
    await attempt(repairCrashes(name, stride, counts));
    tell(`repair of ${name}: ${JSON.stringify(counts)}`);
  }
}

async function real(rounds: (onRound: (round: number, verdict: Verdict) => void) => Promise<Verdict>): Promise<void> {
  const verdict = await rounds((round, { acked, unknown }) =>
    tell(`round ${round + 1}: ${acked} acknowledged, ${unknown} unknown`),
  );
  const { acked, stored, unknown, violations } = verdict;
  tell(`${acked} acknowledged, ${unknown} unknown, ${stored} stored, ${violations.length} violations`);
  for (const violation of violations.slice(0, 20)) tell(violation);
  failureCount += violations.length;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      points: { type: 'string' },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      'first-seed': { type: 'string', default: '1' },
      case: { type: 'string' },
      damage: { type: 'string' },
      repairs: { type: 'string' },
      rounds: { type: 'string', default: roundsDefault },
      sequences: { type: 'string' },
      path: { type: 'string' },
      minutes: { type: 'string' },
    },
  });
  const firstSeed = Number(values['first-seed']);
  const rounds = Number(values.rounds);
  const [mode] = positionals;
  const { damage: damageStride, repairs: repairStride } = values;
  const isChosen = values.points ?? values.seeds ?? values.seed ?? values.case ?? damageStride ?? repairStride;
  const isPlain = mode === undefined && isChosen === undefined;
  if (mode === 'kill') await real((onRound) => killRounds(rounds, onRound));
  if (mode === 'power') await real((onRound) => powerCutRounds(rounds, onRound));
  if (mode === 'full') await real(() => fullDisk());
  if (mode === 'requests') failureCount += await generatedRequests(values, tell);
  if (mode === 'mixed') failureCount += await mixed(values, tell);
  if (values.case !== undefined) await replay(values.case);
  if (mode === undefined && values.seed !== undefined) await seeds(Number(values.seed), 1);
  if (damageStride !== undefined) for (const ending of ['stopped', 'killed'] as const) await damage(ending, Number(damageStride));
  if (repairStride !== undefined) await repairs(Number(repairStride));
  if (isPlain || values.points !== undefined) await points(Number(values.points ?? pointsDefault), firstSeed);
  if (isPlain || values.seeds !== undefined) await seeds(firstSeed, Number(values.seeds ?? seedsDefault));
  tell(failureCount === 0 ? 'no promise was broken' : `${failureCount} failures`);
  process.exitCode = failureCount === 0 ? 0 : 1;
}

await main();
