/**
 * What the store did since the start, and how fast of late (Java: StoreStatsService and BrokerStats; page 32 §3.1). Told once per
 * batch of puts and once per read; samples itself every second.
 */
import type { Clock, Lifecycle, Timer, Timers } from '@orbitmq/core/kernel';
import { DayEdges, type DayTotals, msUntilMorning } from './day-edges.js';
import { LatencyHistogram } from './latency-histogram.js';
import { LatencyPercentiles } from './latency-percentiles.js';
import { RateHistory } from './rate-history.js';

export interface StoreStatsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Of messages of users, for the edges of the day. */
  readonly totals: () => DayTotals;
}

const sampleMs = 1000;
const percentileTurnMs = 60_000;

export class StoreStats implements Lifecycle {
  putCount = 0;
  putBytes = 0;
  putFailures = 0;
  readsFound = 0;
  readsMissed = 0;
  messagesRead = 0;
  readMaxMs = 0;
  readonly bootTimestamp: number;
  readonly putTimes = new LatencyHistogram();
  readonly putPercentiles = new LatencyPercentiles();
  readonly days = new DayEdges();
  readonly rates = new RateHistory(['put', 'found', 'missed', 'transferred']);
  readonly #options: StoreStatsOptions;
  readonly #bootMonotonic: number;
  #timers: Timer[] = [];
  #morning: Timer | undefined;

  constructor(options: StoreStatsOptions) {
    this.#options = options;
    this.bootTimestamp = options.clock.now();
    this.#bootMonotonic = options.clock.monotonic();
  }

  get uptimeMs(): number {
    return this.#options.clock.monotonic() - this.#bootMonotonic;
  }

  /** Messages became visible, and those who put them are answered. `startedMs` has a time for each of them who waited, monotonic. */
  published(messageCount: number, sizeBytes: number, startedMs: readonly number[]): void {
    this.putCount += messageCount;
    this.putBytes += sizeBytes;
    const nowMs = this.#options.clock.monotonic();
    for (const started of startedMs) {
      const elapsedMs = Math.floor(nowMs - started);
      this.putTimes.add(elapsedMs);
      this.putPercentiles.add(elapsedMs);
    }
  }

  read(messageCount: number, elapsedMs: number): void {
    if (messageCount > 0) {
      this.readsFound += 1;
      this.messagesRead += messageCount;
    } else {
      this.readsMissed += 1;
    }
    if (elapsedMs > this.readMaxMs) this.readMaxMs = elapsedMs;
  }

  async start(): Promise<void> {
    const { timers } = this.#options;
    this.#sample();
    this.#timers = [
      timers.setInterval(() => this.#sample(), sampleMs).unref(),
      timers.setInterval(() => this.putPercentiles.turn(), percentileTurnMs).unref(),
    ];
    this.#awaitMorning();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#morning?.cancel();
    this.#morning = undefined;
  }

  #sample(): void {
    this.rates.sample(this.#options.clock.monotonic(), {
      put: this.putCount,
      found: this.readsFound,
      missed: this.readsMissed,
      transferred: this.messagesRead,
    });
  }

  #awaitMorning(): void {
    const { clock, timers, totals } = this.#options;
    const waitMs = msUntilMorning(clock.now());
    const morningAt = clock.now() + waitMs;
    const onTimer = (): void => {
      // The wall clock may have been put back meanwhile: then the morning is still to come.
      if (clock.now() >= morningAt) this.days.record(totals());
      this.#awaitMorning();
    };
    this.#morning = timers.setTimeout(onTimer, waitMs).unref();
  }
}
