/**
 * Tells whether another broker had the directory since this one. Apache's brokers write "lock" into the file `lock` whenever
 * they start (Java: DefaultMessageStore.start); here it gets another word, durably, before anything else is written. What OrbitMQ
 * noted beside the store is then out of date: where queues end, what the log's bytes add up to. It is removed, so that recovery goes
 * by the store itself. How far the log was flushed stays: no broker may take back what is on the device (promises R4). That nothing is
 * known of what the other one wrote behind it is noted until the store is open: a crash in between must not forget it.
 */
import type { Logger } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { writeFileDurably } from '../io/io-promise.js';
import { joinPath, parentPath } from '../io/paths.js';
import type { StorePaths } from '../store-paths.js';

const ownWord = 'orbitmq';

/** Whether this kind of broker had the directory last; not so when nobody had it. */
export async function isLastOpener(fileSystem: FileSystem, paths: StorePaths): Promise<boolean> {
  return (await fileSystem.readFile(paths.lock))?.toString('latin1') === ownWord;
}

function foreignLogPath({ own }: StorePaths): string {
  return joinPath(own, 'foreign-log');
}

/** Whether another broker wrote to the log, and it was not opened since. */
export async function hasForeignLog(fileSystem: FileSystem, paths: StorePaths): Promise<boolean> {
  return (await fileSystem.stat(foreignLogPath(paths))) !== undefined;
}

/** How far the log is flushed is noted again. */
export async function forgetForeignLog(fileSystem: FileSystem, paths: StorePaths): Promise<void> {
  if (!(await hasForeignLog(fileSystem, paths))) return;
  await fileSystem.remove(foreignLogPath(paths));
  await fileSystem.syncDirectory(paths.own);
}

/** Under the lock, before any file in `paths.own` is read. */
export async function takeFromLastOpener(fileSystem: FileSystem, paths: StorePaths, logger: Logger): Promise<void> {
  if (await isLastOpener(fileSystem, paths)) return;
  const names = new Set(((await fileSystem.list(paths.own)) ?? []).map(({ name }) => joinPath(paths.own, name)));
  const isOutdated = names.has(paths.queueEnds) || names.has(paths.checksums);
  if (isOutdated) {
    logger.info('another broker had the store since: what was noted about it is out of date and removed', { path: paths.own });
    await fileSystem.remove(paths.queueEnds);
    if (names.has(paths.checksums)) await fileSystem.removeDirectory(paths.checksums);
    await fileSystem.syncDirectory(paths.own);
  }
  if (names.has(paths.flushedOffset)) await fileSystem.writeFileAtomically(foreignLogPath(paths), Buffer.alloc(0));
  await writeWord(fileSystem, paths.lock);
}

/** A crash in between leaves a part of the word, and all of this is done again. */
async function writeWord(fileSystem: FileSystem, path: string): Promise<void> {
  const file = await fileSystem.open(path, { create: true });
  try {
    await file.truncate(0);
    await writeFileDurably(file, [Buffer.from(ownWord, 'latin1')], 0);
  } finally {
    await file.close();
  }
  await fileSystem.syncDirectory(parentPath(path));
}
