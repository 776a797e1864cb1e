import { PerformanceObserver, performance } from 'node:perf_hooks';
import type { Timer } from '@orbitmq/core/kernel';
import { VirtualTime } from '@orbitmq/testing';
import { openThreadCpu } from './thread-cpu.js';

/** A turn of the event loop, and for how long it was held. */
export interface Hold {
  readonly label: string;
  readonly beganAt: number;
  readonly heldMs: number;
}

/** Promises §3: no request holds the loop for longer. */
export const holdMsMax = 50;
const holdsKeptMax = 100;
/** Opened once: it lives as long as the thread. */
const cpuMs = openThreadCpu();

/**
 * Virtual time that notes how long each turn really takes: a callback with all promise reactions that follow it, until the
 * next callback begins. It is charged with the lesser of real time and the thread's processor time, so that a machine that is busy with
 * something else is not taken for a broker that is.
 */
export class MeteredTime extends VirtualTime {
  /** What is going on, for the report. */
  label = '';
  readonly holds: Hold[] = [];
  longest: Hold = { label: '', beganAt: 0, heldMs: 0 };
  #begunAt = 0;
  #cpuAt = 0;
  #isMeasuring = false;

  override setTimeout(callback: () => void, delayMs: number): Timer {
    return super.setTimeout(this.#metered(callback), delayMs);
  }

  override setInterval(callback: () => void, periodMs: number): Timer {
    return super.setInterval(this.#metered(callback), periodMs);
  }

  override setImmediate(callback: () => void): Timer {
    return super.setImmediate(this.#metered(callback));
  }

  /** What comes until the next turn begins is the test's own work. */
  ignoreRest(): void {
    this.#close(performance.now(), cpuMs());
    this.#isMeasuring = false;
  }

  #metered(callback: () => void): () => void {
    return () => {
      const nowMs = performance.now();
      const spentMs = cpuMs();
      this.#close(nowMs, spentMs);
      this.#isMeasuring = true;
      this.#begunAt = nowMs;
      this.#cpuAt = spentMs;
      callback();
    };
  }

  #close(nowMs: number, spentMs: number): void {
    if (!this.#isMeasuring) return;
    const heldMs = Math.min(nowMs - this.#begunAt, spentMs - this.#cpuAt);
    if (heldMs <= this.longest.heldMs && heldMs <= holdMsMax) return;
    const hold = { label: this.label, beganAt: this.#begunAt, heldMs };
    if (heldMs > this.longest.heldMs) this.longest = hold;
    if (heldMs > holdMsMax && this.holds.length < holdsKeptMax) this.holds.push(hold);
  }
}

/** When garbage was collected: that a test keeps much is not the fault of the request that came meanwhile. */
export class GarbagePauses {
  readonly #pauses: { readonly from: number; readonly to: number }[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    this.#note(list.getEntries());
  });

  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** The hold without them. */
  without(hold: Hold): Hold {
    this.#note(this.#observer.takeRecords());
    const end = hold.beganAt + hold.heldMs;
    const pausedMs = this.#pauses.reduce(
      (sum, { from, to }) => sum + Math.max(Math.min(to, end) - Math.max(from, hold.beganAt), 0),
      0,
    );
    return { ...hold, heldMs: Math.max(hold.heldMs - pausedMs, 0) };
  }

  /** What was before is no longer asked for. */
  forget(): void {
    this.#pauses.length = 0;
  }

  #note(entries: readonly { readonly startTime: number; readonly duration: number }[]): void {
    for (const { startTime, duration } of entries) this.#pauses.push({ from: startTime, to: startTime + duration });
  }
}
