import { VirtualTime } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { createRebalanceLockManager } from './create-rebalance-lock-manager.js';

const queue = (queueId: number, topic = 'T') => ({ topic, brokerName: 'b', queueId });

function setup(limits: { readonly sweepThreshold?: number; readonly lockCountMax?: number } = {}) {
  const time = new VirtualTime();
  return { time, locks: createRebalanceLockManager({ clock: time, ...limits }) };
}

test('a queue has one holder; who asks gets what is free', () => {
  const { locks } = setup();
  expect(locks.tryLock('g', 'a', [queue(0), queue(1)])).toEqual([queue(0), queue(1)]);
  expect(locks.tryLock('g', 'b', [queue(0), queue(2)])).toEqual([queue(2)]);
  expect(locks.tryLock('h', 'b', [queue(0)])).toEqual([queue(0)]);
  expect(locks.tryLock('g', 'b', [queue(0, 'U')])).toEqual([queue(0, 'U')]);
});

test('a lock ends 60 s after it was last renewed, to the millisecond', async () => {
  const { time, locks } = setup();
  locks.tryLock('g', 'a', [queue(0)]);
  await time.advance(59_999);
  expect(locks.tryLock('g', 'b', [queue(0)])).toEqual([]);
  expect(locks.tryLock('g', 'a', [queue(0)])).toEqual([queue(0)]);
  await time.advance(59_999);
  expect(locks.hasLiveLock('g')).toBe(true);
  expect(locks.tryLock('g', 'b', [queue(0)])).toEqual([]);
  await time.advance(1);
  expect(locks.hasLiveLock('g')).toBe(false);
  expect(locks.tryLock('g', 'b', [queue(0)])).toEqual([queue(0)]);
});

test('a jump of the wall clock frees nothing', () => {
  const { time, locks } = setup();
  locks.tryLock('g', 'a', [queue(0)]);
  time.jumpWallClock(3_600_000);
  expect(locks.tryLock('g', 'b', [queue(0)])).toEqual([]);
});

test('only the holder unlocks', () => {
  const { locks } = setup();
  locks.tryLock('g', 'a', [queue(0)]);
  locks.unlock('g', 'b', [queue(0)]);
  locks.unlock('other', 'a', [queue(0)]);
  expect(locks.tryLock('g', 'b', [queue(0)])).toEqual([]);
  locks.unlock('g', 'a', [queue(0), queue(7)]);
  expect(locks.tryLock('g', 'b', [queue(0)])).toEqual([queue(0)]);
});

test('at the limit a queue is not granted until dead locks made room', async () => {
  const { time, locks } = setup({ sweepThreshold: 2, lockCountMax: 3 });
  expect(locks.tryLock('g', 'a', [queue(0), queue(1), queue(2), queue(3)])).toHaveLength(3);
  expect(locks.tryLock('g', 'a', [queue(0), queue(9)])).toEqual([queue(0)]);
  await time.advance(60_000);
  expect(locks.tryLock('g', 'b', [queue(9)])).toEqual([queue(9)]);
});

test('groups are limited too, and groups of dead locks make room', async () => {
  const { time, locks } = setup({ sweepThreshold: 2, lockCountMax: 2 });
  expect(locks.tryLock('g', 'a', [queue(0)])).toHaveLength(1);
  expect(locks.tryLock('h', 'a', [queue(0)])).toHaveLength(1);
  expect(locks.tryLock('i', 'a', [queue(0)])).toHaveLength(0);
  await time.advance(60_000);
  expect(locks.tryLock('i', 'a', [queue(0)])).toHaveLength(1);
});

test('who looks for live locks drops the dead ones, so that the next look is short', async () => {
  const { time, locks } = setup({ sweepThreshold: 10, lockCountMax: 3 });
  locks.tryLock('g', 'a', [queue(0), queue(1), queue(2)]);
  await time.advance(30_000);
  locks.tryLock('g', 'a', [queue(2)]);
  await time.advance(30_000);
  expect(locks.hasLiveLock('g')).toBe(true);
  // There is room without the sweep of tryLock, which begins at the threshold only.
  expect(locks.tryLock('g', 'b', [queue(7), queue(8), queue(9)])).toEqual([queue(7), queue(8)]);
});

test('a group whose locks are all dead is dropped when it is looked at', async () => {
  const { time, locks } = setup({ sweepThreshold: 10, lockCountMax: 1 });
  locks.tryLock('g', 'a', [queue(0)]);
  await time.advance(60_000);
  expect(locks.tryLock('h', 'a', [queue(0)])).toEqual([]);
  expect(locks.hasLiveLock('g')).toBe(false);
  expect(locks.tryLock('h', 'a', [queue(0)])).toEqual([queue(0)]);
});
