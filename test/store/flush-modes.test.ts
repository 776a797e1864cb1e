/** ASYNC_FLUSH by its keys, and `flushDiskType` changed while the store runs: what was promised survives the power cut. */
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { diskFailure, SimulatedDisk } from '../simulation/simulated-disk.js';
import { verifies } from '../support/verifies.js';
import { openTestStore, put, readQueue } from './store-fixture.js';

async function setUp(config: NonNullable<Parameters<typeof openTestStore>[2]>['config'] = {}) {
  const environment = virtualEnvironment(5);
  const { time } = environment;
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  const flushes: string[] = [];
  const created = new Set<string>();
  disk.failure = ({ kind, path }) => {
    if (kind !== 'datasync' || !path.includes('commitlog')) return undefined;
    // The first one of a file belongs to its creation.
    if (created.has(path)) flushes.push(path);
    created.add(path);
    return undefined;
  };
  const opened = openTestStore(environment, disk, { config: { flushDiskType: 'ASYNC_FLUSH', ...config } });
  await time.settle(opened.store.start());
  await time.advance(20);
  const bodiesAfterPowerCut = async (): Promise<string[]> => {
    const after = openTestStore(environment, disk.crash('nothing'));
    await time.settle(after.store.start());
    return (await time.settle(readQueue(after.store, 'T', 0))).map(({ body }) => body.toString());
  };
  return { environment, time, disk, flushes, bodiesAfterPowerCut, ...opened };
}

const page = 'x'.repeat(1800);

test('every interval whatever is dirty is flushed, and nothing when nothing is', async () => {
  const { bodiesAfterPowerCut, flushes, store, time } = await setUp();
  put(store, 'T', 0, 'a');
  await time.advance(510);
  expect(flushes).toHaveLength(1);
  await time.advance(5000);
  expect(flushes).toHaveLength(1);
  put(store, 'T', 0, 'b');
  await time.advance(510);
  put(store, 'T', 0, 'late');
  await time.advance(10);
  expect(await bodiesAfterPowerCut()).toEqual(['a', 'b']);
});

test('flushCommitLogLeastPages: fewer dirty pages wait, but not longer than the thorough interval', async () => {
  const { flushes, store, time } = await setUp({ flushCommitLogLeastPages: 4, flushCommitLogThoroughInterval: 3000 });
  put(store, 'T', 0, 'a');
  await time.advance(2400);
  expect(flushes).toHaveLength(0);
  await time.advance(700);
  expect(flushes).toHaveLength(1);
  for (let index = 0; index < 12; index += 1) put(store, 'T', 0, page);
  await time.advance(520);
  // Several files were filled.
  expect(flushes.length).toBeGreaterThan(3);
});

test('an untimed flusher is woken by a put when it may be', async () => {
  for (const [wakeFlushWhenPutMessage, count] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const config = { flushIntervalCommitLog: 60_000, flushCommitLogTimed: false, wakeFlushWhenPutMessage };
    const { flushes, store, time } = await setUp(config);
    put(store, 'T', 0, 'a');
    await time.advance(100);
    expect(flushes).toHaveLength(count);
  }
});

test('what is written during a flush, and the file it leaves, are covered by the next one', async () => {
  const { bodiesAfterPowerCut, disk, store, time } = await setUp({ flushIntervalCommitLog: 50 });
  const slow = { datasync: 0, write: 0 };
  disk.delayMs = ({ kind, path }) => {
    if (!path.includes('commitlog')) return 0;
    return kind === 'datasync' ? slow.datasync : kind === 'write' ? slow.write : 0;
  };
  const bodies = ['first', page, 'second', page, page, 'third'];
  for (const body of bodies) {
    slow.datasync = 45;
    slow.write = 30;
    put(store, 'T', 0, body);
    await time.advance(35);
  }
  await time.advance(400);
  expect(await bodiesAfterPowerCut()).toEqual(bodies);
});

