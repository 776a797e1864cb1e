/**
 * A store through several lives, from a seed: what it is asked, how each life ends, what fails on its disk, and what of the
 * unflushed survives. After each end the next life is compared with the model.
 */
import type { BrokerConfig, StoreLimits } from '@orbitmq/broker';
import type { SeededRandom } from '@orbitmq/testing';
import { type DiskOperation, diskFailure, SimulatedDisk } from '../simulation/simulated-disk.js';
import { storeRoot } from '../store/store-fixture.js';
import { outcomes } from './crash-sweep.js';
import { ReferenceModel } from './reference-model.js';
import { checkStoreFiles } from './store-files.js';
import { environmentAt, type NewMessage, refusalOf, StoreLife, topics } from './store-life.js';
import { configOf, limitsOf, lossWindowMs } from './workloads.js';

export interface RandomCounts {
  acked: number;
  refused: number;
  lives: number;
  cleanStops: number;
  kills: number;
  powerCuts: number;
  failedStarts: number;
  failures: number;
  fullDisks: number;
  erasures: number;
  expiries: number;
  deletions: number;
}

export function noCounts(): RandomCounts {
  return {
    acked: 0,
    refused: 0,
    lives: 0,
    cleanStops: 0,
    kills: 0,
    powerCuts: 0,
    failedStarts: 0,
    failures: 0,
    fullDisks: 0,
    erasures: 0,
    expiries: 0,
    deletions: 0,
  };
}

interface Setup {
  readonly config: BrokerConfig;
  readonly limits: Partial<StoreLimits>;
}

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.int(items.length)] as Item;
}

function setupOf(random: SeededRandom): Setup {
  const isLarge = random.chance(0.15);
  const config = configOf({
    mappedFileSizeCommitLog: isLarge ? 262_144 : pick(random, [1500, 2048, 4096, 16_384]),
    mappedFileSizeConsumeQueue: pick(random, [20, 40, 100, 2000]),
    flushDiskType: random.chance(0.8) ? 'SYNC_FLUSH' : 'ASYNC_FLUSH',
    flushIntervalCommitLog: pick(random, [10, 100, 500]),
    flushIntervalConsumeQueue: pick(random, [10, 50, 1000]),
    flushConsumeQueueThoroughInterval: pick(random, [20, 200, 60_000]),
    flushConsumeQueueLeastPages: pick(random, [0, 2]),
  });
  const limits = limitsOf({
    reserveAheadBytes: isLarge ? 131_072 : 0,
    queueEntriesBytesMax: pick(random, [1, 100_000]),
    openFilesMax: pick(random, [1, 3, 100]),
    recoveryBytesMax: pick(random, [1000, 1 << 28]),
    pendingMessagesMax: pick(random, [5, 1000]),
  });
  return { config, limits };
}

/** It alone knows the end of a queue that was deleted. */
const queueEnds = 'orbitmq/queue-ends.json';
const derived = ['consumequeue', 'consumequeue/Orders', 'index', queueEnds, 'orbitmq/checksums', 'checkpoint'] as const;
/** Half of the failures are of writes and flushes, on whose outcome the promises depend. */
const failingKinds = [
  ...([
    'writeDurably',
    'writeDurably',
    'writeDurably',
    'writeDurably',
    'writeDurably',
    'datasync',
    'datasync',
    'datasync',
    'write',
    'write',
  ] as const),
  ...(['open', 'truncate', 'rename', 'syncDirectory', 'read', 'readFile', 'remove', 'list', 'stat', 'makeDirectory'] as const),
] as const;

class RandomRun {
  readonly #random: SeededRandom;
  readonly #setup: Setup;
  readonly #model: ReferenceModel;
  readonly #counts: RandomCounts;
  readonly #seed: number;
  #disk: SimulatedDisk | undefined;
  #nowMs = 0;
  #endMs = 0;
  #hadFailure = false;
  /** Something derived is gone, and no start has made it anew yet. */
  #isErased = false;
  #hasDeleted = false;
  #wallMs = 1_704_067_200_000;
  #messageCount = 0;

