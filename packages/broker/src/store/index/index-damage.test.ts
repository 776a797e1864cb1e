/**
 * Damage at rest in index files that were right when they were written: wherever the bit is, no message is hidden and none is
 * found that was not asked for; who asks finds everything, an operator is told, and the files end as the log says.
 */
import { expect, test } from 'vitest';
import {
  expectedIndexFiles,
  IndexTestLog,
  indexDirectory,
  indexFileNames,
  indexFiles,
  notesDirectory,
  openIndex,
} from '../../test-support/index-testbed.js';
import { EntryChecksums, firstDamagedEntry } from './index-checksums.js';

/** A power of two: damage in the upper bits of a hash leaves the entry in its chain. */
const layout = { maxHashSlotNum: 8, maxIndexNum: 20 };
const entriesAt = 40 + 4 * layout.maxHashSlotNum;

async function builtLog(count: number, options = layout): Promise<IndexTestLog> {
  const log = new IndexTestLog();
  for (let index = 0; index < count; index += 1) {
    await log.append({ uniqueKey: `u${index}`, keys: `k${index % 3}` });
    await log.environment.time.advance(1300);
  }
  expect(await openIndex(log, options).stop()).toBe(true);
  return log;
}

/** The directories of the index, to go back to. */
async function snapshot(log: IndexTestLog): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const directory of [indexDirectory, notesDirectory]) {
    for (const { name } of (await log.fileSystem.list(directory)) ?? []) {
      const path = `${directory}/${name}`;
      files.set(path, Buffer.from((await log.fileSystem.readFile(path)) ?? ''));
    }
  }
  return files;
}

async function restore(log: IndexTestLog, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const directory of [indexDirectory, notesDirectory]) {
    for (const { name } of (await log.fileSystem.list(directory)) ?? []) await log.fileSystem.remove(`${directory}/${name}`);
  }
  for (const [path, content] of files) await log.fileSystem.writeFileAtomically(path, content);
}

