import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { createDurableLockManager, type DurableLockManager } from './durable-lock-manager.js';

const queue = (queueId: number) => ({ topic: 'T', brokerName: 'b', queueId });

async function setup() {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  let fileSystem = new MemoryFileSystem();
  const on = async (files: MemoryFileSystem): Promise<DurableLockManager> => {
    fileSystem = files;
    const locks = await createDurableLockManager({ environment, fileSystem, directory: '/config' });
    await locks.start();
    return locks;
  };
  return {
    environment,
    fileSystem,
    open: () => time.settle(on(fileSystem)),
    /** A broker on what one left that was killed, which writes nothing any more. */
    succeed: async () => {
      const files = new MemoryFileSystem();
      await files.makeDirectory('/config');
      for (const { name } of (await fileSystem.list('/config')) ?? []) {
        await files.writeFileAtomically(`/config/${name}`, (await fileSystem.readFile(`/config/${name}`)) ?? Buffer.alloc(0));
      }
      return time.settle(on(files));
    },
    settle: time.settle.bind(time),
  };
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

test.each([
  ['every 25 s, asked every 20 s', 25_000, [0, 20_000]],
  ['every 19 s, asked only right after each start', 19_000, [0]],
  ['every 2 s, asked only right after each start', 2000, [0]],
])(
  'a holder that is gone loses its queue after a minute over all starts: a broker killed %s',
  async (_name, everyMs, askedAtMs) => {
    const { environment, open, succeed, settle } = await setup();
    const before = await open();
    before.tryLock('g', 'gone', [queue(0)]);
    await settle(before.whenDurable() ?? Promise.resolve());
    const grantedAtMs: number[] = [];
    // Of each life of a broker a second may be lost.
    for (let startedAtMs = 0; startedAtMs < 140_000; startedAtMs += everyMs) {
      const locks = await succeed();
      let passedMs = 0;
      for (const atMs of askedAtMs) {
        await environment.time.advance(atMs - passedMs);
        passedMs = atMs;
        if (locks.tryLock('g', 'next', [queue(0)]).length > 0) grantedAtMs.push(startedAtMs + atMs);
      }
      await environment.time.advance(everyMs - passedMs);
    }
    expect(grantedAtMs[0]).toBeGreaterThanOrEqual(60_000);
  },
);

test('once somebody has waited, the life of the lock ends also when nobody asks after the later starts', async () => {
  const { environment, open, succeed, settle } = await setup();
  const before = await open();
  before.tryLock('g', 'gone', [queue(0)]);
  await settle(before.whenDurable() ?? Promise.resolve());
  expect((await succeed()).tryLock('g', 'next', [queue(0)])).toEqual([]);
  for (let start = 0; start < 7; start += 1) {
    await environment.time.advance(10_000);
    await succeed();
  }
  expect((await succeed()).tryLock('g', 'next', [queue(0)])).toEqual([queue(0)]);
});

test('what is left is written once a second while somebody waits, and not at all before and after', async () => {
  const { environment, fileSystem, open, settle } = await setup();
  const before = await open();
  before.tryLock('g', 'gone', [queue(0)]);
  before.tryLock('h', 'a', [queue(1)]);
  await settle(before.whenDurable() ?? Promise.resolve());
  const locks = await open();
  const write = fileSystem.writeFileAtomically.bind(fileSystem);
  let writeCount = 0;
  fileSystem.writeFileAtomically = (...file) => {
    writeCount += 1;
    return write(...file);
  };
  await environment.time.advance(20_000);
  expect(writeCount).toBe(0);
  for (let asked = 0; asked < 5; asked += 1) locks.tryLock('g', 'next', [queue(0)]);
  await environment.time.advance(10_500);
  expect(writeCount).toBe(11);
  // Nobody waits for this one: its holder has nothing to wait for.
  expect(locks.tryLock('h', 'a', [queue(1)])).toHaveLength(1);
  expect(locks.whenDurable()).toBeUndefined();
  await environment.time.advance(40_000);
  expect(writeCount).toBeLessThanOrEqual(41);
  expect(environment.time.pendingCount).toBe(0);
});

test('a stop writes what was given back before it, and nothing after it; a disk that is full or hangs does not fail it', async () => {
  const { environment, fileSystem, open, settle } = await setup();
  const locks = await open();
  locks.tryLock('g', 'a', [queue(0)]);
  await settle(locks.whenDurable() ?? Promise.resolve());
  locks.unlock('g', 'a', [queue(0)]);
  await settle(locks.stop());
  const next = await open();
  expect(next.tryLock('g', 'b', [queue(0)])).toEqual([queue(0)]);
  await settle(next.whenDurable() ?? Promise.resolve());
  const last = await open();
  last.tryLock('g', 'c', [queue(0)]);
  await environment.time.advance(1500);
  await settle(last.stop());
  let writeCount = 0;
  fileSystem.writeFileAtomically = () => {
    writeCount += 1;
    return Promise.reject(new Error('no space'));
  };
  await environment.time.advance(5000);
  expect(writeCount).toBe(0);
  const onFullDisk = await open();
  onFullDisk.unlock('g', 'b', [queue(0)]);
  await settle(onFullDisk.stop());
  expect(writeCount).toBeGreaterThan(0);
  const onHangingDisk = await open();
  fileSystem.writeFileAtomically = () => new Promise(() => undefined);
  onHangingDisk.unlock('g', 'b', [queue(0)]);
  const beforeMs = environment.clock.monotonic();
  await settle(onHangingDisk.stop({ deadlineMs: 2000 }));
  expect(environment.clock.monotonic() - beforeMs).toBe(2000);
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

test('a holder that comes back after its lock was dead, and was left out of a write, is on disk before it is told', async () => {
  const { environment, open, settle, succeed } = await setup();
  const locks = await open();
  locks.tryLock('g', 'a', [queue(0)]);
  await settle(locks.whenDurable() ?? Promise.resolve());
  await environment.time.advance(61_000);
  locks.tryLock('other', 'x', [queue(7)]);
  await settle(locks.whenDurable() ?? Promise.resolve());
  expect(locks.tryLock('g', 'a', [queue(0)])).toEqual([queue(0)]);
  await settle(locks.whenDurable() ?? Promise.reject(new Error('there is something to wait for')));
  const next = await succeed();
  expect(next.tryLock('g', 'b', [queue(0)])).toEqual([]);
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