  constructor(seed: number, counts: RandomCounts) {
    this.#seed = seed;
    this.#counts = counts;
    this.#random = environmentAt(seed).random;
    this.#setup = setupOf(this.#random);
    const { config } = this.#setup;
    this.#model = new ReferenceModel({ fileSizeBytes: config.mappedFileSizeCommitLog, lossWindowMs: lossWindowMs(config) });
  }

  async run(): Promise<void> {
    const lifeCount = 3 + this.#random.int(5);
    for (let life = 0; life < lifeCount; life += 1) await this.#live(life === lifeCount - 1);
  }

  async #live(isLast: boolean): Promise<void> {
    const random = this.#random;
    this.#counts.lives += 1;
    const environment = environmentAt(random.int(2 ** 31), this.#wallMs);
    const options = { timers: environment.timers, random: environment.random };
    // After a failure the process ends by itself, and often the machine lives on.
    const outcome = this.#hadFailure && random.chance(0.6) ? (['everything'] as const) : pick(random, outcomes);
    const disk = this.#disk === undefined ? new SimulatedDisk(options) : this.#endedWith(outcome, this.#disk, options);
    this.#disk = disk;
    const life = new StoreLife({ environment, disk, model: this.#model, ...this.#setup, startedAtMs: this.#nowMs });
    disk.onEvent = () => life.observe();
    // All files are old; they go when asked for.
    disk.modifiedAt = 1;
    if (!isLast) this.#plantFault(disk);
    if (!isLast && random.chance(0.6)) disk.crashAt = 1 + random.int(random.chance(0.3) ? 60 : 600);
    const { logBegin } = this.#model.retention;
    const isClean = await this.#use(life, isLast);
    this.#counts.failures += life.failures.length;
    this.#hadFailure = life.failures.length > 0;
    if (isClean && !this.#hasTrouble) this.#checkFiles(disk);
    if (this.#model.retention.logBegin > logBegin) this.#counts.expiries += 1;
    this.#endMs = life.endMs;
    this.#nowMs = life.nowMs + 1000;
    // The clock may go back between two lives, or far ahead.
    const jumpMs = random.chance(0.1) ? pick(random, [-3_600_000, 86_400_000]) : 1000;
    this.#wallMs = environment.time.now() + jumpMs;
  }

  #endedWith(
    outcome: (typeof outcomes)[number],
    previous: SimulatedDisk,
    options: ConstructorParameters<typeof SimulatedDisk>[0],
  ): SimulatedDisk {
    let disk = previous;
    for (const survival of outcome) disk = disk.crash(survival, options);
    const isPowerCut = outcome.some((survival) => survival !== 'everything');
    this.#counts[isPowerCut ? 'powerCuts' : 'kills'] += 1;
    this.#model.ended(isPowerCut ? 'power cut' : 'kill', this.#endMs);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    if (this.#random.chance(0.1) && !this.#isErased) {
      this.#isErased = true;
      disk.erase(`${storeRoot}/${pick(this.#random, this.#hasDeleted ? derived.filter((path) => path !== queueEnds) : derived)}`);
      this.#counts.erasures += 1;
    }
    return disk;
  }

  /** What fails on the disk may keep the index, and other files that are derived, behind the log. */
  get #hasTrouble(): boolean {
    return this.#disk?.failure !== undefined || (this.#disk?.capacityBytes ?? 0) < Number.POSITIVE_INFINITY;
  }

  /** Whether it was stopped in order. */
  async #use(life: StoreLife, isLast: boolean): Promise<boolean> {
    try {
      if (!(await life.start())) return false;
    } catch (error) {
      if (isLast || refusalOf(error) === undefined) throw error;
      this.#counts.failedStarts += 1;
      return false;
    }
    try {
      await life.run(life.readAll());
      const stepCount = this.#random.int(30);
      for (let step = 0; step < stepCount && !life.isDead; step += 1) await this.#step(life);
      if (life.isDead || (!isLast && this.#random.chance(0.3))) return false;
      if (!(await life.stop())) return false;
      this.#counts.cleanStops += 1;
      if (life.failures.length === 0) this.#isErased = false;
    } catch (error) {
      // A disk that fails to read, or to close, is told to whoever asked.
      if (isLast || refusalOf(error) === undefined) throw error;
      return false;
    }
    if (isLast && life.failures[0] !== undefined) throw life.failures[0];
    return life.failures.length === 0;
  }

  async #step(life: StoreLife): Promise<void> {
    const random = this.#random;
    const chance = random.next();
    if (chance < 0.05) await life.pause(1500);
    else if (chance < 0.15) await life.pause(random.int(60));
    else if (chance < 0.17) life.expire();
    else if (chance < 0.18) await this.#deleteTopic(life);
    else if (chance < 0.22) await life.run(life.readAll(!this.#hasTrouble && random.chance(0.3)));
    else {
      const puts = Array.from({ length: 1 + random.int(6) }, () => life.put(...this.#messages()));
      if (random.chance(0.6)) await life.answered();
      for (const { status } of puts) {
        if (status === 'PUT_OK') this.#counts.acked += 1;
        else if (status !== undefined) this.#counts.refused += 1;
      }
    }
  }

  async #deleteTopic(life: StoreLife): Promise<void> {
    // A store that failed has given offsets to messages that nobody will see.
    if (!(await life.answered()) || life.failures.length > 0) return;
    this.#counts.deletions += 1;
    this.#hasDeleted = true;
    await life.deleteTopic(pick(this.#random, topics));
  }

  #messages(): readonly NewMessage[] {
    const random = this.#random;
    const topic = pick(random, topics);
    const queueId = random.int(2);
    const count = random.chance(0.2) ? 2 + random.int(3) : 1;
    return Array.from({ length: count }, () => {
      this.#messageCount += 1;
      const bodyBytes = random.chance(0.2) ? random.int(600) : random.int(100);
      const propertiesBytes = random.chance(0.2) ? random.int(600) : random.int(30);
      const sysFlag = random.chance(0.1) ? 4 : random.chance(0.1) ? 8 : 0;
      const changes = { sysFlag, waitStore: !random.chance(0.1), reconsumeTimes: random.int(3), flag: random.int(1000) };
      return { topic, queueId, name: `s${this.#seed}n${this.#messageCount}`, bodyBytes, propertiesBytes, changes };
    });
  }

  /** One operation fails, or all of a kind from some moment on, or the disk is full. */
  #plantFault(disk: SimulatedDisk): void {
    const random = this.#random;
    if (random.chance(0.1)) {
      disk.capacityBytes = random.int(40) * 4096;
      this.#counts.fullDisks += 1;
    }
    if (!random.chance(0.3)) return;
    const kind = pick(random, failingKinds);
    const isLasting = random.chance(0.3);
    const from = random.int(300);
    let hasFailed = false;
    disk.failure = (operation: DiskOperation) => {
      if (operation.kind !== kind || operation.index < from || (hasFailed && !isLasting)) return undefined;
      hasFailed = true;
      return diskFailure('EIO', operation.path);
    };
  }

  #checkFiles(disk: SimulatedDisk): void {
    const { config } = this.#setup;
    checkStoreFiles({
      files: new Map(disk.files()),
      log: this.#model.log,
      retention: this.#model.retention,
      logFileBytes: config.mappedFileSizeCommitLog,
      queueFileBytes: config.mappedFileSizeConsumeQueue,
    });
  }
}

/** Rejects with an error that names the seed. */
export async function randomRun(seed: number, counts: RandomCounts): Promise<void> {
  try {
    await new RandomRun(seed, counts).run();
  } catch (error) {
    throw new Error(`seed ${seed}; npm run torture -- --seed ${seed}`, { cause: error });
  }
}
