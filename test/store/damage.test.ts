/**
 * Damage below what was flushed: found at the start, at a cold read and by `--check`, never delivered, and bridged by
 * `--repair` without losing what follows or giving an offset twice.
 */
import { crc32 } from 'node:zlib';
import { defaultBrokerConfig, MemoryFileSystem, type RepairReport, repairMessageStore } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';
import { editLog, openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

const environment = virtualEnvironment(11);
const { time } = environment;
const log = `${storeRoot}/commitlog`;
const fileBytes = 131_072;
const config = { mappedFileSizeCommitLog: fileBytes, mappedFileSizeConsumeQueue: 2000, maxMessageSize: 60_000 };
/** Nothing is served from memory but what is read. */
const limits = { tailChunkBytes: 4096, tailBytesMax: 0, readCacheBytesMax: 65_536, readBlockBytes: 32_768 };
const count = 400;

function open(files: MemoryFileSystem) {
  return openTestStore(environment, files, { config, limits }).store;
}

function bodyOf(index: number): string {
  return `m${index}-`.padEnd(900, String(index % 10));
}

/** About 400 KiB: three files and a part of the fourth; topics T and U in turn. */
async function filled(): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem();
  const store = open(files);
  await time.settle(store.start());
  const puts = Array.from({ length: count }, (_, index) => put(store, index % 2 === 0 ? 'T' : 'U', 0, bodyOf(index)));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  await time.settle(store.stop());
  return files;
}

const edit = (files: MemoryFileSystem, physicalOffset: number, change: (bytes: Buffer, at: number) => void) =>
  editLog({ files, fileBytes }, physicalOffset, change);

const flip =
  (mask = 1) =>
  (bytes: Buffer, at: number): void => {
    bytes[at] = (bytes[at] ?? 0) ^ mask;
  };

function repair(files: MemoryFileSystem, isDryRun = false): Promise<RepairReport> {
  const whole = { ...defaultBrokerConfig, storePathRootDir: storeRoot, ...config };
  const options = {
    environment,
    fileSystem: files,
    config: whole,
    tagsCodeOf: (_: string, properties: Buffer) => properties.length,
  };
  return time.settle(repairMessageStore({ ...options, onFailure: () => undefined }, { isDryRun }));
}

async function placeOf(files: MemoryFileSystem, topic: string, queueOffset: number) {
  const store = open(files);
  await time.settle(store.start());
  const entry = (await time.settle(store.queueEntries(topic, 0, queueOffset, 1)))[0];
  await time.settle(store.stop());
  if (entry === undefined) throw new Error('no such message');
  return entry;
}

async function contentOf(files: MemoryFileSystem) {
  const store = open(files);
  await time.settle(store.start());
  const bodies = new Map<string, string>();
  for (const topic of ['T', 'U']) {
    for (const message of await time.settle(readQueue(store, topic, 0))) {
      bodies.set(`${topic}/${message.queueOffset}`, message.body.toString());
    }
  }
  const next = put(store, 'T', 0, 'next');
  const ends = [store.maxOffset('T', 0), store.maxOffset('U', 0)];
  await time.settle(store.stop());
  return { bodies, ends, nextOffset: next.queueOffset };
}

/** What is there is right, in its place; what is not is what the report says is lost. */
async function expectRepaired(files: MemoryFileSystem, report: RepairReport, maxLost: number): Promise<void> {
  const { bodies, ends, nextOffset } = await contentOf(files);
  expect(ends).toEqual([count / 2, count / 2]);
  expect(nextOffset).toBe(count / 2);
  const lost = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const place = `${index % 2 === 0 ? 'T' : 'U'}/${Math.floor(index / 2)}`;
    const body = bodies.get(place);
    if (body === undefined) lost.add(place);
    else expect(body).toBe(bodyOf(index));
  }
  expect(bodies.size).toBe(count - lost.size);
  const reported = report.lost.flatMap(({ topic, queueId, count: lostCount, firstOffset, lastOffset }) => {
    expect([queueId, lastOffset - firstOffset + 1]).toEqual([0, lostCount]);
    return Array.from({ length: lostCount }, (_, index) => `${topic}/${firstOffset + index}`);
  });
  expect(new Set(reported), 'each lost message is named, and no other').toEqual(lost);
  expect(reported.length).toBe(lost.size);
  expect(lost.size).toBeLessThanOrEqual(maxLost);
  expect(lost.size).toBeGreaterThan(0);
  // The store is in order: nothing more to repair, and a second start changes nothing.
  expect(await repair(files, true)).toMatchObject({ isDamaged: false });
}

