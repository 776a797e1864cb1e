import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { TimerLog } from './timer-log.js';
import { TimerMagic, type TimerUnit, timerUnitBytes } from './timer-unit.js';

const directory = '/store/timerlog';
/** Three units a file and 20 bytes more. */
const fileBytes = 3 * timerUnitBytes + 20;

let fileSystem: MemoryFileSystem;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
});

const open = (bytes = fileBytes): Promise<TimerLog> => TimerLog.open({ fileSystem, directory, fileBytes: bytes });

function unit(index: number, previous = -1): TimerUnit {
  return {
    previous,
    magic: TimerMagic.DEFAULT,
    writeTime: 1000,
    delayMs: index,
    physicalOffset: index * 100,
    recordBytes: 100,
    topicHash: 0,
  };
}

async function scanned(log: TimerLog, from = log.minPosition): Promise<{ readonly delays: number[]; readonly end: number }> {
  const delays: number[] = [];
  const end = await log.scan(from, ({ delayMs }) => delays.push(delayMs));
  return { delays, end };
}

/** Positions of `count` units that are on the device. */
async function filled(log: TimerLog, count: number, first = 0): Promise<number[]> {
  const positions = Array.from({ length: count }, (_, index) => log.append(unit(first + index)));
  await log.flush();
  return positions;
}

const places = [0, 52, 104, 176, 228, 280, 352];

describe('units', () => {
  it('are found before and behind a flush, over the ends of files', async () => {
    const log = await open();
    const positions = [...(await filled(log, 4)), log.append(unit(4)), log.append(unit(5)), log.append(unit(6))];
    expect(positions).toEqual(places);
    expect([log.flushedEnd, log.end]).toEqual([228, 404]);
    for (const [index, position] of positions.entries()) expect((await log.read(position))?.delayMs).toBe(index);
    expect(await log.read(404)).toBeUndefined();
    expect(await log.read(53)).toBeUndefined();
  });

  it('are in files of full length named by their place', async () => {
    await filled(await open(), 4);
    const entries = await fileSystem.list(directory);
    expect(entries?.map(({ name }) => name).toSorted()).toEqual(['00000000000000000000', '00000000000000000176']);
    for (const { name } of entries ?? []) expect((await fileSystem.stat(`${directory}/${name}`))?.sizeBytes).toBe(fileBytes);
  });

  it('that were not flushed are not in the files', async () => {
    const log = await open();
    await filled(log, 2);
    log.append(unit(2));
    const after = await open();
    expect(await scanned(after)).toEqual({ delays: [0, 1], end: 104 });
  });

  it('that were appended during a flush wait for the next one', async () => {
    const log = await open();
    log.append(unit(0));
    const flushed = log.flush();
    log.append(unit(1));
    await flushed;
    expect([log.flushedEnd, log.end]).toEqual([52, 104]);
    await log.flush();
    expect(await scanned(await open())).toEqual({ delays: [0, 1], end: 104 });
  });

  it('are read anew when their block was not full before', async () => {
    const log = await open();
    await filled(log, 1);
    expect((await log.read(0))?.delayMs).toBe(0);
    await filled(log, 1, 1);
    expect((await log.read(52))?.delayMs).toBe(1);
  });
});

describe('the end', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('is found behind %i units, and units go on there', async (count) => {
    await filled(await open(), count);
    const log = await open();
    const { delays, end } = await scanned(log);
    expect(delays).toHaveLength(count);
    await log.endAt(end);
    await filled(log, 2, count);
    expect((await scanned(await open())).delays).toEqual(Array.from({ length: count + 2 }, (_, index) => index));
  });

  it.each([1, 2, 3, 4, 5])('set before unit %i leaves nothing behind it to be found', async (count) => {
    await filled(await open(), 6);
    const log = await open();
    await log.endAt(places[count]!);
    expect((await scanned(await open())).delays).toEqual(Array.from({ length: count }, (_, index) => index));
    await filled(log, 1, 90);
    expect((await scanned(await open())).delays.at(-1)).toBe(90);
    expect((await scanned(await open())).delays).toHaveLength(count + 1);
  });

  it('is where a damaged unit begins', async () => {
    await filled(await open(), 3);
    const file = await fileSystem.open(`${directory}/00000000000000000000`, { create: false });
    await new Promise((resolve) => file.write([Buffer.from([9])], 52, resolve));
    expect(await scanned(await open())).toEqual({ delays: [0], end: 52 });
  });
});

describe('old files', () => {
  it('go when their last unit has expired, but never the last one', async () => {
    const log = await open();
    await filled(log, 8);
    expect(await log.expire(({ physicalOffset }) => physicalOffset < 200)).toBe(0);
    expect(await log.expire(({ physicalOffset }) => physicalOffset < 201)).toBe(1);
    expect([log.minPosition, await log.read(52)]).toEqual([176, undefined]);
    expect(await log.expire(() => true)).toBe(1);
    expect(log.minPosition).toBe(352);
    expect((await log.read(352))?.delayMs).toBe(6);
  });
});

describe('what is no timer log', () => {
  it('is refused when its files have another length', async () => {
    await filled(await open(), 1);
    await expect(open(fileBytes + 52)).rejects.toMatchObject({ code: 'STORE_FORMAT_UNSUPPORTED' });
  });

  it('is refused when a file is missing', async () => {
    await filled(await open(), 9);
    await fileSystem.remove(`${directory}/00000000000000000176`);
    await expect(open()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('is completed when a crash left the last file without its length', async () => {
    await filled(await open(), 3);
    await fileSystem.open(`${directory}/00000000000000000176`, { create: true });
    expect(await scanned(await open())).toMatchObject({ delays: [0, 1, 2] });
  });
});

it('takes no more units than it has memory for between two flushes, over many files', async () => {
  const log = await TimerLog.open({ fileSystem, directory, fileBytes, unflushedUnitsMax: 10 });
  for (let round = 0; round < 3; round += 1) {
    expect([log.hasRoomFor(10), log.hasRoomFor(11)]).toEqual([true, false]);
    for (let index = 0; index < 10; index += 1) log.append(unit(round * 10 + index));
    expect(log.hasRoomFor(1)).toBe(false);
    expect(() => log.append(unit(0))).toThrow('flushed before');
    await log.flush();
  }
  expect((await scanned(await open())).delays).toEqual(Array.from({ length: 30 }, (_, index) => index));
});