async function flip(log: IndexTestLog, path: string, bit: number): Promise<void> {
  const content = Buffer.from((await log.fileSystem.readFile(path)) ?? '');
  content.writeUInt8(content.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  const file = await log.fileSystem.open(path, { create: false });
  await new Promise<void>((resolve, reject) => file.write([content], 0, (error) => (error ? reject(error) : resolve())));
  await file.close();
}

function comparable(files: readonly Buffer[], options = layout): readonly Buffer[] {
  const at = 40 + 4 * options.maxHashSlotNum;
  return files.map((file) => file.subarray(0, at + 20 * file.readInt32BE(36)));
}

/** Bits of header and slots, and of the entries. */
function everyRegion(stride: number, entryStride: number): readonly number[] {
  const bits: number[] = [];
  const end = (entriesAt + 20 * layout.maxIndexNum) * 8;
  for (let bit = 0; bit < end; bit += bit < entriesAt * 8 ? stride : entryStride) bits.push(bit);
  return bits;
}

async function expectAllFound(log: IndexTestLog, index: ReturnType<typeof openIndex>, what: string): Promise<void> {
  for (const message of log.messages) {
    expect(await index.find(message.uniqueKey ?? ''), `${message.uniqueKey} after ${what}`).toEqual([message.physicalOffset]);
  }
  const places = log.messages.filter(({ keys }) => keys === 'k1').map(({ physicalOffset }) => physicalOffset);
  expect(await index.find('k1'), `k1 after ${what}`).toEqual(places);
}

test.each([
  ['before a start after a stop in order', true],
  ['before a start after a crash', false],
])('one bit of an older full file, flipped %s', { timeout: 120_000 }, async (_name, wasStoppedCleanly) => {
  const log = await builtLog(24);
  const pristine = await snapshot(log);
  const [oldest = '', second = ''] = await indexFileNames(log);
  const expected = comparable(expectedIndexFiles(log.messages, layout));
  expect(expected.length).toBe(3);
  let foundCount = 0;
  for (const name of [oldest, second]) {
    const path = `${indexDirectory}/${name}`;
    for (const bit of everyRegion(23, 307)) {
      await restore(log, pristine);
      await flip(log, path, bit);
      // The checkpoint says that both are on the device.
      const flushedTimestamp = log.messages.at(-1)?.storeTimestamp ?? 0;
      const index = openIndex(log, { ...layout, wasStoppedCleanly, flushedTimestamp });
      await expectAllFound(log, index, `bit ${bit} of ${name}`);
      expect(await index.stop()).toBe(true);
      if (index.warnings.length > 0) foundCount += 1;
      // Nothing reads entry 0.
      if (bit >> 3 < entriesAt || bit >> 3 >= entriesAt + 20) {
        expect(comparable(await indexFiles(log)), `bit ${bit} of ${name}`).toEqual(expected);
        expect(index.warnings.length, `bit ${bit} of ${name} is told`).toBeGreaterThan(0);
      }
    }
  }
  expect(foundCount).toBeGreaterThan(40);
});

test('one bit of any file, flipped while the broker runs, is found by the query that meets it', {
  timeout: 120_000,
}, async () => {
  const log = await builtLog(24);
  const pristine = await snapshot(log);
  const names = await indexFileNames(log);
  for (const name of names) {
    for (const bit of everyRegion(43, 307)) {
      await restore(log, pristine);
      const index = openIndex(log, layout);
      await index.find('u0');
      await flip(log, `${indexDirectory}/${name}`, bit);
      await expectAllFound(log, index, `bit ${bit} of ${name}`);
      await index.stop();
    }
  }
});

test('one bit of an entry of the newest file, flipped while the broker was stopped, is found', { timeout: 120_000 }, async () => {
  const big = { maxHashSlotNum: 8, maxIndexNum: 2000, limits: { indexPendingBytesMax: 20_000 } };
  // Two blocks of entries, and far more than are compared with their records.
  const log = await builtLog(600, big);
  const pristine = await snapshot(log);
  const [name = ''] = await indexFileNames(log);
  const path = `${indexDirectory}/${name}`;
  const expected = comparable(expectedIndexFiles(log.messages, big), big);
  for (let bit = (entriesAt + 20) * 8; bit < (entriesAt + 20 * 1201) * 8; bit += 16_411) {
    await restore(log, pristine);
    await flip(log, path, bit);
    const index = openIndex(log, big);
    await index.find('u1');
    expect(index.warnings.length, `bit ${bit}`).toBeGreaterThan(0);
    await index.stop();
    expect(comparable(await indexFiles(log), big), `bit ${bit}`).toEqual(expected);
  }
});

test('damaged, cut or missing checksums accuse nobody', { timeout: 120_000 }, async () => {
  const log = await builtLog(24);
  const pristine = await snapshot(log);
  const [oldest = ''] = await indexFileNames(log);
  const note = `${notesDirectory}/${oldest}`;
  const sizeBytes = pristine.get(note)?.length ?? 0;
  expect(sizeBytes).toBeGreaterThan(20);
  for (let at = 0; at < sizeBytes; at += 1) {
    for (const damage of ['flip', 'cut'] as const) {
      await restore(log, pristine);
      if (damage === 'flip') await flip(log, note, at * 8 + (at % 8));
      else await log.fileSystem.writeFileAtomically(note, (pristine.get(note) ?? Buffer.alloc(0)).subarray(0, at));
      const index = openIndex(log, layout);
      await expectAllFound(log, index, `${damage} at ${at}`);
      await index.stop();
      expect(await indexFileNames(log)).toContain(oldest);
    }
  }
  await restore(log, pristine);
  await log.fileSystem.removeDirectory(notesDirectory);
  const index = openIndex(log, layout);
  await expectAllFound(log, index, 'no notes');
  expect(index.warnings).toEqual([]);
});

test('checksums of the newest file say nothing against another broker that went on with it', async () => {
  const log = await builtLog(3);
  const noted = new Map([...(await snapshot(log))].filter(([path]) => path.startsWith(notesDirectory)));
  await log.append({ uniqueKey: 'other', keys: 'k0' });
  await openIndex(log, layout).stop();
  for (const [path, content] of noted) await log.fileSystem.writeFileAtomically(path, content);
  const index = openIndex(log, layout);
  await expectAllFound(log, index, 'entries of another broker');
  expect(index.warnings).toEqual([]);
});

test('checksums go with their files', async () => {
  const log = await builtLog(24);
  const names = async (): Promise<readonly string[]> =>
    ((await log.fileSystem.list(notesDirectory)) ?? []).map(({ name }) => name);
  expect(await names()).toEqual(await indexFileNames(log));
  const index = openIndex(log, layout);
  await index.find('u0');
  await log.environment.time.settle(index.service.removeExpired(log.messages[12]?.physicalOffset ?? 0));
  expect(await names()).toEqual(await indexFileNames(log));
  expect((await names()).length).toBe(2);
  await index.stop();
  await log.fileSystem.remove(`${indexDirectory}/${(await names())[0]}`);
  await openIndex(log, layout).stop();
  expect(await names()).toEqual(await indexFileNames(log));
});

test('checksums of entries do not depend on how they came', () => {
  const bytes = Buffer.alloc(20 * 2501);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(Math.imul(at, 2_654_435_761) >>> 0, at);
  const whole = new EntryChecksums();
  whole.add(bytes.subarray(20));
  const parts = new EntryChecksums();
  for (let at = 20, size = 20; at < bytes.length; at += size, size += 20)
    parts.add(bytes.subarray(at, Math.min(at + size, bytes.length)));
  expect(parts.entryCrcs).toEqual(whole.entryCrcs);
  expect(whole.indexCount).toBe(2501);
  expect(whole.entryCrcs.length).toBe(4);
  expect(firstDamagedEntry(whole, bytes, 0)).toBeUndefined();
  for (const [number, block] of [
    [1, 1],
    [799, 1],
    [800, 800],
    [2400, 2400],
    [2500, 2400],
  ] as const) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(number * 20 + 3) ^ 4, number * 20 + 3);
    expect(firstDamagedEntry(whole, damaged, 0)).toBe(block);
    expect(firstDamagedEntry(whole, damaged.subarray(0, 20 * 1600), 0)).toBe(block < 1600 ? block : undefined);
  }
});
