import { expect, test } from 'vitest';
import { writeFile } from '../io/io-promise.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { FilePool } from './file-pool.js';

async function withFiles(count: number): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem();
  for (let index = 0; index < count; index += 1)
    await writeFile(await files.open(`/f${index}`, { create: true }), [Buffer.of(index)], 0);
  return files;
}

test('thousands of files need no more open ones than the bound', async () => {
  const pool = new FilePool(await withFiles(50), 4);
  for (let index = 0; index < 50; index += 1) {
    const target = Buffer.alloc(1);
    await pool.use(`/f${index}`, (file) => file.read(target, 0));
    expect([target[0], pool.openCount <= 4]).toEqual([index, true]);
  }
  await pool.closeAll();
  expect(pool.openCount).toBe(0);
});

test('a file in use is not closed; users share one opening', async () => {
  const pool = new FilePool(await withFiles(3), 1);
  let release: () => void = () => undefined;
  const held = pool.use('/f0', (file) => new Promise<string>((resolve) => (release = () => resolve(file.path))));
  await pool.use('/f1', async () => undefined);
  await pool.use('/f2', async () => undefined);
  await pool.drop('/f0');
  release();
  expect(await held).toBe('/f0');
});

test('an opening that failed is tried again', async () => {
  const files = await withFiles(0);
  const pool = new FilePool(files, 2);
  await expect(pool.use('/late', async () => 1)).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
  await files.open('/late', { create: true });
  expect(await pool.use('/late', async () => 1)).toBe(1);
});
