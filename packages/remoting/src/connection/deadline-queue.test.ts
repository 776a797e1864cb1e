import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { DeadlineQueue, Expiring } from './deadline-queue.js';

class Entry extends Expiring {
  expiredAtMs = -1;
  readonly #time: VirtualTime;
  readonly #then: (() => void) | undefined;

  constructor(time: VirtualTime, then?: () => void) {
    super();
    this.#time = time;
    this.#then = then;
  }

  expire(): void {
    expect(this.expiredAtMs).toBe(-1);
    this.expiredAtMs = this.#time.monotonic();
    this.#then?.();
  }
}

function createQueue(): { time: VirtualTime; queue: DeadlineQueue } {
  const time = new VirtualTime();
  return { time, queue: new DeadlineQueue(time, time) };
}

test('an entry expires at its deadline: never early, at most 10 ms late', async () => {
  const { time, queue } = createQueue();
  const deadlines = Array.from({ length: 500 }, (_, index) => ((index * 7919) % 3000) + 1);
  const entries = deadlines.map((deadlineMs) => {
    const entry = new Entry(time);
    queue.add(entry, deadlineMs);
    return entry;
  });
  await time.run();
  entries.forEach((entry, index) => {
    const lateMs = entry.expiredAtMs - deadlines[index]!;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThanOrEqual(10);
  });
});

test('a removed entry never expires; removing is idempotent, in any order', async () => {
  const { time, queue } = createQueue();
  const entries = Array.from({ length: 9 }, () => new Entry(time));
  for (const entry of entries) queue.add(entry, 50);
  for (const index of [0, 8, 4, 4, 3, 0]) queue.remove(entries[index]!);
  await time.run();
  expect(entries.map((entry) => entry.expiredAtMs >= 0)).toEqual([false, true, true, false, false, true, true, true, false]);
  queue.remove(entries[1]!);
});

test('ten thousand entries wait behind one timer, and none is left when they are gone', async () => {
  const { time, queue } = createQueue();
  const entries = Array.from({ length: 10_000 }, () => new Entry(time));
  entries.forEach((entry, index) => {
    queue.add(entry, 1000 + index / 10);
  });
  expect(time.pendingCount).toBe(1);
  for (const entry of entries) queue.remove(entry);
  await time.advance(5000);
  expect(time.pendingCount).toBe(0);
  expect(time.firedCount).toBe(1);
});

test('a deadline that has passed already expires soon; an expiring entry may add another', async () => {
  const { time, queue } = createQueue();
  await time.advance(1000);
  const second = new Entry(time);
  const first = new Entry(time, () => {
    queue.add(second, 0);
  });
  queue.add(first, 5);
  await time.run();
  expect(first.expiredAtMs).toBeLessThanOrEqual(1010);
  expect(second.expiredAtMs).toBeLessThanOrEqual(1020);
});

test('an entry may remove its neighbours while it expires', async () => {
  const { time, queue } = createQueue();
  const others = [new Entry(time), new Entry(time)];
  const breaker = new Entry(time, () => {
    for (const other of others) queue.remove(other);
  });
  queue.add(others[0]!, 10);
  queue.add(others[1]!, 10);
  queue.add(breaker, 10);
  await time.run();
  expect(others.map((other) => other.expiredAtMs)).toEqual([-1, -1]);
});

test('an earlier deadline moves the timer forward', async () => {
  const { time, queue } = createQueue();
  const late = new Entry(time);
  const early = new Entry(time);
  queue.add(late, 30_000);
  queue.add(early, 20);
  expect(time.pendingCount).toBe(1);
  await time.advance(20);
  expect([early.expiredAtMs, late.expiredAtMs]).toEqual([20, -1]);
  queue.close();
  expect(time.pendingCount).toBe(0);
  await time.advance(60_000);
  expect(late.expiredAtMs).toBe(-1);
});
