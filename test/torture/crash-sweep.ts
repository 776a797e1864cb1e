/**
 * Runs a workload once and takes the disk after every file operation, then finds out what the next process makes of each,
 * whatever the crash left of the unflushed; and again after a second crash while that process recovers and works.
 */
import { SeededRandom } from '@orbitmq/testing';
import { type DiskEvent, SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';
import { type End, ReferenceModel } from './reference-model.js';
import { checkStoreFiles } from './store-files.js';
import { environmentAt, StoreLife, topics } from './store-life.js';
import { Violation } from './violation.js';
import { configOf, limitsOf, lossWindowMs, type Workload } from './workloads.js';

/** What a crash leaves: a list, for a process that was killed and later lost power too. */
export const outcomes: readonly (readonly Survival[])[] = [
  ['nothing'],
  ['random'],
  ['random'],
  ['everything'],
  ['everything', 'nothing'],
  ['everything', 'random'],
];

/** A second crash comes after at most so many events of the next process: its start, and most of what it is asked. */
const secondEventsMax = 400;

/** A moment at which the program may end. */
export interface CrashPoint {
  readonly index: number;
  readonly event: DiskEvent | undefined;
  readonly disk: SimulatedDisk;
  readonly model: ReferenceModel;
  readonly nowMs: number;
  readonly wallMs: number;
}

/** One case, as it is printed and replayed. */
export interface CrashCase {
  readonly workload: string;
  readonly seed: number;
  readonly point: number;
  readonly outcome: number;
  /** The second crash: after so many events of the next process; none when undefined. */
  readonly second?: number | undefined;
}

function describeCase(one: CrashCase, point: CrashPoint): string {
  const place = point.event === undefined ? 'at the end' : `${point.event.phase} ${point.event.kind} ${point.event.path}`;
  return `${JSON.stringify(one)} after ${place}; npm run torture -- --case '${JSON.stringify(one)}'`;
}

/** All moments of a run between two changes of the disk. */
export async function crashPoints(workload: Workload, seed: number): Promise<readonly CrashPoint[]> {
  const config = configOf(workload.config);
  const environment = environmentAt(seed);
  const { random, time } = environment;
  const disk = new SimulatedDisk({ timers: time, random: random.fork('disk') });
  const model = new ReferenceModel({ fileSizeBytes: config.mappedFileSizeCommitLog, lossWindowMs: lossWindowMs(config) });
  const points: CrashPoint[] = [];
  let life: StoreLife | undefined;
  const take = (event: DiskEvent | undefined): void => {
    life?.observe();
    points.push({
      index: points.length,
      event,
      disk: disk.snapshot(),
      model: model.copy(),
      nowMs: time.monotonic(),
      wallMs: time.now(),
    });
  };
  disk.onEvent = take;
  await workload.run(() => {
    life = new StoreLife({ environment, disk, model, config, limits: limitsOf(workload.limits) });
    return life;
  });
  take(undefined);
  if (life !== undefined && life.failures.length > 0) throw life.failures[0];
  return points;
}

/** What the next process finds after a crash at `point`. */
function crash(point: CrashPoint, outcome: number, random: SeededRandom, timers: StoreTimers): NextDisk {
  const model = point.model.copy();
  let disk = point.disk;
  let end: End = 'kill';
  for (const survival of outcomes[outcome] ?? []) {
    disk = disk.image(survival, { timers, random: random.fork('disk') }, random);
    if (survival !== 'everything') end = 'power cut';
  }
  model.ended(end, point.nowMs);
  return { disk, model };
}

type StoreTimers = ReturnType<typeof environmentAt>['timers'];

interface NextDisk {
  readonly disk: SimulatedDisk;
  readonly model: ReferenceModel;
}

/** The next process recovers, is read, takes messages, stops in order, and is opened and read once more. */
async function liveOn(workload: Workload, point: CrashPoint, outcome: number, seed: number, secondAt: number | undefined) {
  const config = configOf(workload.config);
  const environment = environmentAt(seed, point.wallMs + 1000);
  const { random, time } = environment;
  const { disk, model } = crash(point, outcome, random, time);
  let eventCount = 0;
  let second: CrashPoint | undefined;
  const startedAtMs = point.nowMs + 1000;
  const newLife = () => new StoreLife({ environment, disk, model, config, limits: limitsOf(workload.limits), startedAtMs });
  let life = newLife();
  disk.onEvent = (event) => {
    life.observe();
    eventCount += 1;
    if (eventCount !== secondAt) return;
    second = { ...point, event, disk: disk.snapshot(), model: model.copy(), nowMs: life.nowMs, wallMs: time.now() };
  };
  await life.start();
  await life.run(life.readAll());
  for (const [index, topic] of topics.entries())
    life.put({ topic, queueId: index % 2, name: `after-${seed}-${topic}`, bodyBytes: 200 });
  await life.answered();
  await life.stop();
  checkStoreFiles({
    files: new Map(disk.files()),
    log: model.log,
    retention: model.retention,
    logFileBytes: config.mappedFileSizeCommitLog,
    queueFileBytes: config.mappedFileSizeConsumeQueue,
  });
  const foundCount = model.log.length;
  if (model.promisedCount !== foundCount) throw new Violation('not everything that was put after the restart is acknowledged');
  const failures = [...life.failures];
  life = newLife();
  await life.start();
  await life.run(life.readAll(true));
  await life.stop();
  failures.push(...life.failures);
  if (failures[0] !== undefined) throw failures[0];
  return { eventCount, second };
}

export interface SweepCounts {
  crashes: number;
  secondCrashes: number;
}

function seedOf({ outcome, point, second, seed }: CrashCase): number {
  return ((seed * 1009 + point) * 31 + outcome) * 4096 + (second ?? 0);
}

/** One crash, and one during what follows it. */
export async function runCase(
  workload: Workload,
  points: readonly CrashPoint[],
  one: CrashCase,
  counts: SweepCounts,
): Promise<void> {
  const point = points[one.point] as CrashPoint;
  const seed = seedOf({ ...one, second: undefined });
  try {
    const { second } = await liveOn(workload, point, one.outcome, seed, one.second);
    counts.crashes += 1;
    if (second === undefined) return;
    const secondOutcome = new SeededRandom(seedOf(one)).int(outcomes.length);
    await liveOn(workload, second, secondOutcome, seedOf(one), undefined);
    counts.secondCrashes += 1;
  } catch (error) {
    throw new Error(describeCase(one, point), { cause: error });
  }
}

export interface SweepOptions {
  readonly seed: number;
  /** Crashes in all, spread evenly; all of them when there are fewer. */
  readonly casesMax: number;
  /** After each operation at least one, with changing outcomes, whatever `casesMax` says. */
  readonly isAfterEach?: boolean;
}

/** Crashes after every file operation, or after every n-th when `casesMax` is smaller than that. */
export async function sweep(workload: Workload, options: SweepOptions, counts: SweepCounts): Promise<void> {
  const points = await crashPoints(workload, options.seed);
  const cases = points.flatMap(({ index }) => outcomes.map((_, outcome) => ({ point: index, outcome })));
  const strideMax = options.isAfterEach === true ? outcomes.length - 1 : cases.length;
  const stride = Math.max(1, Math.min(strideMax, Math.ceil(cases.length / options.casesMax)));
  const random = new SeededRandom(options.seed);
  for (let at = random.int(stride); at < cases.length; at += stride) {
    const { outcome, point } = cases[at] as (typeof cases)[number];
    const second = 1 + random.int(secondEventsMax);
    await runCase(workload, points, { workload: workload.name, seed: options.seed, point, outcome, second }, counts);
  }
}
