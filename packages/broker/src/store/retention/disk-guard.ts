/**
 * Whether there is room for more (Java: RunningFlags with DISK_FULL, set by CleanCommitLogService; page 20 §9). Two things stop
 * puts: a partition above the warning level, until it is at the forced one again, and an operation that found no room, until
 * one finds some. Reads, heartbeats and offsets go on. A partition that does not tell its size stops nothing by its level.
 */
import type { Logger } from '@orbitmq/core/kernel';
import type { DiskUsage, FileSystem } from '../io/file-system.js';
import { type DiskRatios, usedPercent } from './retention-rules.js';

/** `scarce`: old files go at any hour. `critical`: the oldest go though they are not old. */
export type DiskLevel = 'plenty' | 'scarce' | 'critical';

/** What found no room: the log, or what is derived from it and written in the background. */
export type Shortage = 'log' | 'background';

/** Percent in use of the partitions; -1 where it is not known. */
export type DiskPercents = Readonly<Record<'commitLog' | 'consumeQueue', number>>;

export interface DiskGuardOptions {
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
  readonly ratios: DiskRatios;
  readonly commitLogDirectory: string;
  readonly consumeQueueDirectory: string;
}

/** One directory's partition and its flag. */
class Partition {
  readonly directory: string;
  percent = -1;
  isFull = false;
  availableBytes = Number.POSITIVE_INFINITY;

  constructor(directory: string) {
    this.directory = directory;
  }
}

export class DiskGuard {
  readonly #options: DiskGuardOptions;
  readonly #log: Partition;
  readonly #queues: Partition;
  readonly #shortages = new Set<Shortage>();
  #isFull = false;
  #level: DiskLevel = 'plenty';

  constructor(options: DiskGuardOptions) {
    this.#options = options;
    this.#log = new Partition(options.commitLogDirectory);
    this.#queues = new Partition(options.consumeQueueDirectory);
  }

  /** Puts are refused. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** As of the last look. */
  get level(): DiskLevel {
    return this.#level;
  }

  get usage(): DiskPercents {
    return { commitLog: this.#log.percent, consumeQueue: this.#queues.percent };
  }

  /** What the log could still take, as of the last look. */
  get logAvailableBytes(): number {
    return this.#log.availableBytes;
  }

  isShort(what: Shortage): boolean {
    return this.#shortages.has(what);
  }

  /** Reads the space of the partitions; one that cannot be read keeps what was known. */
  async look(): Promise<DiskLevel> {
    const levels = [await this.#lookAt(this.#log), await this.#lookAt(this.#queues)];
    this.#level = levels.includes('critical') ? 'critical' : levels.includes('scarce') ? 'scarce' : 'plenty';
    this.#settle();
    return this.#level;
  }

  /** An operation found no room. */
  outOfSpace(what: Shortage, error: unknown): void {
    if (this.#shortages.has(what)) return;
    this.#shortages.add(what);
    this.#options.logger.error('there is no room on the disk: puts are refused until there is', { what, error });
    this.#settle();
  }

  /** The same kind of operation found room. */
  hasRoom(what: Shortage): void {
    if (!this.#shortages.delete(what)) return;
    this.#settle();
  }

  async #lookAt(partition: Partition): Promise<DiskLevel> {
    const { fileSystem, logger, ratios } = this.#options;
    let usage: DiskUsage | undefined;
    try {
      usage = await fileSystem.usage(partition.directory);
    } catch (error) {
      logger.warn('cannot read how full the disk is', { directory: partition.directory, error });
      return partition.isFull ? 'critical' : 'plenty';
    }
    if (usage === undefined) {
      partition.isFull = false;
      partition.availableBytes = Number.POSITIVE_INFINITY;
      return 'plenty';
    }
    partition.percent = usedPercent(usage);
    partition.availableBytes = usage.availableBytes;
    const details = { directory: partition.directory, usedPercent: partition.percent };
    if (partition.percent > ratios.warning && !partition.isFull) {
      partition.isFull = true;
      logger.error('the disk is nearly full: puts are refused', { ...details, warningPercent: ratios.warning });
    } else if (partition.percent <= ratios.cleanForcibly && partition.isFull) {
      partition.isFull = false;
      logger.info('the disk is no longer nearly full', details);
    }
    if (partition.percent > ratios.cleanForcibly) return 'critical';
    return partition.percent > ratios.maxUsed ? 'scarce' : 'plenty';
  }

  #settle(): void {
    const isFull = this.#log.isFull || this.#queues.isFull || this.#shortages.size > 0;
    if (this.#isFull && !isFull) this.#options.logger.info('there is room on the disk: puts are taken again', this.usage);
    this.#isFull = isFull;
  }
}
