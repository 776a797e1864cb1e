/**
 * Recovery depends on the directory alone: two of the same one, by processes that differ in time, chance and the order in which
 * their disks answer, leave the same bytes; and a start on top of a recovery changes nothing.
 */
import type { SimulatedDisk, Survival } from '../simulation/simulated-disk.js';
import { storeRoot } from '../store/store-fixture.js';
import { type CrashPoint, crashPoints, outcomes } from './crash-sweep.js';
import { ReferenceModel } from './reference-model.js';
import { environmentAt, StoreLife } from './store-life.js';
import { Violation } from './violation.js';
import { configOf, limitsOf, type Workload } from './workloads.js';

const settledMs = 500;
const queueEnds = `${storeRoot}/orbitmq/queue-ends.json`;

type Files = ReadonlyMap<string, Buffer>;

/** A store with ASYNC_FLUSH whose machine lost power: its log ends in its first file, and several more follow that were never flushed. */
const unflushedFiles: Workload = {
  name: 'files that were never flushed',
  config: { flushDiskType: 'ASYNC_FLUSH', flushIntervalCommitLog: 100 },
  run: async (next) => {
    const life = next();
    await life.start();
    for (let index = 0; index < 11; index += 1) {
      life.put({ topic: 'Orders', queueId: 0, name: `u${index}`, bodyBytes: 900 });
      await life.answered();
      if (index === 0) await life.pause(150);
    }
  },
};

/** Starts and, when `isStopped`, stops a store on a copy of the disk; then it is killed. */
async function lived(
  workload: Workload,
  previous: SimulatedDisk,
  seed: number,
  isStopped: boolean,
  onEvent?: (disk: SimulatedDisk) => void,
): Promise<SimulatedDisk> {
  const environment = environmentAt(seed, 1_704_067_200_000 + seed * 3_600_000);
  const { random, time } = environment;
  const disk = previous.image('everything', { timers: time, random: random.fork('disk') }, random);
  disk.onEvent = () => onEvent?.(disk);
  const config = configOf(workload.config);
  // It is not asked for anything: the model has nothing to compare.
  const model = new ReferenceModel({ fileSizeBytes: config.mappedFileSizeCommitLog, lossWindowMs: 0 });
  const life = new StoreLife({ environment, disk, model, config, limits: limitsOf(workload.limits) });
  await life.run(life.store.start());
  // The next log file is made ahead, and the index is brought to the log, behind the start.
  await life.pause(settledMs);
  if (isStopped) await life.stop();
  if (life.failures[0] !== undefined) throw life.failures[0];
  disk.kill();
  return disk;
}

function same(left: Files, right: Files, what: string): void {
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    const [one, other] = [left.get(path), right.get(path)];
    if (one === undefined || other === undefined) throw new Violation(`${what}: ${path} is there in one only`);
    if (!one.equals(other)) throw new Violation(`${what}: ${path} differs`);
  }
}

/**
 * All but three things: index files have the time of their making for a name, here it is their place in the row; the file of queue
 * ends names queues in the order in which their files answered, here in that of their names; and the order to build queues anew is
 * left out, which a store that never had a message does not have before its second start.
 */
function filesOf(disk: SimulatedDisk): Files {
  const files = new Map<string, Buffer>();
  const rows = new Map<string, number>();
  for (const [path, content] of [...disk.files()].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const [, directory = '', name = ''] = /^(.*\/index[^/]*\/)(\d{17}.*)$/.exec(path) ?? [];
    rows.set(directory, (rows.get(directory) ?? 0) + 1);
    if (path === queueEnds) files.set(path, sortedQueues(content));
    else files.set(name === '' ? path : `${directory}${rows.get(directory)}`, content);
  }
  files.delete(`${storeRoot}/orbitmq/rebuild-order.json`);
  return files;
}

function sortedQueues(content: Buffer): Buffer {
  const { queues, ...rest } = JSON.parse(content.toString().slice(content.indexOf('\n')));
  const sorted = Object.entries(queues).map(([topic, ranges]) => [
    topic,
    [...(ranges as [number][])].sort(([left], [right]) => left - right),
  ]);
  return Buffer.from(JSON.stringify([rest, sorted.sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))]));
}

export interface SameCounts {
  recoveries: number;
}

async function checkPoint(workload: Workload, point: CrashPoint, survivals: readonly Survival[], seed: number): Promise<void> {
  const environment = environmentAt(seed);
  const { random, time } = environment;
  let crashed = point.disk;
  for (const survival of survivals) crashed = crashed.image(survival, { timers: time, random: random.fork('disk') }, random);
  const first = await lived(workload, crashed, seed + 1, false);
  const second = await lived(workload, crashed, seed + 2, false);
  same(filesOf(first), filesOf(second), 'two recoveries');
  same(filesOf(first), filesOf(await lived(workload, first, seed + 3, false)), 'a start on top of a recovery');
  const stopped = await lived(workload, crashed, seed + 1, true);
  same(filesOf(stopped), filesOf(await lived(workload, crashed, seed + 2, true)), 'two recoveries and stops');
  same(filesOf(stopped), filesOf(await lived(workload, stopped, seed + 3, true)), 'a start and stop on top of a stop');
}

/** Of one workload: `casesMax` crash points, spread evenly, each with one outcome. */
export async function sameRecoveries(workload: Workload, casesMax: number, counts: SameCounts): Promise<void> {
  const points = await crashPoints(workload, 1);
  const stride = Math.max(1, Math.floor(points.length / casesMax));
  for (let at = 0; at < points.length; at += stride) {
    const outcome = at % outcomes.length;
    try {
      await checkPoint(workload, points[at] as CrashPoint, outcomes[outcome] ?? [], at * 10);
      counts.recoveries += 1;
    } catch (error) {
      const { event } = points[at] as CrashPoint;
      throw new Error(
        `${workload.name}: crash at moment ${at}, ${event?.phase} ${event?.kind} ${event?.path}, outcome ${outcome}`,
        {
          cause: error,
        },
      );
    }
  }
}

/** A recovery that a crash ends at every `stride`-th moment, and the next one after it, leave what one alone does. */
export async function crashedRecoveries(stride: number, counts: SameCounts): Promise<void> {
  const points = await crashPoints(unflushedFiles, 1);
  const last = points.at(-1) as CrashPoint;
  const environment = environmentAt(1);
  const { random, time } = environment;
  const crashed = last.disk.image('nothing', { timers: time, random }, random);
  const moments: SimulatedDisk[] = [];
  const alone = await lived(unflushedFiles, crashed, 2, true, (disk) => moments.push(disk.snapshot()));
  for (let at = 0; at < moments.length; at += stride) {
    const next = environmentAt(10 + at);
    let disk = moments[at] as SimulatedDisk;
    for (const survival of outcomes[at % outcomes.length] ?? [])
      disk = disk.image(survival, { timers: next.time, random: next.random.fork('disk') }, next.random);
    same(filesOf(alone), filesOf(await lived(unflushedFiles, disk, 3, true)), `after a crash at moment ${at}`);
    counts.recoveries += 1;
  }
}
