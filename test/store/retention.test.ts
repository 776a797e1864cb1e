/** Old log files go, by age at their hour and by the level of the disk at once; queues, readers and restarts follow (page 20 §9). */
import { type DiskUsage, MemoryFileSystem } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { openTestStore, type Put, put, readQueue, storeRoot, type TestStore } from './store-fixture.js';

const hourMs = 3_600_000;
const logDirectory = `${storeRoot}/commitlog`;
const logFileBytes = 4096;

type Environment = ReturnType<typeof virtualEnvironment>;
type Time = Environment['time'];
type Config = NonNullable<Parameters<typeof openTestStore>[2]>;

/** A disk that says how full it is: a base, and so much for each log file. */
class LevelDisk extends MemoryFileSystem {
  basePercent = 0;
  perFilePercent = 0;

  override async usage(): Promise<DiskUsage | undefined> {
    const usedBytes = this.basePercent * 10 + this.perFilePercent * 10 * ((await this.list(logDirectory))?.length ?? 0);
    return { usedBytes, availableBytes: 1000 - usedBytes };
  }
}

interface Bed {
  readonly environment: Environment;
  readonly time: Time;
  readonly disk: LevelDisk;
  readonly opened: TestStore;
}

async function open(disk?: LevelDisk, options: Config = {}, previous?: Environment): Promise<Bed> {
  const environment = previous ?? virtualEnvironment(1);
  const { time } = environment;
  const files = disk ?? new LevelDisk({ clock: environment.clock });
  const opened = openTestStore(environment, files, options);
  await time.settle(opened.store.start());
  return { environment, time, disk: files, opened };
}

/** About three messages fill a log file. */
async function fill({ opened, time }: Bed, count: number, topic = 'Orders', queueId = 0): Promise<Put[]> {
  const puts: Put[] = [];
  for (let index = 0; index < count; index += 1) {
    const one = put(opened.store, topic, queueId, `${topic}-${index}-`.padEnd(1000, 'x'));
    puts.push(one);
    await time.runUntil(() => one.status !== undefined, 10_000);
    expect(one.status).toBe('PUT_OK');
  }
  return puts;
}

async function logFiles({ disk }: Bed): Promise<number[]> {
  return ((await disk.list(logDirectory)) ?? []).map(({ name }) => Number(name));
}

/** Sets the wall clock to the next `hour` o'clock at least `atLeastMs` from now. */
function jumpTo(time: Time, hour: number, atLeastMs: number): void {
  const target = new Date(time.now() + atLeastMs);
  if (target.getHours() >= hour) target.setDate(target.getDate() + 1);
  target.setHours(hour, 0, 0, 0);
  time.jumpWallClock(target.getTime() - time.now());
}

async function offsetsOf({ opened, time }: Bed, topic = 'Orders', queueId = 0): Promise<number[]> {
  return (await time.settle(readQueue(opened.store, topic, queueId))).map(({ queueOffset }) => queueOffset);
}

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index);

test('by age: nothing before its hour, then every old file but the newest, ten a round', async () => {
  verifies('retention');
  const bed = await open();
  const { opened, time } = bed;
  await fill(bed, 40);
  const before = await logFiles(bed);
  const newest = opened.store.maxPhysicalOffset - (opened.store.maxPhysicalOffset % logFileBytes);
  jumpTo(time, 3, 72 * hourMs);
  await time.advance(30_000);
  expect(await logFiles(bed)).toEqual(before);

  jumpTo(time, 4, 0);
  await time.advance(10_100);
  // The pauses between deletions go on.
  await time.advance(2000);
  expect((await logFiles(bed))[0]).toBe(10 * logFileBytes);
  await time.advance(20_000);
  expect((await logFiles(bed))[0]).toBe(newest);
  expect(opened.store.minPhysicalOffset).toBe(newest);
  const min = opened.store.minOffset('Orders', 0);
  expect(await offsetsOf(bed)).toEqual(from(min, 40 - min));
  expect(min).toBeGreaterThan(30);
  expect(opened.failures).toEqual([]);
});

