import { silentLogger } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '../test-support/memory-files.js';
import { KeptFile } from './kept-file.js';
import { KvConfigStore, waitingKvChangesMax } from './kv-config-store.js';
import { kvConfigLimits } from './kv-config-table.js';

const path = '/ns/kvConfig.json';
const put = (key: string, value = 'v', namespace = 'n') => ({ namespace, key, value });

function setup(content?: string, limits?: { entriesMax: number; charactersMax: number }) {
  const files = new MemoryFiles();
  if (content !== undefined) files.contents.set(path, Buffer.from(content));
  const open = () => new KvConfigStore(new KeptFile(files, path, silentLogger), limits);
  return { files, open, store: open() };
}

test('what Apache wrote is read, and written in the same form', async () => {
  const { files, store } = setup('{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"broker-a:4"}}}');
  await store.load();
  expect(store.table.get('ORDER_TOPIC_CONFIG', 'T')).toBe('broker-a:4');
  expect(await store.change(put('U', 'broker-b:2', 'ORDER_TOPIC_CONFIG'))).toEqual({ status: 'done' });
  expect(files.text(path)).toBe('{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"broker-a:4","U":"broker-b:2"}}}');
  expect(files.text(`${path}.bak`)).toBe('{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"broker-a:4"}}}');
});

test.each([[undefined], [''], ['{}'], ['{"configTable":{}}']])('nothing is in %j', async (content) => {
  const { store } = setup(content);
  await store.load();
  expect(store.table.namespaces.size).toBe(0);
});

