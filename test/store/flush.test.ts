/** When a put is answered: flush modes, slow disks, failing disks, stop. */
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { diskFailure, SimulatedDisk } from '../simulation/simulated-disk.js';
import { openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

async function setUp(options: Parameters<typeof openTestStore>[2] = {}) {
  const environment = virtualEnvironment(2);
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  const opened = openTestStore(environment, disk, options);
  await environment.time.settle(opened.store.start());
  return { environment, time: environment.time, disk, ...opened };
}

test('a flush longer than syncFlushTimeout answers FLUSH_DISK_TIMEOUT, each put at its own time, and the messages stay', async () => {
  const { disk, store, time } = await setUp();
  disk.delayMs = ({ kind }) => (kind === 'writeDurably' ? 8000 : 0);
  const first = put(store, 'T', 0, 'first');
  await time.advance(3000);
  const second = put(store, 'T', 0, 'second');
  await time.advance(1999);
  expect([first.status, second.status]).toEqual([undefined, undefined]);
  await time.advance(1);
  expect([first.status, second.status]).toEqual(['FLUSH_DISK_TIMEOUT', undefined]);
  await time.advance(3000);
  expect([second.status, store.maxOffset('T', 0)]).toEqual(['FLUSH_DISK_TIMEOUT', 0]);
  await time.advance(20_000);
  expect((await time.settle(readQueue(store, 'T', 0))).map(({ body }) => body.toString())).toEqual(['first', 'second']);
  expect(first.status).toBe('FLUSH_DISK_TIMEOUT');
});

test('WAIT=false is answered after the write, before the flush, and visible after it', async () => {
  const { disk, store, time } = await setUp();
  disk.delayMs = ({ kind }) => (kind === 'datasync' ? 1000 : 0);
  const hasty = put(store, 'T', 0, 'hasty', { waitStore: false });
  const patient = put(store, 'T', 0, 'patient');
  await time.advance(100);
  expect([hasty.status, patient.status, store.maxOffset('T', 0)]).toEqual(['PUT_OK', undefined, 0]);
  await time.advance(1000);
  expect([patient.status, store.maxOffset('T', 0)]).toEqual(['PUT_OK', 2]);
});

test('ASYNC_FLUSH answers after the write and flushes at most flushIntervalCommitLog later, whatever the amount', async () => {
  const { disk, environment, store, time } = await setUp({ config: { flushDiskType: 'ASYNC_FLUSH' } });
  const early = put(store, 'T', 0, 'early');
  await time.advance(20);
  expect([early.status, store.maxOffset('T', 0)]).toEqual(['PUT_OK', 1]);
  await time.advance(510);
  const late = put(store, 'T', 0, 'late');
  await time.advance(20);
  expect(late.status).toBe('PUT_OK');
  const after = openTestStore(environment, disk.crash('nothing'));
  await time.settle(after.store.start());
  expect((await time.settle(readQueue(after.store, 'T', 0))).map(({ body }) => body.toString())).toEqual(['early']);
});

test.each(['writeDurably', 'write', 'datasync'])(
  'a failed %s is final: no success after it, one report, nothing visible',
  async (kind) => {
    const isAsync = kind !== 'writeDurably';
    const { disk, failures, store, time } = await setUp({ config: { flushDiskType: isAsync ? 'ASYNC_FLUSH' : 'SYNC_FLUSH' } });
    const good = put(store, 'T', 0, 'good');
    await time.advance(700);
    expect(good.status).toBe('PUT_OK');
    let failedCount = 0;
    let writesAfterFailure = 0;
    disk.failure = (operation) => {
      const isLog = operation.path.includes('commitlog');
      if (failedCount > 0 && isLog && operation.kind.startsWith('write')) writesAfterFailure += 1;
      if (operation.kind !== kind || !operation.path.includes('commitlog') || failedCount > 0) return undefined;
      failedCount += 1;
      return diskFailure('EIO', operation.path);
    };
    const bad = put(store, 'T', 0, 'bad');
    await time.advance(1);
    const growing = put(store, 'T', 0, 'growing');
    await time.advance(5000);
    const refused = put(store, 'T', 0, 'refused');
    await time.advance(5000);
    expect(failedCount).toBe(1);
    if (kind !== 'datasync') expect([bad.status, growing.status]).toEqual(['SERVICE_NOT_AVAILABLE', 'SERVICE_NOT_AVAILABLE']);
    expect([refused.status, refused.queueOffset]).toEqual(['SERVICE_NOT_AVAILABLE', -1]);
    expect([store.isWritable, failures.length]).toEqual([false, 1]);
    if (kind !== 'datasync') expect(store.maxOffset('T', 0)).toBe(1);
    await time.settle(store.stop());
    expect(await time.settle(disk.stat(`${storeRoot}/abort`))).toBeDefined();
    expect([failures.length, writesAfterFailure]).toEqual([1, 0]);
  },
);

test('bytes whose flush failed are in memory only: the next process brings them to the device before anyone reads them', async () => {
  const { disk, environment, store, time } = await setUp();
  const good = put(store, 'T', 0, 'good');
  await time.advance(1500);
  disk.failure = ({ kind, path }) =>
    kind === 'writeDurably' && path.includes('commitlog') ? diskFailure('EIO', path) : undefined;
  const bad = put(store, 'T', 0, 'bad');
  await time.advance(100);
  expect([good.status, bad.status]).toEqual(['PUT_OK', 'SERVICE_NOT_AVAILABLE']);
  const restarted = disk.crash('everything');
  const second = openTestStore(environment, restarted);
  await time.settle(second.store.start());
  const seen = (await time.settle(readQueue(second.store, 'T', 0))).map(({ body }) => body.toString());
  expect(seen).toEqual(['good', 'bad']);
  const third = openTestStore(environment, restarted.crash('nothing'));
  await time.settle(third.store.start());
  expect((await time.settle(readQueue(third.store, 'T', 0))).map(({ body }) => body.toString())).toEqual(seen);
});

test('a failed write of the queues ends the store as well', async () => {
  const { disk, failures, store, time } = await setUp();
  disk.failure = ({ kind, path }) => (kind === 'write' && path.includes('consumequeue') ? diskFailure('EIO', path) : undefined);
  put(store, 'T', 0, 'x');
  await time.advance(70_000);
  expect([failures.length, store.isWritable]).toEqual([1, false]);
});

test('stop answers what is under way, then refuses, and the next start has nothing to recover', async () => {
  const { disk, environment, store, time } = await setUp();
  const last = put(store, 'T', 0, 'last');
  const stopping = store.stop();
  const late = put(store, 'T', 0, 'late');
  await time.settle(stopping);
  expect([last.status, late.status, store.isWritable]).toEqual(['PUT_OK', 'SERVICE_NOT_AVAILABLE', false]);
  await store.stop();
  const after = openTestStore(environment, disk.crash('nothing'));
  await time.settle(after.store.start());
  expect([after.store.maxOffset('T', 0), put(after.store, 'T', 0, 'next').queueOffset]).toEqual([1, 1]);
});

test('stop gives up at its deadline: the directory stays marked and locked', async () => {
  const { disk, store, time } = await setUp();
  disk.delayMs = ({ kind }) => (kind === 'writeDurably' ? 100_000 : 0);
  const stuck = put(store, 'T', 0, 'stuck', {});
  await time.advance(10);
  await time.settle(store.stop({ deadlineMs: 500 }));
  expect(stuck.status).toBe('SERVICE_NOT_AVAILABLE');
  expect(await time.settle(disk.stat(`${storeRoot}/abort`))).toBeDefined();
  await expect(time.settle(disk.lock(`${storeRoot}/lock`))).rejects.toMatchObject({ code: 'STORE_LOCKED' });
});

test('a store that is not running refuses puts and reads', async () => {
  const environment = virtualEnvironment(2);
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  const { store } = openTestStore(environment, disk);
  const early = put(store, 'T', 0, 'early');
  await environment.time.run();
  expect(early.status).toBe('SERVICE_NOT_AVAILABLE');
  expect(() => store.getMessage({ topic: 'T', queueId: 0, queueOffset: 0, maxCount: 1, matches: undefined })).toThrow(
    /not running/,
  );
  await environment.time.settle(store.start());
  await expect(store.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' });
});
