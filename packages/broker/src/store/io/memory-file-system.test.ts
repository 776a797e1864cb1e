import { expect, test } from 'vitest';
import { datasyncFile, writeFile, writeFileDurably } from './io-promise.js';
import { MemoryFileSystem } from './memory-file-system.js';

test('a large file costs what is written, and the rest reads as zeros', async () => {
  const files = new MemoryFileSystem();
  const file = await files.open('/big', { create: true });
  await file.truncate(1_073_741_824);
  await writeFile(file, [Buffer.from('abc'), Buffer.from('def')], 500_000_000);
  const target = Buffer.alloc(10, 1);
  expect(await file.read(target, 499_999_998)).toBe(10);
  expect(target.toString('latin1')).toBe('\0\0abcdef\0\0');
  expect(await file.read(target, 1_073_741_820)).toBe(4);
  expect(await file.read(target, 1_073_741_824)).toBe(0);
});

test('shrinking and extending leaves zeros', async () => {
  const files = new MemoryFileSystem();
  const file = await files.open('/f', { create: true });
  await writeFileDurably(file, [Buffer.alloc(40_000, 7)], 0);
  await file.truncate(100);
  await file.truncate(40_000);
  await datasyncFile(file);
  const content = await files.readFile('/f');
  expect([content?.length, content?.subarray(0, 100).every((byte) => byte === 7)]).toEqual([40_000, true]);
  expect(content?.subarray(100).every((byte) => byte === 0)).toBe(true);
});

test('directories, names and what is missing', async () => {
  const files = new MemoryFileSystem();
  await expect(files.open('/a/b/f', { create: true })).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
  await files.makeDirectory('/a/b');
  await files.writeFileAtomically('/a/b/f', Buffer.from('x'));
  await files.rename('/a/b/f', '/a/b/g');
  expect(await files.list('/a')).toEqual([{ name: 'b', isDirectory: true }]);
  expect(await files.list('/a/b')).toEqual([{ name: 'g', isDirectory: false }]);
  expect([await files.list('/none'), await files.stat('/none'), await files.readFile('/none')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await files.remove('/a/b/none');
  await files.removeDirectory('/a');
  expect(await files.list('/a/b')).toBeUndefined();
});

test('one lock per directory at a time', async () => {
  const files = new MemoryFileSystem();
  const lock = await files.lock('/lock');
  await expect(files.lock('/lock')).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await lock.release();
  await (await files.lock('/lock')).release();
});

test('with a bound it is a disk of that size: what does not fit is refused as a whole, and removing makes room', async () => {
  const sizeBytesMax = 4 * 16_384;
  const files = new MemoryFileSystem({ sizeBytesMax });
  const [one, other] = [await files.open('/one', { create: true }), await files.open('/other', { create: true })];
  await writeFile(one, [Buffer.alloc(16_384, 1)], 0);
  await writeFile(other, [Buffer.alloc(2 * 16_384, 2)], 0);
  expect(await files.usage('/')).toEqual({ usedBytes: 3 * 16_384, availableBytes: 16_384 });
  await expect(writeFile(one, [Buffer.alloc(16_384), Buffer.alloc(1)], 16_384)).rejects.toMatchObject({
    code: 'STORE_IO_FAILED',
    details: { path: '/one', errorCode: 'ENOSPC' },
  });
  await expect(writeFileDurably(one, [Buffer.alloc(2 * 16_384)], 16_384)).rejects.toMatchObject({
    details: { errorCode: 'ENOSPC' },
  });
  expect([await one.size(), (await files.usage('/'))?.usedBytes]).toEqual([16_384, 3 * 16_384]);
  // What is there can be written again, and small files are always replaced.
  await writeFile(one, [Buffer.alloc(16_384, 3)], 0);
  await writeFile(one, [Buffer.alloc(16_384, 4)], 16_384);
  await files.writeFileAtomically('/offsets.json', Buffer.alloc(100_000));
  await files.remove('/other');
  await files.remove('/other');
  expect(await files.usage('/')).toEqual({ usedBytes: 2 * 16_384, availableBytes: 2 * 16_384 });
  // Who has a removed file open goes on reading it.
  expect(await other.read(Buffer.alloc(10), 0)).toBe(10);
  await one.truncate(100);
  expect((await files.usage('/'))?.usedBytes).toBe(16_384);
  await files.makeDirectory('/a');
  const third = await files.open('/a/f', { create: true });
  await writeFile(third, [Buffer.alloc(1)], 0);
  await files.rename('/a/f', '/one');
  expect((await files.usage('/'))?.usedBytes).toBe(16_384);
  await files.removeDirectory('/a');
  await files.remove('/one');
  expect(await files.usage('/')).toEqual({ usedBytes: 0, availableBytes: sizeBytesMax });
  expect(await new MemoryFileSystem().usage('/')).toBeUndefined();
});
