/**
 * Time that passes only when a test says so: the `Clock` and the `Timers` of a simulation. Invariants: callbacks run one
 * at a time, ordered by due time and then by creation; before each one every promise chain and `process.nextTick` has
 * settled; time never goes back. So the same program with the same seed runs in the same order each time.
 */
import { type Clock, invariant, type Timer, type Timers } from '@orbitmq/core/kernel';
import { runTurns } from './run-turns.js';
import { type HeapEntry, TimerHeap } from './timer-heap.js';

/** 2024-01-01T00:00:00Z: a believable date for code that stores or prints timestamps. */
const startMsDefault = 1_704_067_200_000;

/** Virtual time after which `run` gives up: something reschedules itself for ever. */
const runLimitMsDefault = 24 * 3_600_000;

/** Node's own minimum; it also keeps a loop of zero delays from stopping time. */
const timeoutMinMs = 1;

function doNothing(): void {}

class Scheduled implements HeapEntry {
  isCancelled = false;
  isRef: boolean;
  readonly dueMs: number;
  readonly sequence: number;
  fire: () => void;

  constructor(dueMs: number, sequence: number, isRef: boolean, fire: () => void) {
    this.dueMs = dueMs;
    this.sequence = sequence;
    this.isRef = isRef;
    this.fire = fire;
  }
}

export class VirtualTime implements Clock, Timers {
  readonly #heap = new TimerHeap<Scheduled>();
  #wallOffsetMs: number;
  #elapsedMs = 0;
  #sequence = 0;
  #refCount = 0;
  #firedCount = 0;
  #isDriven = false;

  /** `startMs`: what `now()` says at the beginning, milliseconds since the epoch. Default: 2024-01-01. */
  constructor(startMs: number = startMsDefault) {
    this.#wallOffsetMs = startMs;
  }

  now(): number {
    return Math.floor(this.#wallOffsetMs + this.#elapsedMs);
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  /** How many callbacks have run: equal after equal runs, so a cheap check of determinism. */
  get firedCount(): number {
    return this.#firedCount;
  }

  /** Timers that keep a process alive: scheduled, not cancelled, not `unref`ed. */
  get pendingCount(): number {
    return this.#refCount;
  }

  /** Moves the wall clock, forwards or back, as an administrator or NTP does; `monotonic()` and timers do not notice. */
  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    // A delay that is no number or below the minimum becomes the minimum, as in Node.
    return this.#handleOf(this.#schedule(callback, delayMs >= timeoutMinMs ? delayMs : timeoutMinMs, true));
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    const period = periodMs >= timeoutMinMs ? periodMs : timeoutMinMs;
    let isRef = true;
    const fire = (): void => {
      // Scheduled again first, so that the callback can cancel its own interval.
      entry = this.#schedule(fire, period, isRef);
      callback();
    };
    let entry = this.#schedule(fire, period, isRef);
    const handle: Timer = {
      cancel: () => {
        this.#cancel(entry);
      },
      unref: () => {
        isRef = false;
        this.#unref(entry);
        return handle;
      },
    };
    return handle;
  }

  /** Runs at the current virtual time, after the promise chains of the running callback have settled. */
  setImmediate(callback: () => void): Timer {
    return this.#handleOf(this.#schedule(callback, 0, true));
  }

  /** Lets `byMs` milliseconds pass and runs everything that becomes due in them, also what that schedules. */
  async advance(byMs: number): Promise<void> {
    invariant(byMs >= 0, `virtual time cannot go back (${byMs} ms)`);
    const untilMs = this.#elapsedMs + byMs;
    await this.#drive(() => this.#fireNext(untilMs));
    this.#elapsedMs = untilMs;
  }

  /** Runs until nothing is pending that would keep a process alive. Rejects when that takes more than `limitVirtualMs` (default: a day). */
  async run(limitVirtualMs: number = runLimitMsDefault): Promise<void> {
    await this.#runUntil(() => this.#refCount === 0, limitVirtualMs, 'the pending timers to end');
  }

  /** Runs callback after callback until `predicate` holds. Rejects when it does not within `limitVirtualMs`, or nothing is left to run. */
  async runUntil(predicate: () => boolean, limitVirtualMs: number): Promise<void> {
    await this.#runUntil(predicate, limitVirtualMs, 'the predicate');
  }

  /** Runs until `promise` settles, then settles as it did. */
  async settle<Value>(promise: Promise<Value>, limitVirtualMs: number = runLimitMsDefault): Promise<Value> {
    let isSettled = false;
    const markSettled = (): void => {
      isSettled = true;
    };
    promise.then(markSettled, markSettled);
    await this.#runUntil(() => isSettled, limitVirtualMs, 'the promise');
    return promise;
  }

  async #runUntil(predicate: () => boolean, limitVirtualMs: number, what: string): Promise<void> {
    const untilMs = this.#elapsedMs + limitVirtualMs;
    await this.#drive(() => {
      if (predicate()) return false;
      if (this.#fireNext(untilMs)) return true;
      const why = this.#heap.peek() === undefined ? 'no timer is left that could bring it' : 'the limit is over';
      throw new Error(`Waited ${limitVirtualMs} ms of virtual time for ${what}: ${why}.`);
    });
  }

  /** One driver at a time: two would interleave, and their order would depend on the real event loop. */
  async #drive(step: () => boolean): Promise<void> {
    invariant(!this.#isDriven, 'virtual time is already being advanced: await the other call first');
    this.#isDriven = true;
    try {
      await runTurns(step);
    } finally {
      this.#isDriven = false;
    }
  }

  #fireNext(untilMs: number): boolean {
    const entry = this.#heap.peek();
    if (entry === undefined || entry.dueMs > untilMs) return false;
    this.#heap.pop();
    if (entry.isRef) this.#refCount -= 1;
    // Marked so that a late `cancel` or `unref` of a fired timer changes no count.
    entry.isCancelled = true;
    this.#elapsedMs = Math.max(this.#elapsedMs, entry.dueMs);
    this.#firedCount += 1;
    entry.fire();
    return true;
  }

  #schedule(callback: () => void, delayMs: number, isRef: boolean): Scheduled {
    const entry = new Scheduled(this.#elapsedMs + delayMs, this.#sequence, isRef, callback);
    this.#sequence += 1;
    if (isRef) this.#refCount += 1;
    this.#heap.add(entry);
    return entry;
  }

  #handleOf(entry: Scheduled): Timer {
    const handle: Timer = {
      cancel: () => {
        this.#cancel(entry);
      },
      unref: () => {
        this.#unref(entry);
        return handle;
      },
    };
    return handle;
  }

  #cancel(entry: Scheduled): void {
    if (entry.isCancelled) return;
    entry.isCancelled = true;
    // It stays in the heap until its time comes; what it would have called need not.
    entry.fire = doNothing;
    if (entry.isRef) this.#refCount -= 1;
  }

  #unref(entry: Scheduled): void {
    if (entry.isCancelled || !entry.isRef) return;
    entry.isRef = false;
    this.#refCount -= 1;
  }
}