test('a file that is not old stops the deletion of those behind it', async () => {
  const bed = await open();
  const { opened, time } = bed;
  await fill(bed, 6);
  jumpTo(time, 4, 70 * hourMs);
  const young = await fill(bed, 6);
  jumpTo(time, 4, 3 * hourMs);
  await time.advance(12_000);
  const [first = 0] = await logFiles(bed);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(young[0]?.physicalOffset ?? 0);
  expect((await offsetsOf(bed)).slice(-6)).toEqual(from(6, 6));
  expect(opened.store.minPhysicalOffset).toBe(first);
});

test('asked for by hand, old files go at any hour, and only old ones', async () => {
  const bed = await open();
  const { opened, time } = bed;
  await fill(bed, 6);
  jumpTo(time, 12, 0);
  opened.store.deleteExpiredFiles();
  await time.advance(1000);
  expect((await logFiles(bed))[0]).toBe(0);
  jumpTo(time, 12, 72 * hourMs);
  opened.store.deleteExpiredFiles();
  await time.advance(1000);
  expect((await logFiles(bed))[0]).toBeGreaterThan(0);
});

test('above 75 percent old files go at any hour; above 85 the oldest go, and no more than needed', async () => {
  const bed = await open();
  const { disk, opened, time } = bed;
  await fill(bed, 20);
  const count = (await logFiles(bed)).length;
  disk.perFilePercent = 1;
  disk.basePercent = 76 - count;
  jumpTo(time, 12, 0);
  await time.advance(30_000);
  expect((await logFiles(bed)).length).toBe(count);

  disk.basePercent = 88 - count;
  await time.advance(2100);
  expect((await logFiles(bed)).length).toBe(count - 3);
  expect(opened.store.isDiskFull).toBe(false);
  await time.advance(30_000);
  expect((await logFiles(bed)).length).toBe(count - 3);
  const min = opened.store.minOffset('Orders', 0);
  expect(await offsetsOf(bed)).toEqual(from(min, 20 - min));
});

test('cleanFileForciblyEnable=false keeps what is not old, however full the disk is', async () => {
  const bed = await open(undefined, { config: { cleanFileForciblyEnable: false } });
  await fill(bed, 8);
  bed.disk.basePercent = 95;
  await bed.time.advance(20_000);
  expect((await logFiles(bed))[0]).toBe(0);
  expect(bed.opened.store.isDiskFull).toBe(true);
});

test('above 90 percent puts are refused before the disk is full, reads go on, and at 85 puts are taken again', async () => {
  const bed = await open(undefined, { config: { cleanFileForciblyEnable: false } });
  const { disk, opened, time } = bed;
  await fill(bed, 3);
  disk.basePercent = 90;
  await time.advance(1100);
  await fill(bed, 1);
  disk.basePercent = 91;
  await time.advance(1100);
  const refused = put(opened.store, 'Orders', 0, 'refused');
  await time.advance(10);
  expect([refused.status, refused.queueOffset]).toEqual(['DISK_FULL', -1]);
  expect(await offsetsOf(bed)).toEqual(from(0, 4));
  disk.basePercent = 86;
  await time.advance(1100);
  const stillRefused = put(opened.store, 'Orders', 0, 'refused');
  await time.advance(10);
  expect(stillRefused.status).toBe('DISK_FULL');
  disk.basePercent = 85;
  await time.advance(1100);
  const [taken] = await fill(bed, 1);
  expect(taken?.queueOffset).toBe(4);
  expect(opened.store.diskUsage).toEqual({ commitLog: 85, consumeQueue: 85 });
});

test('a store that starts on a disk that is nearly full refuses the first put', async () => {
  const environment = virtualEnvironment(1);
  const disk = new LevelDisk({ clock: environment.clock });
  disk.basePercent = 91;
  const { opened, time } = await open(disk, {}, environment);
  const refused = put(opened.store, 'Orders', 0, 'refused');
  await time.advance(10);
  expect(refused.status).toBe('DISK_FULL');
});

