/**
 * Looks at the disk and deletes what has expired (Java: CleanCommitLogService and CleanConsumeQueueService; page 20 §9). One
 * round at a time, in the background: nothing of it is awaited by a put or a read. What is derived from the log follows it: it
 * is told where the log begins, after the file before is gone.
 */
import { type Clock, InvariantError, type Logger, type Timer, type Timers } from '@orbitmq/core/kernel';
import { isOutOfSpace } from '../io/out-of-space.js';
import type { DiskGuard } from './disk-guard.js';
import type { LogExpiry } from './log-expiry.js';
import { isDeleteHour } from './retention-rules.js';

/** Between two looks at the disk. Java looks with each round only, every 10 s, in which a disk can fill. */
const lookIntervalMs = 1000;
/** Rounds that a request to delete counts for (Java: manualDeleteFileSeveralTimes). */
const manualRounds = 20;

/** Something derived from the log that keeps places in it: queues, index files. */
export interface FollowsLog {
  /**
   * The log begins at `minPhysicalOffset` now: nothing before is kept. When it rejects, for example because a file cannot be
   * removed, it is called again in a later round, and goes on where it was.
   */
  removeExpired(minPhysicalOffset: number): Promise<unknown>;
}

export interface RetentionOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly config: {
    readonly deleteWhen: string;
    readonly cleanResourceInterval: number;
    readonly cleanFileForciblyEnable: boolean;
  };
  readonly guard: DiskGuard;
  readonly logExpiry: LogExpiry;
  readonly followers: readonly FollowsLog[];
  readonly minPhysicalOffset: () => number;
  /** Runs background work; its failure is dealt with there. Resolves with whether it succeeded. */
  readonly attempt: (work: () => Promise<void>) => Promise<boolean>;
  /** After each look: there may be room again. */
  readonly onLooked: () => Promise<void>;
}

export class RetentionService {
  readonly #options: RetentionOptions;
  readonly #timers: Timer[] = [];
  #looking: Promise<unknown> | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #isCleaning = false;
  #isStopping = false;
  #manualRoundsLeft = 0;
  #wasStuck = false;
  /** The log began here when what follows it was last told. */
  #followedTo: number;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#followedTo = options.minPhysicalOffset();
  }

  /** Looks once, so that a full disk refuses from the first put on. */
  async start(): Promise<void> {
    const { config, guard, timers } = this.#options;
    await guard.look();
    this.#timers.push(timers.setInterval(() => this.#look(), Math.min(lookIntervalMs, config.cleanResourceInterval)).unref());
    this.#timers.push(timers.setInterval(() => this.#clean(), config.cleanResourceInterval).unref());
  }

  /** No round begins any more; resolves when none is under way. Looking at the disk goes on until `stopLooking`. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#work;
  }

  async stopLooking(): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    await this.#looking;
  }

  /** The next rounds run at any hour (Java: executeDeleteFilesManually; request code 27). Age counts as ever. */
  deleteExpiredFiles(): void {
    this.#manualRoundsLeft = manualRounds;
    this.#clean();
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Work that may not run beside a round. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }

  #look(): void {
    if (this.#looking !== undefined) return;
    const { attempt, config, guard, onLooked } = this.#options;
    this.#looking = attempt(async () => {
      const level = await guard.look();
      if (level === 'critical' && config.cleanFileForciblyEnable) this.#clean();
      await onLooked();
    }).finally(() => {
      this.#looking = undefined;
    });
  }

  #clean(): void {
    if (this.#isCleaning || this.#isStopping) return;
    this.#isCleaning = true;
    void this.alone(() => this.#options.attempt(() => this.#round())).finally(() => {
      this.#isCleaning = false;
    });
  }

  async #round(): Promise<void> {
    const { clock, config, guard, logExpiry, logger } = this.#options;
    const isForced = (): boolean => guard.level === 'critical' && config.cleanFileForciblyEnable;
    const isManual = this.#manualRoundsLeft > 0;
    if (isManual) this.#manualRoundsLeft -= 1;
    const isTime = isDeleteHour(config.deleteWhen, clock.now());
    if (isTime || isManual || guard.level !== 'plenty') {
      const isStopping = (): boolean => this.#isStopping;
      const count = await logExpiry.run({ isForced, isStopping, onDeleted: () => this.#onDeleted() });
      const isStuck = count === 0 && guard.level === 'critical';
      if (isStuck && !this.#wasStuck) logger.warn('the disk is nearly full, and no commit log file can be deleted', guard.usage);
      this.#wasStuck = isStuck;
    }
    await this.#follow();
  }

  /** What went may be enough: no file goes by force that need not. */
  async #onDeleted(): Promise<void> {
    await this.#follow();
    await this.#options.guard.look();
  }

  async #follow(): Promise<void> {
    const minPhysicalOffset = this.#options.minPhysicalOffset();
    if (minPhysicalOffset === this.#followedTo) return;
    let isDone = true;
    for (const follower of this.#options.followers) {
      try {
        await follower.removeExpired(minPhysicalOffset);
      } catch (error) {
        if (isOutOfSpace(error) || error instanceof InvariantError) throw error;
        this.#options.logger.warn('what expired with the log cannot be removed; it is tried again', { error });
        isDone = false;
      }
    }
    if (isDone) this.#followedTo = minPhysicalOffset;
  }
}