test('a store without damage passes the check, whole and after a kill', async () => {
  const files = await filled();
  expect(await repair(files, true)).toMatchObject({ isDamaged: false, isRepaired: false, recordCount: count, stretches: [] });
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  expect(await repair(files)).toMatchObject({ isDamaged: false, isRepaired: false });
});

/** Fields of a record that Apache's CRC does not cover. */
const fieldsAt: Readonly<Record<string, number>> = {
  flag: 19,
  bornTimestamp: 47,
  bornHost: 51,
  storeTimestamp: 62,
  reconsumeTimes: 75,
};

test.each(Object.entries(fieldsAt))(
  'a flipped bit in the %s of a record is found by check, start and cold read',
  async (_field, at) => {
    const files = await filled();
    const place = await placeOf(files, 'T', 150);
    await edit(files, place.physicalOffset + at, flip());
    const report = await repair(files, true);
    expect(report.stretches).toMatchObject([{ reason: 'its block does not have its checksum', bridge: 'skip' }]);
    // A clean start reads the end of the log only, but verifies the checksums of more.
    await expect(time.settle(open(files).start())).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    const whole = openTestStore(environment, files, { config, limits: { ...limits, startCheckBytes: 0 } }).store;
    await time.settle(whole.start());
    const got = whole.getMessage({ topic: 'T', queueId: 0, queueOffset: 150, maxCount: 32, matches: undefined });
    await expect(time.settle(Promise.resolve(got))).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(await time.settle(whole.lookMessage(place.physicalOffset))).toBeUndefined();
    const before = await time.settle(
      Promise.resolve(whole.getMessage({ topic: 'T', queueId: 0, queueOffset: 10, maxCount: 8, matches: undefined })),
    );
    expect(before).toMatchObject({ status: 'FOUND' });
    await time.settle(whole.stop());
  },
);

test('a flipped bit in topic or properties is found, also behind a kill', async () => {
  for (const fromEnd of [1, 8, 17]) {
    const files = await filled();
    const place = await placeOf(files, 'U', 20);
    await edit(files, place.physicalOffset + place.sizeBytes - fromEnd, flip(2));
    await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
    await files.removeDirectory(`${storeRoot}/consumequeue`);
    await expect(time.settle(open(files).start())).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  }
});

test('without checksums, as after Apache, a block is unverified and a damaged body is still found', async () => {
  const files = await filled();
  await files.removeDirectory(`${storeRoot}/orbitmq/checksums`);
  expect(await repair(files, true)).toMatchObject({ isDamaged: false });
  const place = await placeOf(files, 'T', 60);
  await files.removeDirectory(`${storeRoot}/orbitmq/checksums`);
  await edit(files, place.physicalOffset + 300, flip());
  const report = await repair(files);
  expect(report.stretches).toMatchObject([
    { from: place.physicalOffset, to: place.physicalOffset + place.sizeBytes, reason: 'its body does not have its CRC' },
  ]);
  expect(report.lost).toEqual([{ topic: 'T', queueId: 0, count: 1, firstOffset: 60, lastOffset: 60 }]);
  await expectRepaired(files, report, 1);
});

test('a damaged or torn checksum accuses nobody', async () => {
  const files = await filled();
  const path = `${storeRoot}/orbitmq/checksums/00000000000000000000`;
  const content = await files.readFile(path);
  for (let at = 0; at < 48; at += 1) {
    const damaged = Buffer.from(content ?? []);
    flip()(damaged, at);
    await files.writeFileAtomically(path, damaged.subarray(0, at % 2 === 0 ? damaged.length : at));
    expect(await repair(files, true)).toMatchObject({ isDamaged: false });
  }
});