test('ASYNC to SYNC: the next put is answered after its flush and with everything before it', async () => {
  verifies('flush-switch');
  const { bodiesAfterPowerCut, disk, store, time } = await setUp({ flushIntervalCommitLog: 60_000 });
  const before = put(store, 'T', 0, 'before');
  await time.advance(10);
  expect(before.status).toBe('PUT_OK');
  disk.delayMs = ({ kind, path }) => (kind === 'datasync' && path.includes('commitlog') ? 200 : 0);
  const growing = put(store, 'T', 0, 'growing');
  const switched = store.setFlushDiskType('SYNC_FLUSH');
  const strict = put(store, 'T', 0, 'strict');
  await time.advance(50);
  expect([growing.status, strict.status, store.flushDiskType]).toEqual([undefined, undefined, 'SYNC_FLUSH']);
  await time.settle(switched);
  await time.runUntil(() => strict.status !== undefined, 5000);
  expect(strict.status).toBe('PUT_OK');
  expect(await bodiesAfterPowerCut()).toEqual(['before', 'growing', 'strict']);
});

test('ASYNC to SYNC while an interval flush is under way: the answer waits for a flush that covers all', async () => {
  const { bodiesAfterPowerCut, disk, store, time } = await setUp({ flushIntervalCommitLog: 100 });
  disk.delayMs = ({ kind, path }) => (kind === 'datasync' && path.includes('commitlog') ? 300 : 0);
  put(store, 'T', 0, 'covered');
  await time.advance(110);
  put(store, 'T', 0, 'missed');
  await time.advance(20);
  void store.setFlushDiskType('SYNC_FLUSH');
  const strict = put(store, 'T', 0, 'strict');
  await time.runUntil(() => strict.status !== undefined, 5000);
  expect(await bodiesAfterPowerCut()).toEqual(['covered', 'missed', 'strict']);
});

test('SYNC to ASYNC: what was put before keeps its promise, what comes after is answered without a flush', async () => {
  const { bodiesAfterPowerCut, disk, store, time } = await setUp({ flushDiskType: 'SYNC_FLUSH', flushIntervalCommitLog: 60_000 });
  disk.delayMs = ({ kind, path }) => (kind.startsWith('writeDurably') && path.includes('commitlog') ? 300 : 0);
  const writing = put(store, 'T', 0, 'writing');
  await time.advance(10);
  const growing = put(store, 'T', 0, 'growing');
  await time.settle(store.setFlushDiskType('ASYNC_FLUSH'));
  const mixed = put(store, 'T', 0, 'mixed');
  await time.advance(20);
  expect([writing.status, growing.status, mixed.status]).toEqual([undefined, undefined, undefined]);
  await time.runUntil(() => growing.status !== undefined, 5000);
  const loose = put(store, 'T', 0, 'loose');
  await time.runUntil(() => loose.status !== undefined, 50);
  expect([growing.status, loose.status]).toEqual(['PUT_OK', 'PUT_OK']);
  expect(await bodiesAfterPowerCut()).toEqual(['writing', 'growing', 'mixed']);
});

test('a failed interval flush ends the store, a switch to SYNC after it is refused, and nobody flushes again', async () => {
  const { disk, failures, store, time } = await setUp();
  await time.advance(20);
  let attempts = 0;
  disk.failure = ({ kind, path }) => {
    if (kind !== 'datasync' || !path.includes('commitlog')) return undefined;
    attempts += 1;
    return diskFailure('EIO', path);
  };
  put(store, 'T', 0, 'a');
  await time.advance(3000);
  expect([failures.length, store.isWritable]).toEqual([1, false]);
  await expect(time.settle(store.setFlushDiskType('SYNC_FLUSH'))).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
  await time.settle(store.stop());
  expect(attempts).toBe(1);
});

test('the type of a store that is not running is the configured one, and cannot be changed', async () => {
  const environment = virtualEnvironment(1);
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  const { store } = openTestStore(environment, disk, { config: { flushDiskType: 'ASYNC_FLUSH' } });
  expect(store.flushDiskType).toBe('ASYNC_FLUSH');
  await expect(store.setFlushDiskType('SYNC_FLUSH')).rejects.toMatchObject({ code: 'NOT_STARTED' });
});
