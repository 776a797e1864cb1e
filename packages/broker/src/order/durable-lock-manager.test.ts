import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { createDurableLockManager } from './durable-lock-manager.js';
import type { RebalanceLockManager } from './rebalance-lock-manager.js';

const queue = (queueId: number) => ({ topic: 'T', brokerName: 'b', queueId });

async function setup() {
  const environment = virtualEnvironment(1);
  const fileSystem = new MemoryFileSystem();
  const open = (): Promise<RebalanceLockManager> =>
    environment.time.settle(createDurableLockManager({ environment, fileSystem, directory: '/config' }));
  return { environment, fileSystem, open, settle: environment.time.settle.bind(environment.time) };
}

test('a lock that was granted is held by the next broker too: its holder renews it, nobody else gets it', async () => {
  const { open, settle } = await setup();
  const before = await open();
  expect(before.tryLock('g', 'a', [queue(0), queue(1)])).toHaveLength(2);
  await settle(before.whenDurable() ?? Promise.reject(new Error('a new lock is not durable at once')));
  const after = await open();
  expect(after.tryLock('g', 'b', [queue(0), queue(1), queue(2)])).toEqual([queue(2)]);
  expect(after.tryLock('g', 'a', [queue(0)])).toEqual([queue(0)]);
});

test('it lives for 60 s after the start, to the millisecond', async () => {
  const { environment, open, settle } = await setup();
  const before = await open();
  before.tryLock('g', 'a', [queue(0)]);
  await settle(before.whenDurable() ?? Promise.resolve());
  await environment.time.advance(50_000);
  const after = await open();
  await environment.time.advance(59_999);
  expect(after.tryLock('g', 'b', [queue(0)])).toEqual([]);
  await environment.time.advance(1);
  expect(after.tryLock('g', 'b', [queue(0)])).toEqual([queue(0)]);
});

test('a holder that is gone loses its queue after 60 s over all starts, when somebody waits for it', async () => {
  const { environment, open, settle } = await setup();
  const before = await open();
  before.tryLock('g', 'gone', [queue(0)]);
  await settle(before.whenDurable() ?? Promise.resolve());
  // Killed every 25 s; a consumer asks every 20 s.
  for (const isGranted of [false, false, false, true]) {
    const locks = await open();
    expect(locks.tryLock('g', 'next', [queue(0)])).toEqual(isGranted ? [queue(0)] : []);
    await environment.time.advance(20_000);
    locks.tryLock('g', 'next', [queue(0)]);
    await environment.time.advance(5000);
  }
});

test('a holder that renews after a start has a whole life at the next one, which is on disk before it is told', async () => {
  const { environment, open, settle } = await setup();
  const before = await open();
  before.tryLock('g', 'a', [queue(0)]);
  await settle(before.whenDurable() ?? Promise.resolve());
  const middle = await open();
  await environment.time.advance(50_000);
  expect(middle.tryLock('g', 'b', [queue(0)])).toEqual([]);
  await environment.time.advance(5000);
  expect(middle.tryLock('g', 'a', [queue(0)])).toEqual([queue(0)]);
  await settle(middle.whenDurable() ?? Promise.reject(new Error('the life that was left is still on disk')));
  const after = await open();
  await environment.time.advance(59_999);
  expect(after.tryLock('g', 'b', [queue(0)])).toEqual([]);
});

test('renewals wait for no write that is only good to have, as on a full disk', async () => {
  const { environment, fileSystem, open, settle } = await setup();
  const before = await open();
  before.tryLock('g', 'a', [queue(0)]);
  before.tryLock('h', 'gone', [queue(1)]);
  await settle(before.whenDurable() ?? Promise.resolve());
  const after = await open();
  fileSystem.writeFileAtomically = () => Promise.reject(new Error('no space'));
  // The file says of both that they have a whole life.
  expect(after.tryLock('g', 'a', [queue(0)])).toHaveLength(1);
  expect(after.whenDurable()).toBeUndefined();
  expect(after.tryLock('h', 'b', [queue(1)])).toEqual([]);
  await environment.time.advance(10);
  expect(after.tryLock('g', 'a', [queue(0)])).toHaveLength(1);
  expect(after.whenDurable()).toBeUndefined();
  await environment.time.advance(60_000);
  expect(after.tryLock('h', 'b', [queue(1)])).toHaveLength(1);
  await expect(after.whenDurable()).rejects.toThrow('no space');
});

test('a renewal has nothing to wait for; a change of the holder has', async () => {
  const { open, settle } = await setup();
  const locks = await open();
  locks.tryLock('g', 'a', [queue(0)]);
  await settle(locks.whenDurable() ?? Promise.resolve());
  locks.tryLock('g', 'a', [queue(0)]);
  expect(locks.whenDurable()).toBeUndefined();
  locks.unlock('g', 'a', [queue(0)]);
  locks.tryLock('g', 'b', [queue(0)]);
  expect(locks.whenDurable()).toBeDefined();
});

test('what was given back is soon free for the next broker, and dead locks are not written', async () => {
  const { environment, open } = await setup();
  const before = await open();
  before.tryLock('g', 'a', [queue(0)]);
  await environment.time.advance(60_000);
  before.tryLock('g', 'b', [queue(1)]);
  before.tryLock('g', 'b', [queue(2)]);
  before.unlock('g', 'b', [queue(2)]);
  await environment.time.advance(100);
  const after = await open();
  expect(after.tryLock('g', 'c', [queue(0), queue(1), queue(2)])).toEqual([queue(0), queue(2)]);
});