const damages: Readonly<
  Record<string, { readonly maxLost: number; readonly damage: (files: MemoryFileSystem) => Promise<void> }>
> = {
  'a record in the middle of a file is damaged': {
    maxLost: 40,
    damage: async (files) => edit(files, (await placeOf(files, 'T', 90)).physicalOffset + 5, flip(0xff)),
  },
  'a stretch of zeros': {
    maxLost: 60,
    damage: async (files) => edit(files, fileBytes + 20_000, (bytes, at) => void bytes.fill(0, at, at + 12_000)),
  },
  'the first record of the log is damaged': { maxLost: 20, damage: (files) => edit(files, 0, flip(0x40)) },
  'the end of a file is garbage': {
    maxLost: 40,
    damage: (files) => edit(files, 2 * fileBytes - 3000, (bytes, at) => void bytes.fill(0x5a, at)),
  },
  'two places in two files': {
    maxLost: 60,
    damage: async (files) => {
      await edit(files, 30_000, flip());
      await edit(files, 2 * fileBytes + 50_000, flip());
    },
  },
  'a file in the middle is missing': {
    maxLost: 130,
    damage: (files) => files.remove(`${log}/${String(fileBytes).padStart(20, '0')}`),
  },
  'a file in the middle is short': {
    maxLost: 130,
    damage: async (files) =>
      (await files.open(`${log}/${String(fileBytes).padStart(20, '0')}`, { create: false })).truncate(50_000),
  },
  'the last file is missing': {
    maxLost: 130,
    damage: (files) => files.remove(`${log}/${String(3 * fileBytes).padStart(20, '0')}`),
  },
  'the end of the log is damaged': {
    maxLost: 40,
    damage: async (files) => edit(files, (await placeOf(files, 'U', 199)).physicalOffset + 100, flip()),
  },
};

test.each(Object.entries(damages))('%s: the start refuses, the repair keeps all the rest', async (_name, { damage, maxLost }) => {
  verifies('damage-found');
  const files = await filled();
  await damage(files);
  await expect(time.settle(open(files).start())).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  const before = await snapshot(files);
  expect(await repair(files, true)).toMatchObject({ isDamaged: true, isRepaired: false, keptIn: undefined });
  expect(await snapshot(files)).toEqual(before);
  const report = await repair(files);
  expect(report).toMatchObject({ isDamaged: true, isRepaired: true });
  for (const { from, path } of report.stretches) {
    const kept = await files.readFile(`${report.keptIn}/${path.slice(path.lastIndexOf('/') + 1)}`);
    if (kept !== undefined) expect(crc32(kept), `copy for ${from}`).toBe(before.get(path));
  }
  await expectRepaired(files, report, maxLost);
});

/** CRC of each file by its path. */
async function snapshot(
  files: MemoryFileSystem,
  directory = storeRoot,
  into = new Map<string, number>(),
): Promise<Map<string, number>> {
  for (const { isDirectory, name } of (await files.list(directory)) ?? []) {
    const path = `${directory}/${name}`;
    if (isDirectory) await snapshot(files, path, into);
    else if (name !== 'lock') into.set(path, crc32((await files.readFile(path)) ?? ''));
  }
  return into;
}

test('a repair does not show the messages of a deleted topic again', async () => {
  const files = await filled();
  const store = open(files);
  await time.settle(store.start());
  await time.settle(store.deleteTopics(['U']));
  await time.settle(store.stop());
  const { physicalOffset } = await placeOf(files, 'T', 20);
  await edit(files, physicalOffset + 200, flip());
  await repair(files);
  const { bodies, ends } = await contentOf(files);
  expect(Array.from(bodies.keys()).filter((place) => place.startsWith('U/'))).toEqual([]);
  expect(ends).toEqual([count / 2, count / 2]);
});