test('a consumer behind is told to move to the new minimum; one in a removed file gets on', async () => {
  const bed = await open();
  const { opened, time } = bed;
  await fill(bed, 20);
  jumpTo(time, 4, 72 * hourMs);
  const told: (readonly unknown[])[] = [];
  opened.store.onExpired((...event) => told.push(event));
  await time.advance(11_000);
  const { store } = opened;
  const min = store.minOffset('Orders', 0);
  const request = { topic: 'Orders', queueId: 0, maxCount: 32, matches: undefined };
  for (const queueOffset of [0, min - 1]) {
    const { minOffset, nextBeginOffset, status } = await store.getMessage({ ...request, queueOffset });
    expect([status, nextBeginOffset, minOffset]).toEqual(['OFFSET_TOO_SMALL', min, min]);
  }
  expect((await store.getMessage({ ...request, queueOffset: min })).status).toBe('FOUND');
  expect(await time.settle(store.lookMessage(0))).toBeUndefined();
  expect(await time.settle(store.earliestStoreTime('Orders', 0))).toBeGreaterThan(0);
  expect(told[0]?.slice(0, 3)).toEqual(['Orders', 0, 0]);
  expect(told.at(-1)?.[3]).toBe(min);
});

test('readers that are at work while files go get messages or are told to move, never an error', async () => {
  const config = { cleanResourceInterval: 200, deleteCommitLogFilesInterval: 10, deleteFileBatchMax: 2 };
  const bed = await open(undefined, {
    config,
    limits: { tailBytesMax: 4096, readCacheBytesMax: 8192, readBlockBytes: 4096, queueBlocksMax: 1 },
  });
  const { opened, time } = bed;
  const puts = await fill(bed, 60);
  jumpTo(time, 4, 72 * hourMs);
  let isOver = false;
  const statuses = new Set<string>();
  const readers = from(0, 8).map(async (reader) => {
    let queueOffset = reader * 7;
    while (!isOver) {
      const result = await opened.store.getMessage({ topic: 'Orders', queueId: 0, queueOffset, maxCount: 4, matches: undefined });
      statuses.add(result.status);
      for (const slice of result.slices) expect(slice.length).toBeGreaterThan(0);
      queueOffset = result.nextBeginOffset >= 60 ? result.minOffset : result.nextBeginOffset;
      await new Promise((resolve) => time.setTimeout(() => resolve(undefined), 3));
    }
  });
  await time.advance(2500);
  isOver = true;
  await time.settle(Promise.all(readers));
  expect(statuses.has('FOUND')).toBe(true);
  expect([...statuses].every((status) => ['FOUND', 'OFFSET_TOO_SMALL', 'MESSAGE_WAS_REMOVING'].includes(status))).toBe(true);
  expect(await offsetsOf(bed)).toEqual(from(opened.store.minOffset('Orders', 0), 60 - opened.store.minOffset('Orders', 0)));
  expect(puts.every(({ status }) => status === 'PUT_OK')).toBe(true);
});

test('queue files wholly below the minimum go, never the newest', async () => {
  const bed = await open();
  const { disk, opened, time } = bed;
  // Ten entries in a queue file.
  await fill(bed, 45);
  await fill(bed, 3, 'Quiet');
  await time.advance(61_000);
  jumpTo(time, 4, 72 * hourMs);
  await time.advance(40_000);
  const names = async (topic: string): Promise<number[]> =>
    ((await disk.list(`${storeRoot}/consumequeue/${topic}/0`)) ?? []).map(({ name }) => Number(name));
  expect(await names('Orders')).toEqual([800]);
  expect(await names('Quiet')).toEqual([0]);
  const min = opened.store.minOffset('Orders', 0);
  expect([min, opened.store.maxOffset('Orders', 0)]).toEqual([45, 45]);
});

