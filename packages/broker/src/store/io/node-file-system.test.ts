/** The one test of the broker's unit tests that touches a disk: the seam file itself. */
import { mkdtemp, readdir, rm, stat, writeFile as writeWholeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { File } from './file-system.js';
import { datasyncFile, writeFile, writeFileDurably } from './io-promise.js';
import { nodeFileSystem } from './node-file-system.js';

const files = nodeFileSystem();
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orbitmq-node-files-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function contentOf(file: File, sizeBytes: number): Promise<string> {
  const target = Buffer.alloc(sizeBytes);
  const count = await file.read(target, 0);
  return target.subarray(0, count).toString('latin1');
}

test('writes of one and of many chunks, durable or not, and reads up to the end', async () => {
  const file = await files.open(`${directory}/f`, { create: true });
  await writeFile(file, [Buffer.from('hello')], 0);
  await writeFileDurably(file, [Buffer.from(' '), Buffer.from('world')], 5);
  await datasyncFile(file);
  expect(await contentOf(file, 100)).toBe('hello world');
  const many = Array.from({ length: 3000 }, (_, index) => Buffer.from(String(index % 10)));
  await writeFile(file, many, 0);
  expect(await contentOf(file, 3000)).toBe('0123456789'.repeat(300));
  await new Promise<void>((resolve) => file.reserve(3000, 2_500_000, () => resolve()));
  expect(await file.size()).toBe(2_503_000);
  await file.truncate(3);
  expect(await contentOf(file, 100)).toBe('012');
  await file.close();
});

test('atomic replacement leaves no temporary file; what is missing is undefined', async () => {
  const path = `${directory}/a/b/f.json`;
  await files.makeDirectory(`${directory}/a/b`);
  await files.makeDirectory(`${directory}/a/b`);
  await files.writeFileAtomically(path, Buffer.from('one'));
  await files.writeFileAtomically(path, Buffer.from('two'));
  expect((await files.readFile(path))?.toString()).toBe('two');
  expect(await readdir(`${directory}/a/b`)).toEqual(['f.json']);
  expect((await files.stat(path))?.sizeBytes).toBe(3);
  expect(await files.list(`${directory}/a`)).toEqual([{ name: 'b', isDirectory: true }]);
  await files.rename(path, `${directory}/g`);
  await files.remove(path);
  await files.removeDirectory(`${directory}/a`);
  expect([await files.readFile(path), await files.list(`${directory}/a`), await files.stat(path)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('an error names the path, its code and a remedy', async () => {
  await files.writeFileAtomically(`${directory}/f`, Buffer.from('x'));
  await expect(files.makeDirectory(`${directory}/f/below`)).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
    details: { path: `${directory}/f/below`, errorCode: 'ENOTDIR' },
    message: expect.stringContaining('remove it'),
  });
});

test('the lock excludes a second holder in this process and is free after its release', async () => {
  const lock = await files.lock(`${directory}/lock`);
  await expect(files.lock(`${directory}/lock`)).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await lock.release();
  await lock.release();
  await (await files.lock(`${directory}/lock`)).release();
  expect((await files.readFile(`${directory}/lock`))?.toString()).toBe('');
});

test.skipIf(process.platform === 'win32')('a file that is replaced keeps its rights', async () => {
  const path = `${directory}/secret`;
  await writeWholeFile(path, 'one', { mode: 0o600 });
  await files.writeFileAtomically(path, Buffer.from('two'));
  expect([(await stat(path)).mode & 0o777, (await files.readFile(path))?.toString()]).toEqual([0o600, 'two']);
});
