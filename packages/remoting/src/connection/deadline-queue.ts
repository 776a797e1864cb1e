import type { Clock, Timer, Timers } from '@orbitmq/core/kernel';

/** Deadlines are kept to this many milliseconds: never early, late by at most one bucket and the delay of the event loop. */
const bucketMs = 10;

/** Something with a deadline. Its links belong to the queue. */
export abstract class Expiring {
  bucket: DeadlineBucket | undefined;
  previous: Expiring | undefined;
  next: Expiring | undefined;

  /** Called once when the deadline has passed, unless the entry was removed before. */
  abstract expire(): void;
}

/** All entries whose deadline falls into the same few milliseconds, as a linked list: removal costs nothing to speak of. */
class DeadlineBucket {
  readonly tick: number;
  first: Expiring | undefined;

  constructor(tick: number) {
    this.tick = tick;
  }
}

/**
 * The deadlines of all calls of a client or server behind one timer. Adding and removing are O(1): thousands of calls a
 * second whose answers come in time must not cost a timer each. Empty buckets are dropped when their time comes; there is
 * at most one per 10 ms of the longest deadline.
 */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #buckets = new Map<number, DeadlineBucket>();
  /** Ticks of the buckets, ascending. */
  readonly #ticks: number[] = [];
  #timer: Timer | undefined;
  #timerTick = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Expires `entry` when the monotonic clock reaches `deadlineMs`. */
  add(entry: Expiring, deadlineMs: number): void {
    const tick = Math.ceil(deadlineMs / bucketMs);
    const bucket = this.#buckets.get(tick) ?? this.#newBucket(tick);
    entry.bucket = bucket;
    entry.next = bucket.first;
    if (bucket.first !== undefined) bucket.first.previous = entry;
    bucket.first = entry;
    if (tick < this.#timerTick) this.#arm(tick);
  }

  /** Idempotent; also after it expired. */
  remove(entry: Expiring): void {
    const { bucket, previous, next } = entry;
    if (bucket === undefined) return;
    if (previous === undefined) bucket.first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    entry.bucket = undefined;
    entry.previous = undefined;
    entry.next = undefined;
  }

  /** Releases the timer. What is still queued never expires. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerTick = Number.POSITIVE_INFINITY;
    this.#buckets.clear();
    this.#ticks.length = 0;
  }

  #newBucket(tick: number): DeadlineBucket {
    const bucket = new DeadlineBucket(tick);
    this.#buckets.set(tick, bucket);
    // Nearly always the latest one, so the search from the end is short.
    let at = this.#ticks.length;
    while (at > 0 && (this.#ticks[at - 1] as number) > tick) at -= 1;
    this.#ticks.splice(at, 0, tick);
    return bucket;
  }

  #arm(tick: number): void {
    this.#timer?.cancel();
    this.#timerTick = tick;
    this.#timer = this.#timers.setTimeout(this.#onTimer, Math.max(0, tick * bucketMs - this.#clock.monotonic()));
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#timerTick = Number.POSITIVE_INFINITY;
    const nowTick = Math.floor(this.#clock.monotonic() / bucketMs);
    this.#expireUntil(nowTick);
    const next = this.#dropEmpty();
    if (next !== undefined && next < this.#timerTick) this.#arm(next);
  };

  #expireUntil(nowTick: number): void {
    for (let tick = this.#ticks[0]; tick !== undefined && tick <= nowTick; tick = this.#ticks[0]) {
      const bucket = this.#buckets.get(tick);
      this.#ticks.shift();
      this.#buckets.delete(tick);
      for (let entry = bucket?.first; entry !== undefined; entry = bucket?.first) {
        this.remove(entry);
        entry.expire();
      }
    }
  }

  /** The first tick that has entries. */
  #dropEmpty(): number | undefined {
    let dropCount = 0;
    for (const tick of this.#ticks) {
      if (this.#buckets.get(tick)?.first !== undefined) break;
      this.#buckets.delete(tick);
      dropCount += 1;
    }
    if (dropCount > 0) this.#ticks.splice(0, dropCount);
    return this.#ticks[0];
  }
}
