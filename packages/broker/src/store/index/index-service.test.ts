import { SysFlag } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import {
  expectedIndexFiles,
  type IndexedMessage,
  type IndexTestbedOptions,
  IndexTestLog,
  indexFileNames,
  indexFiles,
  openIndex,
} from '../../test-support/index-testbed.js';

const small = { maxHashSlotNum: 7, maxIndexNum: 20 };

async function built(messages: readonly IndexedMessage[], options: IndexTestbedOptions = small) {
  const log = new IndexTestLog();
  for (const [index, message] of messages.entries()) {
    await log.append(message);
    await log.environment.time.advance(index * 700);
  }
  const index = openIndex(log, options);
  expect(await index.stop()).toBe(true);
  return { log, files: await indexFiles(log) };
}

const numbered = (count: number): readonly IndexedMessage[] =>
  Array.from({ length: count }, (_, index) => ({ uniqueKey: `u${index}`, keys: `k${index % 3} all`, tags: `t${index % 2}` }));

test('files are Apache’s byte for byte: header, slots, chains, seconds, and the roll in the middle of a record', async () => {
  for (const count of [0, 1, 4, 5, 9, 10, 30]) {
    const { log, files } = await built(numbered(count));
    expect(files).toEqual(expectedIndexFiles(log.messages, small));
  }
});

test('which keys of a record are indexed', async () => {
  const long = 'x'.repeat(255);
  const messages: readonly IndexedMessage[] = [
    { keys: '' },
    { keys: '  a   b ' },
    { keys: 'same same' },
    { keys: long, uniqueKey: 'U' },
    { keys: 'ключ 键 🙂' },
    { uniqueKey: 'rolled-back', sysFlag: SysFlag.TRANSACTION_ROLLBACK },
    { uniqueKey: 'prepared', sysFlag: SysFlag.TRANSACTION_PREPARED },
    { uniqueKey: 'committed', sysFlag: SysFlag.TRANSACTION_COMMIT },
    { tags: 'only || tags' },
    {},
  ];
  const options = { maxHashSlotNum: 11, maxIndexNum: 100 };
  const { log, files } = await built(messages, options);
  expect(files).toEqual(expectedIndexFiles(log.messages, options));
  expect(files[0]?.readInt32BE(36)).toBe(1 + 0 + 2 + 2 + 2 + 3 + 0 + 1 + 1 + 1);
  const index = openIndex(log, options);
  expect((await index.find('same')).length).toBe(1);
  for (const key of ['', ' ', 'rolled-back', 'only || tags']) expect(await index.find(key), key).toEqual([]);
  for (const key of ['a', 'b', long, 'U', '键', '🙂', 'prepared', 'committed'])
    expect((await index.find(key)).length, key).toBe(1);
  expect((await index.find('only || tags', { kind: 'TAG' })).length).toBe(1);
});

test('of a repeated property the last counts, and one without a value does not', async () => {
  const properties = Buffer.from(
    'KEYS\u0001old\u0002XKEYS\u0001no\u0002KEYS\u0001new\u0002UNIQ_KEY\u0001\u0002UNIQ_KEYS\u0001no\u0002\u0001no\u0002TAGS',
  );
  const { log } = await built([{ properties }]);
  const index = openIndex(log, small);
  expect((await index.find('new')).length).toBe(1);
  for (const key of ['old', 'no']) expect(await index.find(key)).toEqual([]);
});

test('a record with more keys than memory has room for, and than a file has', async () => {
  const keys = Array.from({ length: 50 }, (_, index) => `key${index}`).join(' ');
  const { log, files } = await built([{ keys }, { keys }]);
  expect(files).toEqual(expectedIndexFiles(log.messages, small));
  expect(files.length).toBe(6);
  const index = openIndex(log, small);
  expect((await index.find('key49')).length).toBe(2);
});

test('what becomes durable is found at once, and goes to the file within a second, without a flush', async () => {
  const log = new IndexTestLog();
  const index = openIndex(log, small);
  const { time } = log.environment;
  await time.advance(50);
  expect(await indexFileNames(log)).toEqual([]);
  const one = await log.append({ uniqueKey: 'a' });
  index.wake();
  expect(await index.find('a')).toEqual([one.physicalOffset]);
  expect((await indexFiles(log))[0]?.readInt32BE(36)).toBe(1);
  await time.advance(1100);
  expect((await indexFiles(log))[0]?.readInt32BE(36)).toBe(2);
  const two = await log.append({ keys: 'a' });
  expect(await index.find('a')).toEqual([one.physicalOffset, two.physicalOffset]);
  expect(index.flushedTimestamps).toEqual([]);
});

test('an index that is behind by more than memory holds reads the log, record by record, and ends equal', async () => {
  const log = new IndexTestLog();
  for (let index = 0; index < 300; index += 1) {
    await log.append({ uniqueKey: `u${index}`, keys: `k${index % 7}`, body: 'x'.repeat((index * 37) % 900) });
    if (index % 3 === 0) await log.environment.time.advance(1);
  }
  expect(log.tail.find(0, 1)).toBeUndefined();
  const options = { maxHashSlotNum: 31, maxIndexNum: 200 };
  const index = openIndex(log, options);
  expect((await index.find('k3')).length).toBe(Math.ceil((300 - 3) / 7));
  await index.stop();
  expect(await indexFiles(log)).toEqual(expectedIndexFiles(log.messages, options));
  expect(index.flushedTimestamps.length).toBe(3);
});
