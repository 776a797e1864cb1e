/**
 * Brings what was written to the device in the background (Java: FlushRealTimeService; page 20 §3) and knows how far the
 * device has the log. Invariants: one flush at a time; `flushed` is never ahead of the device and never goes back; a flush
 * that failed is never tried again, since the next one would succeed without the bytes (promises R2).
 */
import type { Clock, Timer, Timers } from '@orbitmq/core/kernel';
import type { LogMark } from '../log-mark.js';

const pageBytes = 4096;

/** Apache's keys of ASYNC_FLUSH. */
interface LogFlushConfig {
  readonly flushIntervalCommitLog: number;
  readonly flushCommitLogTimed: boolean;
  readonly wakeFlushWhenPutMessage: boolean;
  readonly flushCommitLogLeastPages: number;
  readonly flushCommitLogThoroughInterval: number;
}

export interface LogFlusherOptions {
  /** Flushes everything that was written before the call. */
  readonly files: { flush(): Promise<void> };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly config: LogFlushConfig;
  /** Where the log ends at the start; it is on the device. */
  readonly mark: LogMark;
  /** A flush that nobody waits for failed. */
  readonly onFailure: (error: unknown) => void;
}

export class LogFlusher {
  readonly #options: LogFlusherOptions;
  #written: LogMark;
  #flushed: LogMark;
  #flushing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #thoroughAt: number;
  #timer: Timer | undefined;
  #isWoken = false;

  constructor(options: LogFlusherOptions) {
    this.#options = options;
    this.#written = options.mark;
    this.#flushed = options.mark;
    this.#thoroughAt = options.clock.monotonic();
  }

  /** The device has the log up to here. */
  get flushed(): LogMark {
    return this.#flushed;
  }

  /** Something was written that the device may not have. */
  get isBehind(): boolean {
    return this.#flushed.physicalEnd < this.#written.physicalEnd;
  }

  start(): void {
    const { config, timers } = this.#options;
    this.#timer = timers.setInterval(() => this.#round(), config.flushIntervalCommitLog).unref();
  }

  /** No round begins any more; one under way goes on. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Resolves when no flush is under way, whatever became of it. */
  async settled(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
  }

  /** The log was written up to `mark`. `isDurable`: by writes that are on the device, and so is what is before them. */
  written(mark: LogMark, isDurable: boolean): void {
    this.#written = mark;
    if (isDurable) this.#flushed = mark;
    else this.#wake();
  }

  /** Resolves when the device has what is written now. Who comes while a flush is under way waits for the next. */
  async flush(): Promise<void> {
    const { physicalEnd } = this.#written;
    while (this.#flushed.physicalEnd < physicalEnd) {
      if (this.#failure !== undefined) throw this.#failure.error;
      await (this.#flushing ?? this.#flush());
    }
  }

  #flush(): Promise<void> {
    const target = this.#written;
    const flushing = this.#options.files.flush().then(
      () => {
        if (target.physicalEnd > this.#flushed.physicalEnd) this.#flushed = target;
        this.#flushing = undefined;
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#flushing = undefined;
        throw error;
      },
    );
    this.#flushing = flushing;
    return flushing;
  }

  /** Few dirty pages wait for more of them, but never longer than the thorough interval. */
  #round(): void {
    const { clock, config } = this.#options;
    if (!this.isBehind || this.#flushing !== undefined || this.#failure !== undefined) return;
    const pages = Math.floor(this.#written.physicalEnd / pageBytes) - Math.floor(this.#flushed.physicalEnd / pageBytes);
    const isThorough = clock.monotonic() - this.#thoroughAt >= config.flushCommitLogThoroughInterval;
    if (pages < config.flushCommitLogLeastPages && !isThorough) return;
    if (isThorough) this.#thoroughAt = clock.monotonic();
    this.#flush().then(() => this.#wake(), this.#options.onFailure);
  }

  /** Java: an untimed flusher is woken by puts. */
  #wake(): void {
    const { config, timers } = this.#options;
    if (config.flushCommitLogTimed || !config.wakeFlushWhenPutMessage || this.#isWoken || this.#timer === undefined) return;
    if (!this.isBehind) return;
    this.#isWoken = true;
    timers.setImmediate(() => {
      this.#isWoken = false;
      this.#round();
    });
  }
}
