import { expect, test } from 'vitest';
import { VirtualTime } from './virtual-time.js';

test('callbacks run by due time, then by creation', async () => {
  const time = new VirtualTime(1000);
  const log: string[] = [];
  time.setTimeout(() => log.push(`late ${time.monotonic()}`), 20);
  time.setTimeout(() => log.push(`a ${time.monotonic()}`), 10);
  time.setTimeout(() => log.push(`b ${time.monotonic()}`), 10);
  time.setImmediate(() => log.push(`now ${time.monotonic()}`));
  await time.advance(15);
  expect(log).toEqual(['now 0', 'a 10', 'b 10']);
  expect(time.monotonic()).toBe(15);
  expect(time.now()).toBe(1015);
  await time.advance(5);
  expect(log.at(-1)).toBe('late 20');
});

test('promise chains of any length settle before the next callback', async () => {
  const time = new VirtualTime();
  const log: string[] = [];
  time.setTimeout(() => {
    const chain = async (): Promise<void> => {
      for (let step = 0; step < 10_000; step += 1) await Promise.resolve();
      log.push('chain');
    };
    void chain();
    process.nextTick(() => log.push('tick'));
  }, 1);
  time.setTimeout(() => log.push('next'), 1);
  await time.run();
  expect(log).toEqual(['tick', 'chain', 'next']);
});

test('what a callback schedules inside the window runs in the same advance', async () => {
  const time = new VirtualTime();
  const log: number[] = [];
  time.setTimeout(() => {
    time.setTimeout(() => log.push(time.monotonic()), 5);
    time.setImmediate(() => log.push(time.monotonic()));
  }, 5);
  await time.advance(10);
  expect(log).toEqual([5, 10]);
});

test('an interval ends by its own cancel; unref lets run() end', async () => {
  const time = new VirtualTime();
  let beats = 0;
  const interval = time.setInterval(() => {
    beats += 1;
    if (beats === 3) interval.cancel();
  }, 100);
  await time.run();
  expect([beats, time.monotonic(), time.pendingCount]).toEqual([3, 300, 0]);

  let background = 0;
  time.setInterval(() => (background += 1), 10).unref();
  time.setTimeout(() => undefined, 35);
  await time.run();
  expect(background).toBe(3);
});

test('cancel is idempotent, also after the timer has fired', async () => {
  const time = new VirtualTime();
  const timer = time.setTimeout(() => undefined, 1);
  const other = time.setTimeout(() => expect.unreachable(), 1);
  other.cancel();
  other.cancel();
  await time.run();
  timer.cancel();
  timer.unref();
  expect(time.pendingCount).toBe(0);
});

test('runUntil stops at the predicate and rejects at its limit', async () => {
  const time = new VirtualTime();
  let count = 0;
  const interval = time.setInterval(() => (count += 1), 10);
  await time.runUntil(() => count === 4, 1000);
  expect(time.monotonic()).toBe(40);
  await expect(time.runUntil(() => count === 1000, 50)).rejects.toThrow(/limit is over/);
  interval.cancel();
  await expect(time.runUntil(() => false, 50)).rejects.toThrow(/no timer is left/);
});

test('settle returns what the promise brings, and throws what it throws', async () => {
  const time = new VirtualTime();
  const later = new Promise<string>((resolve) => {
    time.setTimeout(() => resolve('done'), 5000);
  });
  expect(await time.settle(later)).toBe('done');
  const failing = new Promise<string>((_resolve, reject) => {
    time.setTimeout(() => reject(new Error('no')), 5000);
  });
  await expect(time.settle(failing)).rejects.toThrow('no');
});

test('an exception of a callback rejects the drive and leaves time usable', async () => {
  const time = new VirtualTime();
  time.setTimeout(() => {
    throw new Error('bug');
  }, 1);
  await expect(time.run()).rejects.toThrow('bug');
  await time.advance(1);
});

test('two drivers at once are refused', async () => {
  const time = new VirtualTime();
  const first = time.advance(1);
  await expect(time.advance(1)).rejects.toThrow(/already being advanced/);
  await first;
});

test('the wall clock jumps, timers do not notice', async () => {
  const time = new VirtualTime(0);
  let firedAt = -1;
  time.setTimeout(() => (firedAt = time.monotonic()), 100);
  time.jumpWallClock(-3_600_000);
  await time.run();
  expect([firedAt, time.now()]).toEqual([100, 100 - 3_600_000]);
});

test('a thousand timers in random order fire in due order', async () => {
  const time = new VirtualTime();
  const fired: number[] = [];
  for (let index = 0; index < 1000; index += 1) {
    const delayMs = ((index * 7919) % 997) + 1;
    const timer = time.setTimeout(() => fired.push(delayMs), delayMs);
    if (index % 3 === 0) timer.cancel();
  }
  await time.run();
  expect(fired).toEqual([...fired].sort((left, right) => left - right));
  expect(fired.length).toBe(666);
});
