import { expect, test } from 'vitest';
import { IndexTestLog, indexDirectory, indexFileNames, indexFiles, openIndex } from '../../test-support/index-testbed.js';

/** One slot: every key is in one chain, whatever its hash. */
const oneSlot = { maxHashSlotNum: 1, maxIndexNum: 1000 };

test('keys with one hash are told apart, also when they are many, and so are topics', async () => {
  const log = new IndexTestLog();
  const index = openIndex(log, oneSlot);
  // "Aa" and "BB" have the same Java hash.
  for (let round = 0; round < 5; round += 1) {
    for (const keys of ['Aa', 'BB', 'AaBB', 'BBAa', 'AaAa']) await log.append({ keys });
  }
  await log.append({ keys: 'Aa', topic: 'U' });
  const of = (keys: string): readonly number[] =>
    log.messages.filter((message) => message.keys === keys && message.topic === 'T').map(({ physicalOffset }) => physicalOffset);
  for (const keys of ['Aa', 'BB', 'AaBB', 'BBAa', 'AaAa']) {
    expect(await index.find(keys)).toEqual(of(keys));
    expect(await index.find(keys, { maxCount: 2 })).toEqual(of(keys).slice(-2));
  }
  expect((await index.find('Aa', { topic: 'U' })).length).toBe(1);
  await index.stop();
});

test('a time range is exact to the millisecond, inclusive, over several files, and may be empty or reversed', async () => {
  const log = new IndexTestLog();
  for (let index = 0; index < 40; index += 1) {
    await log.append({ keys: 'k' });
    await log.environment.time.advance(index === 20 ? 36_000_000 : 300);
  }
  const index = openIndex(log, { maxHashSlotNum: 3, maxIndexNum: 8 });
  const times = log.messages.map(({ storeTimestamp }) => storeTimestamp);
  const range = (begin: number, end: number) => index.find('k', { beginTimestamp: begin, endTimestamp: end });
  for (const [from, to] of [
    [0, 39],
    [5, 5],
    [6, 30],
    [20, 21],
    [21, 39],
    [39, 39],
  ] as const) {
    const expected = log.messages.slice(from, to + 1).map(({ physicalOffset }) => physicalOffset);
    const begin = times[from] ?? 0;
    const end = times[to] ?? 0;
    expect(await range(begin, end)).toEqual(expected);
    expect(await range(begin + 1, end)).toEqual(expected.slice(1));
    expect(await range(begin, end - 1)).toEqual(expected.slice(0, -1));
  }
  expect(await range(times[9] ?? 0, times[3] ?? 0)).toEqual([]);
  expect(await range(0, (times[0] ?? 0) - 1)).toEqual([]);
  expect(await range((times[39] ?? 0) + 1, Number.MAX_SAFE_INTEGER)).toEqual([]);
  await index.stop();
});

test('the newest messages are answered, at most so many, at most so many bytes, but one at least', async () => {
  const log = new IndexTestLog();
  for (let number = 0; number < 30; number += 1) await log.append({ keys: 'k', body: 'x'.repeat(500) });
  const record = 500 + 91 + 1 + 'KEYS.k.'.length;
  const offsets = log.messages.map(({ physicalOffset }) => physicalOffset);
  const limits = { queryAnswerBytesMax: record * 3 + 5 };
  const index = openIndex(log, { maxHashSlotNum: 3, maxIndexNum: 8, limits });
  expect(await index.find('k', { maxCount: 2 })).toEqual(offsets.slice(-2));
  expect(await index.find('k', { maxCount: 0 })).toEqual([]);
  expect(await index.find('k')).toEqual(offsets.slice(-3));
  await index.stop();
  const narrow = openIndex(log, { maxHashSlotNum: 3, maxIndexNum: 8, limits: { queryAnswerBytesMax: 1 } });
  expect(await narrow.find('k')).toEqual(offsets.slice(-1));
  await narrow.stop();
  const short = openIndex(log, { maxHashSlotNum: 3, maxIndexNum: 8, limits: { queryEntriesMax: 5 } });
  expect(await short.find('k')).toEqual(offsets.slice(-5));
  await short.stop();
});

test('damage that the disk did after the start is found by a query, told once, and repaired', async () => {
  const log = new IndexTestLog();
  for (let number = 0; number < 30; number += 1) await log.append({ keys: `k${number}` });
  const options = { maxHashSlotNum: 2, maxIndexNum: 11 };
  const index = openIndex(log, options);
  expect((await index.find('k0')).length).toBe(1);
  const [oldest = ''] = await indexFileNames(log);
  const [bytes = Buffer.alloc(0)] = await indexFiles(log);
  const path = `${indexDirectory}/${oldest}`;
  await index.pool.drop(path);
  const damaged = Buffer.from(bytes);
  damaged.fill(0xff, 40 + 4 * 2 + 20, 40 + 4 * 2 + 60);
  await log.fileSystem.writeFileAtomically(path, damaged);
  await index.find('k0');
  await index.find('k1');
  await log.environment.time.advance(100);
  expect(await index.find('k0')).toEqual([log.messages[0]?.physicalOffset]);
  expect(index.warnings.length).toBe(2);
  for (const { keys = '', physicalOffset } of log.messages) expect(await index.find(keys)).toEqual([physicalOffset]);
  await index.stop();
  expect((await indexFiles(log))[0]).toEqual(bytes);
});

test('files expire with their records, never the newest, also under a query', async () => {
  const log = new IndexTestLog();
  for (let number = 0; number < 40; number += 1) await log.append({ keys: 'k' });
  const index = openIndex(log, { maxHashSlotNum: 1, maxIndexNum: 11 });
  const offsets = log.messages.map(({ physicalOffset }) => physicalOffset);
  expect(await index.find('k')).toEqual(offsets);
  const { time } = log.environment;
  expect(await time.settle(index.service.removeExpired(offsets[9] ?? 0))).toBe(0);
  const asked = index.find('k');
  const removed = index.service.removeExpired((offsets[19] ?? 0) + 1);
  expect((await asked).length).toBeGreaterThanOrEqual(20);
  expect(await time.settle(removed)).toBe(2);
  expect((await indexFileNames(log)).length).toBe(2);
  expect(await index.find('k')).toEqual(offsets.slice(20));
  expect(await time.settle(index.service.removeExpired(Number.MAX_SAFE_INTEGER))).toBe(1);
  await index.stop();
});