test.each(['in order', 'by a kill', 'by a kill, and its queues are built anew'])(
  'a queue whose messages have all expired goes on at its old offsets after a start that follows an end %s',
  async (end) => {
    const bed = await open();
    const { disk, environment, opened, time } = bed;
    await fill(bed, 5, 'Old');
    await fill(bed, 30);
    jumpTo(time, 4, 72 * hourMs);
    await time.advance(40_000);
    expect([opened.store.minOffset('Old', 0), opened.store.maxOffset('Old', 0)]).toEqual([5, 5]);
    const min = opened.store.minOffset('Orders', 0);
    expect(min).toBeGreaterThan(20);
    if (end === 'in order') await time.settle(opened.store.stop());
    const files = end === 'in order' ? disk : await copyOf(disk, environment);
    if (end === 'by a kill, and its queues are built anew') await files.removeDirectory(`${storeRoot}/consumequeue/Orders`);
    const again = await open(files, {}, environment);
    expect([again.opened.store.minOffset('Old', 0), again.opened.store.maxOffset('Old', 0)]).toEqual([5, 5]);
    expect(again.opened.store.minOffset('Orders', 0)).toBe(min);
    const [next] = await fill(again, 1, 'Old');
    expect(next?.queueOffset).toBe(5);
    expect(await offsetsOf(again, 'Old')).toEqual([5]);
    expect(await offsetsOf(again)).toEqual(from(min, 30 - min));
  },
);

test('a file that the system does not remove is tried again, and none behind it goes before', async () => {
  const bed = await open();
  const { disk, opened, time } = bed;
  await fill(bed, 12);
  let isHanging = true;
  const remove = disk.remove.bind(disk);
  disk.remove = async (path) => {
    if (isHanging && path.includes('/commitlog/')) throw new Error('EBUSY');
    await remove(path);
  };
  jumpTo(time, 4, 72 * hourMs);
  await time.advance(60_000);
  expect((await logFiles(bed)).slice(0, 2)).toEqual([0, logFileBytes]);
  expect(opened.store.minPhysicalOffset).toBe(logFileBytes);
  isHanging = false;
  await time.advance(80_000);
  expect((await logFiles(bed))[0]).toBe(opened.store.minPhysicalOffset);
  expect(opened.store.minPhysicalOffset).toBeGreaterThan(logFileBytes);
  expect(opened.failures).toEqual([]);
});

test.each(['consumequeue/Orders', 'index'])(
  'files of %s that the system does not remove are tried again; the others go',
  async (where) => {
    const bed = await open();
    const { disk, opened, time } = bed;
    await fill(bed, 60);
    await fill(bed, 60, 'Others');
    await time.advance(70_000);
    const filesOf = async (directory: string): Promise<number> => (await disk.list(`${storeRoot}/${directory}`))?.length ?? 0;
    const directory = where === 'index' ? 'index' : `${where}/0`;
    const [count, otherCount] = [await filesOf(directory), await filesOf('consumequeue/Others/0')];
    let isHanging = true;
    const remove = disk.remove.bind(disk);
    disk.remove = async (path) => {
      if (isHanging && path.includes(where)) throw new Error('EACCES');
      await remove(path);
    };
    jumpTo(time, 4, 72 * hourMs);
    await time.advance(120_000);
    expect(await filesOf(directory)).toBe(count);
    expect(await filesOf('consumequeue/Others/0')).toBeLessThan(otherCount);
    expect(opened.failures).toEqual([]);
    expect((await fill(bed, 1))[0]?.status).toBe('PUT_OK');
    isHanging = false;
    await time.advance(80_000);
    // The newest one stays, and the one that the last message may have begun.
    expect(await filesOf(directory)).toBeLessThanOrEqual(2);
    expect(opened.failures).toEqual([]);
  },
);

/** What a killed process leaves. */
async function copyOf(disk: LevelDisk, { clock }: Environment): Promise<LevelDisk> {
  const copy = new LevelDisk({ clock });
  const walk = async (directory: string): Promise<void> => {
    await copy.makeDirectory(directory);
    for (const { isDirectory, name } of (await disk.list(directory)) ?? []) {
      const path = `${directory}/${name}`;
      if (isDirectory) await walk(path);
      else await copy.writeFileAtomically(path, (await disk.readFile(path)) ?? Buffer.alloc(0));
    }
  };
  await walk('/data');
  return copy;
}
