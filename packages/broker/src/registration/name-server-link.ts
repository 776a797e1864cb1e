/**
 * Keeps one NameServer informed: one registration at a time, the newest state last, and again when it failed or the
 * connection (to which the NameServer ties the broker's life) closed.
 */
import type { Environment, Timer } from '@orbitmq/core/kernel';

/** Pause after a failed registration, and after the NameServer closed the connection. */
const retryMsDefault = 3000;

export interface NameServerLinkOptions {
  readonly environment: Environment;
  readonly address: string;
  /** Sends the state of the moment; rejects when the NameServer did not take it. */
  readonly register: (address: string) => Promise<void>;
  /** Default: 3000. */
  readonly retryMs?: number | undefined;
}

interface Waiter {
  readonly count: number;
  readonly timer: Timer;
  readonly resolve: () => void;
}

export class NameServerLink {
  readonly #options: NameServerLinkOptions;
  #wantedCount = 0;
  #doneCount = 0;
  #isRunning = false;
  #isStopped = false;
  #isHealthy = true;
  #retryTimer: Timer | undefined;
  /** Of requests that wait for an announcement; each leaves after `announceWaitMaxMs` at the latest. */
  readonly #waiters = new Set<Waiter>();

  constructor(options: NameServerLinkOptions) {
    this.#options = options;
  }

  get address(): string {
    return this.#options.address;
  }

  /** Registers anew; when a registration is under way, after it, since that may carry the state before. */
  changed(): void {
    this.#wantedCount += 1;
    this.#run();
  }

  /** `changed()`; resolves when this NameServer has the state of now, an attempt failed, or `waitMaxMs` are over. */
  announce(waitMaxMs: number): Promise<void> {
    this.changed();
    if (this.#isStopped || !this.#isHealthy) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.environment.timers.setTimeout(() => this.#settle(waiter), waitMaxMs);
      const waiter: Waiter = { count: this.#wantedCount, timer, resolve };
      this.#waiters.add(waiter);
    });
  }

  /** As `changed`, when nothing is under way or due already. */
  refresh(): void {
    if (this.#doneCount === this.#wantedCount) this.#wantedCount += 1;
    this.#run();
  }

  connectionClosed(): void {
    if (this.#isStopped || this.#isRunning || this.#wantedCount === 0) return;
    this.#wantedCount += 1;
    this.#retryLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#retryTimer?.cancel();
    this.#settleUpTo(this.#wantedCount);
  }

  #settle(waiter: Waiter): void {
    waiter.timer.cancel();
    this.#waiters.delete(waiter);
    waiter.resolve();
  }

  #settleUpTo(count: number): void {
    for (const waiter of this.#waiters) if (waiter.count <= count) this.#settle(waiter);
  }

  #run(): void {
    if (this.#isRunning || this.#isStopped || this.#doneCount >= this.#wantedCount) return;
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    this.#isRunning = true;
    const count = this.#wantedCount;
    this.#options.register(this.address).then(
      () => this.#onRegistered(count),
      (error: unknown) => this.#onFailed(error),
    );
  }

  #onRegistered(count: number): void {
    this.#isRunning = false;
    this.#doneCount = count;
    if (!this.#isHealthy) this.#options.environment.logger.info('registered with the NameServer', { address: this.address });
    this.#isHealthy = true;
    this.#settleUpTo(count);
    this.#run();
  }

  #onFailed(error: unknown): void {
    this.#isRunning = false;
    if (this.#isStopped) return;
    // Said once per outage: a NameServer may be down for days.
    if (this.#isHealthy) {
      this.#options.environment.logger.warn('could not register with the NameServer; it will be tried again', {
        address: this.address,
        error,
      });
    }
    this.#isHealthy = false;
    this.#settleUpTo(this.#wantedCount);
    this.#retryLater();
  }

  #retryLater(): void {
    this.#retryTimer ??= this.#options.environment.timers
      .setTimeout(() => {
        this.#retryTimer = undefined;
        this.#run();
      }, this.#options.retryMs ?? retryMsDefault)
      .unref();
  }
}
