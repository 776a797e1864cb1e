import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { storePaths } from '../store-paths.js';
import { forgetForeignLog, hasForeignLog, isLastOpener, takeFromLastOpener } from './last-opener.js';

const paths = storePaths({ storePathRootDir: '/store', storePathCommitLog: '' });

async function setup(lock: string | undefined) {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(paths.checksums);
  await fileSystem.makeDirectory(`${paths.own}/damaged-1`);
  const own = [paths.flushedOffset, paths.queueEnds, paths.rebuildOrder, `${paths.checksums}/table`, `${paths.own}/damaged-1/0`];
  for (const path of own) await fileSystem.writeFileAtomically(path, Buffer.from('noted'));
  if (lock !== undefined) await fileSystem.writeFileAtomically(paths.lock, Buffer.from(lock));
  return {
    fileSystem,
    take: () => takeFromLastOpener(fileSystem, paths, silentLogger),
    isLast: () => isLastOpener(fileSystem, paths),
    names: async () => ((await fileSystem.list(paths.own)) ?? []).map(({ name }) => name).sort(),
  };
}

test.each([
  ['Apache came after an Apache', 'lock'],
  ['Apache wrote its word over ours', 'locktmq'],
  ['the word was half written', 'orb'],
  ['nobody had it', undefined],
])('%s: what is about the queues and the bytes of the log goes, the rest stays', async (_name, lock) => {
  const { fileSystem, take, names, isLast } = await setup(lock);
  expect(await isLast()).toBe(false);
  await take();
  expect(await names()).toEqual(['damaged-1', 'flushed-offset', 'foreign-log', 'rebuild-order.json']);
  expect(await isLast()).toBe(true);
  // Until the store is open, also over a second start.
  await take();
  expect(await hasForeignLog(fileSystem, paths)).toBe(true);
  await forgetForeignLog(fileSystem, paths);
  expect(await hasForeignLog(fileSystem, paths)).toBe(false);
});

test('a second start of ours keeps what the first noted', async () => {
  const { take, names } = await setup('orbitmq');
  await take();
  expect(await names()).toEqual(['checksums', 'damaged-1', 'flushed-offset', 'queue-ends.json', 'rebuild-order.json']);
});