test('a namespace goes with its last key; names like __proto__ are names', async () => {
  const { store, open } = setup();
  await store.load();
  await store.change(put('__proto__', 'x', '__proto__'));
  const again = open();
  await again.load();
  expect(again.table.get('__proto__', '__proto__')).toBe('x');
  await again.change({ namespace: '__proto__', key: 'unknown', value: undefined });
  await again.change({ namespace: '__proto__', key: '__proto__', value: undefined });
  expect(again.table.namespace('__proto__')).toBeUndefined();
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('a key called $ref is a key, also after a restart', async () => {
  const { store, open } = setup();
  await store.load();
  await store.change(put('$ref', 'x', 'a'));
  const again = open();
  await again.load();
  expect(again.table.get('a', '$ref')).toBe('x');
});

test('a change is seen by nobody before it is on the disk; those that wait share a write, in their order', async () => {
  const { files, store } = setup();
  await store.load();
  files.hold();
  const first = store.change(put('a', '1'));
  const others = [store.change(put('a', '2')), store.change(put('b')), store.change(put('b', '3'))];
  await Promise.resolve();
  expect(store.table.get('n', 'a')).toBeUndefined();
  files.release();
  expect(await first).toEqual({ status: 'done' });
  await Promise.all(others);
  expect([store.table.get('n', 'a'), store.table.get('n', 'b')]).toEqual(['2', '3']);
  // Two contents, and the backup of the first.
  expect(files.writeCount).toBe(3);
});

test('a change that cannot be written is not made, and the next one can be', async () => {
  const { files, store } = setup();
  await store.load();
  files.isRefusing = true;
  await expect(store.change(put('a'))).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
  expect(store.table.get('n', 'a')).toBeUndefined();
  files.isRefusing = false;
  expect(await store.change(put('b'))).toEqual({ status: 'done' });
  expect(store.table.get('n', 'a')).toBeUndefined();
});

describe('limits', () => {
  test('changes that wait', async () => {
    const { files, store } = setup();
    await store.load();
    files.hold();
    const first = store.change(put('under way'));
    const waiting = Array.from({ length: waitingKvChangesMax }, (_, index) => store.change(put(`k${index}`)));
    expect(await store.change(put('one too many'))).toEqual({ status: 'busy' });
    files.release();
    const results = await Promise.all([first, ...waiting]);
    expect(results.every((result) => result.status === 'done')).toBe(true);
    expect(store.table.namespace('n')?.size).toBe(waitingKvChangesMax + 1);
  });

  test('entries: a value may change and a key go when it is full', async () => {
    const { store } = setup(undefined, { entriesMax: 2, charactersMax: 1000 });
    await store.load();
    await store.change(put('a'));
    await store.change(put('b'));
    expect(await store.change(put('c'))).toEqual({ status: 'refused', reason: expect.stringContaining('allowed are 2') });
    expect(await store.change(put('a', 'other'))).toEqual({ status: 'done' });
    await store.change({ namespace: 'n', key: 'b', value: undefined });
    expect(await store.change(put('c'))).toEqual({ status: 'done' });
    expect([...(store.table.namespace('n')?.keys() ?? [])]).toEqual(['a', 'c']);
  });

  test('entries are few enough for a change, which writes all of them, to take no time', () => {
    expect(kvConfigLimits.entriesMax).toBe(10_000);
  });

  test('characters, to the last one', async () => {
    const { store } = setup(undefined, { entriesMax: 100, charactersMax: 10 });
    await store.load();
    expect(await store.change(put('k', '12345678'))).toEqual({ status: 'done' });
    expect(await store.change(put('k', '123456789'))).toMatchObject({ status: 'refused' });
    expect(store.table.get('n', 'k')).toBe('12345678');
    expect(await store.change(put('k', ''))).toEqual({ status: 'done' });
    expect(await store.change(put('l', '123456'))).toEqual({ status: 'done' });
    expect(await store.change(put('m', ''))).toMatchObject({ status: 'refused' });
  });
});

describe('a damaged file', () => {
  test('its backup is taken', async () => {
    const { files, store } = setup('{"configTable":{"n":{');
    files.contents.set(`${path}.bak`, Buffer.from('{"configTable":{"n":{"a":"1"}}}'));
    await store.load();
    expect(store.table.get('n', 'a')).toBe('1');
  });

  test('its backup stays until a change is on the disk; from then on it is a copy of the file', async () => {
    const good = '{"configTable":{"n":{"a":"1"}}}';
    const { files, store, open } = setup('{"configTable":{"n":{');
    files.contents.set(`${path}.bak`, Buffer.from(good));
    await store.load();
    files.isRefusing = true;
    await expect(store.change(put('b'))).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
    files.isRefusing = false;
    expect(files.text(`${path}.bak`)).toBe(good);
    await store.change(put('b'));
    expect(files.text(`${path}.bak`)).toBe(good);
    const withB = files.text(path);
    await store.change(put('c'));
    expect(files.text(`${path}.bak`)).toBe(withB);
    const again = open();
    await again.load();
    expect([...(again.table.namespace('n')?.keys() ?? [])]).toEqual(['a', 'b', 'c']);
  });

  test.each([[undefined], ['']])('its backup is taken where the file is %j, and kept by the next changes', async (content) => {
    const { files, store, open } = setup(content);
    files.contents.set(`${path}.bak`, Buffer.from('{"configTable":{"n":{"a":"1"}}}'));
    await store.load();
    expect(store.table.get('n', 'a')).toBe('1');
    for (const key of ['b', 'c']) await store.change(put(key));
    const again = open();
    await again.load();
    expect([...(again.table.namespace('n')?.keys() ?? [])]).toEqual(['a', 'b', 'c']);
  });

  test('without a file, a backup that cannot be read is no empty table', async () => {
    const { files, store } = setup();
    files.contents.set(`${path}.bak`, Buffer.from('{"configTable":{"n":{'));
    await expect(store.load()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test.each([[undefined], ['[1]']])('with a backup of %j the start is refused', async (backup) => {
    const { files, store } = setup('{"configTable":[]}');
    if (backup !== undefined) files.contents.set(`${path}.bak`, Buffer.from(backup));
    await expect(store.load()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });
});

test('without a file it lives in memory', async () => {
  const store = new KvConfigStore(undefined);
  await store.load();
  await store.change(put('a'));
  await store.drained();
  expect(store.table.get('n', 'a')).toBe('v');
});
