/**
 * Whether timed messages of this directory are kept in RocksDB (Java 5.5: TimerMessageRocksDBStore, `timerRocksDBEnable`). That engine
 * shares the timer's topic with the wheel but not the wheel's checkpoint: read as a wheel, the directory looks as if no timed
 * message had ever been delivered. Every 5.5 store has the database `rocksdbstore` with the column `timer`, so only what is in it
 * tells. The engine writes two checkpoints into the column. The later one, by name, is the last key of its newest file, which the
 * manifest names; before the first file both are in the write-ahead log. Neither is compressed.
 */
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { StorePaths } from '../store-paths.js';
import { RocksLogSearch, rocksLogBlockBytes } from './rocks-log-search.js';

const checkpoints: readonly Buffer[] = ['timeline_checkpoint', 'sys_topic_scan_offset_checkpoint'].map((key) => Buffer.from(key));
const searched = /^(MANIFEST-\d+|\d+\.log)$/;
const readBytes = 32 * rocksLogBlockBytes;

/** The directory of the database, when the timer's column of it was ever used. */
export async function findRocksTimers(fileSystem: FileSystem, paths: StorePaths): Promise<string | undefined> {
  const directory = joinPath(paths.root, 'rocksdbstore');
  for (const { name, isDirectory } of (await fileSystem.list(directory)) ?? []) {
    if (isDirectory || !searched.test(name)) continue;
    if (await hasCheckpoint(fileSystem, joinPath(directory, name))) return directory;
  }
  return undefined;
}

async function hasCheckpoint(fileSystem: FileSystem, path: string): Promise<boolean> {
  const file = await fileSystem.open(path, { create: false });
  try {
    const search = new RocksLogSearch(checkpoints);
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    for (let position = 0; ; position += readBytes) {
      const countBytes = await file.read(buffer, position);
      for (let at = 0; at < countBytes; at += rocksLogBlockBytes) {
        if (search.isIn(buffer.subarray(at, Math.min(at + rocksLogBlockBytes, countBytes)))) return true;
      }
      if (countBytes < readBytes) return false;
    }
  } finally {
    await file.close();
  }
}
