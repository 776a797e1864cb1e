/**
 * A repair that a crash ends anywhere: after every file operation of it, whatever the crash left of the unflushed, the next repair
 * brings the store to where one without a crash brings it. So nothing is lost but what the first report says, and the files as
 * they were are kept.
 */
import { type RepairReport, repairMessageStore } from '@orbitmq/broker';
import { isMqError } from '@orbitmq/core/kernel';
import { type DiskEvent, SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';
import { openTestStore, put, readQueue, smallConfig, storeRoot } from '../store/store-fixture.js';
import { outcomes } from './crash-sweep.js';
import { environmentAt } from './store-life.js';
import { Violation } from './violation.js';

/** Two blocks with checksums fill a file. */
const logFileBytes = 32_768;
const config = {
  ...smallConfig,
  mappedFileSizeCommitLog: logFileBytes,
  mappedFileSizeConsumeQueue: 400,
  flushConsumeQueueThoroughInterval: 500,
};
const messageCount = 110;
const topics = ['T', 'U', 'Gone'];
const startMs = 1_704_067_200_000;

function logPath(start: number): string {
  return `${storeRoot}/commitlog/${String(start).padStart(20, '0')}`;
}

function flip(disk: SimulatedDisk, physicalOffset: number): void {
  const position = physicalOffset % logFileBytes;
  disk.edit(logPath(physicalOffset - position), (content) => {
    content[position] = (content[position] ?? 0) ^ 1;
  });
}

/** Each record has about 930 bytes, of which the last 20 are properties. */
const damages: Readonly<Record<string, (disk: SimulatedDisk) => void>> = {
  'what only a checksum tells': (disk) => {
    const log = new Map(disk.files()).get(logPath(logFileBytes));
    flip(disk, logFileBytes + (log?.indexOf('KEYS', 9000) ?? 0));
  },
  'two bodies without checksums, as after Apache': (disk) => {
    disk.erase(`${storeRoot}/orbitmq/checksums`);
    flip(disk, 20_300);
    flip(disk, logFileBytes + 7_300);
  },
  'a file is missing, another is cut off': (disk) => {
    disk.erase(logPath(logFileBytes));
    disk.cutFile(logPath(0), 12_345);
  },
  'the end of the log': (disk) => flip(disk, 3 * logFileBytes + 500),
};

export const damageNames: readonly string[] = Object.keys(damages);

/** A process at work on a disk of its own. */
class Process {
  readonly disk: SimulatedDisk;
  readonly #environment: ReturnType<typeof environmentAt>;

  constructor(seed: number, previous: SimulatedDisk | undefined, survivals: readonly Survival[] = ['everything']) {
    this.#environment = environmentAt(seed, startMs);
    const { random, time } = this.#environment;
    const options = { timers: time, random: random.fork('disk') };
    let disk = previous ?? new SimulatedDisk(options);
    for (const survival of survivals) disk = disk.image(survival, options, random);
    this.disk = disk;
  }

  async fill(): Promise<void> {
    const { time } = this.#environment;
    const { store } = openTestStore(this.#environment, this.disk, { config });
    await time.settle(store.start());
    for (let index = 0; index < messageCount; index += 1) {
      put(store, topics[index % 3] ?? '', 0, `m${index}-`.padEnd(800, 'x'));
      await time.advance(5);
    }
    await time.settle(store.deleteTopics(['Gone']));
    await time.settle(store.stop());
  }

  repair(isDryRun = false): Promise<RepairReport> {
    const onFailure = (error: Error): void => {
      throw error;
    };
    const tagsCodeOf = (_topic: string, properties: Buffer): number => properties.length;
    const options = { environment: this.#environment, fileSystem: this.disk, config, tagsCodeOf, onFailure };
    return this.#environment.time.settle(repairMessageStore(options, { isDryRun }));
  }

  /** What users see of the store. */
  async content(): Promise<readonly string[]> {
    const { time } = this.#environment;
    const { store } = openTestStore(this.#environment, this.disk, { config });
    await time.settle(store.start());
    const lines: string[] = [];
    for (const topic of topics) {
      lines.push(`${topic}: from ${store.minOffset(topic, 0)} to ${store.maxOffset(topic, 0)}`);
      const messages = await time.settle(readQueue(store, topic, 0));
      for (const { body, queueOffset } of messages) lines.push(`${topic} ${queueOffset}: ${body.toString()}`);
    }
    await time.settle(store.stop());
    return lines;
  }
}

export interface RepairCounts {
  crashes: number;
  /** A start after the crash refused, and left it to the next repair. */
  refused: number;
  /** A start after the crash carried on. */
  started: number;
}

interface Moment {
  readonly event: DiskEvent;
  readonly disk: SimulatedDisk;
}

class RepairSweep {
  readonly #before: ReadonlyMap<string, Buffer>;
  readonly #expected: readonly string[];
  readonly #counts: RepairCounts;

  constructor(before: SimulatedDisk, expected: readonly string[], counts: RepairCounts) {
    this.#before = new Map(before.files());
    this.#expected = expected;
    this.#counts = counts;
  }

  async crash({ disk }: Moment, outcome: readonly Survival[], seed: number): Promise<void> {
    const next = new Process(seed, disk, outcome);
    await this.#start(seed + 1, next.disk);
    await next.repair();
    this.#checkKept(next.disk);
    this.#checkContent(await next.content(), 'repaired again');
    const { isDamaged } = await next.repair(true);
    if (isDamaged) throw new Violation('a third repair would find something');
    this.#counts.crashes += 1;
  }

  /** One who starts a broker instead, when the repair had begun to change things, must not get another store either. */
  async #start(seed: number, disk: SimulatedDisk): Promise<void> {
    const process = new Process(seed, disk);
    if (!new Map(disk.files()).has(`${storeRoot}/orbitmq/rebuild-order.json`)) return;
    try {
      this.#checkContent(await process.content(), 'started');
      this.#counts.started += 1;
    } catch (error) {
      if (!isMqError(error) || error.code !== 'STORE_CORRUPT') throw error;
      this.#counts.refused += 1;
    }
  }

  #checkContent(content: readonly string[], when: string): void {
    const expected = this.#expected;
    const at = content.findIndex((line, index) => line !== expected[index]);
    if (at >= 0 || content.length < expected.length) {
      const [found, wanted] = [content[at]?.slice(0, 40), expected[at < 0 ? content.length : at]?.slice(0, 40)];
      throw new Violation(`${when}: "${found}" where a repair without a crash has "${wanted}"`);
    }
  }

  /** A file of the log that is not what it was is kept as it was. */
  #checkKept(disk: SimulatedDisk): void {
    const files = new Map(disk.files());
    for (const [path, content] of this.#before) {
      const now = files.get(path);
      if (!path.includes('commitlog') || now?.subarray(0, content.length).equals(content) === true) continue;
      const name = path.slice(path.lastIndexOf('/'));
      const isKept = [...files].some(([at, kept]) => at.includes('/damaged-') && at.endsWith(name) && kept.equals(content));
      if (!isKept) throw new Violation(`${path} is kept nowhere as it was`);
    }
  }
}

/** What a report says is lost, and nothing else, is missing. */
function checkReport(whole: readonly string[], repaired: readonly string[], { lost }: RepairReport): void {
  const expected = whole.filter((line) => {
    const [topic = '', at = ''] = line.split(/[ :]/);
    return !lost.some((run) => run.topic === topic && Number(at) >= run.firstOffset && Number(at) <= run.lastOffset);
  });
  const missing = expected.filter((line) => !line.includes(': from ') && !repaired.includes(line));
  if (missing.length > 0) throw new Violation(`lost and not reported: ${missing.map((line) => line.slice(0, 20)).join()}`);
}

/** Crashes at every `stride`-th moment of the repair of one kind of damage, with the outcomes in turn. */
export async function repairCrashes(name: string, stride: number, counts: RepairCounts): Promise<void> {
  const filled = new Process(1, undefined, []);
  await filled.fill();
  const whole = await new Process(2, filled.disk).content();
  const damaged = new Process(3, filled.disk).disk;
  damages[name]?.(damaged);
  const moments: Moment[] = [];
  const undisturbed = new Process(4, damaged);
  undisturbed.disk.onEvent = (event) => moments.push({ event, disk: undisturbed.disk.snapshot() });
  const report = await undisturbed.repair();
  undisturbed.disk.onEvent = undefined;
  const expected = await undisturbed.content();
  checkReport(whole, expected, report);
  const sweep = new RepairSweep(damaged, expected, counts);
  for (let at = 0; at < moments.length; at += stride) {
    const moment = moments[at] as Moment;
    const outcome = at % outcomes.length;
    try {
      await sweep.crash(moment, outcomes[outcome] ?? [], 10 + at * 2);
    } catch (error) {
      const { kind, path, phase } = moment.event;
      throw new Error(`${name}: moment ${at}, ${phase} ${kind} ${path}, outcome ${outcome}`, { cause: error });
    }
  }
}
