import { ConfigError, StoreError } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { StorePaths } from '../store-paths.js';

function unsupported(path: string, what: string): StoreError {
  return new StoreError(
    'STORE_FORMAT_UNSUPPORTED',
    `Cannot open the store: ${path} holds ${what}, which OrbitMQ does not read. Use the broker that wrote it, or another storePathRootDir`,
    { details: { path } },
  );
}

async function isDirectoryInUse(fileSystem: FileSystem, path: string): Promise<boolean> {
  return ((await fileSystem.list(path)) ?? []).length > 0;
}

async function hasFile(fileSystem: FileSystem, path: string): Promise<boolean> {
  return (await fileSystem.stat(path)) !== undefined;
}

/** Refuses what RocketMQ's variants keep elsewhere (page 20 §12): half a store would look like an empty one. */
export async function checkFormat(fileSystem: FileSystem, paths: StorePaths): Promise<void> {
  if (paths.root === '') throw new ConfigError('CONFIG_INVALID', 'storePathRootDir is empty: name a directory for the store');
  if (paths.commitLog.includes(',')) {
    throw new StoreError(
      'STORE_FORMAT_UNSUPPORTED',
      'storePathCommitLog names several directories: OrbitMQ keeps its log in one',
      {
        details: { path: paths.commitLog },
      },
    );
  }
  // RocksDB's own file names its current manifest; an empty `rocksdbstore` is made by every 5.5 broker.
  for (const directory of ['consumequeue', 'consumequeue_r', 'config/topics', 'config/consumerOffsets']) {
    const path = joinPath(paths.root, directory);
    if (await hasFile(fileSystem, joinPath(path, 'CURRENT'))) throw unsupported(path, 'a RocksDB database');
  }
  const directories: readonly (readonly [string, string])[] = [
    ['batchconsumequeue', 'queues of batch messages'],
    ['consumequeue_ext', 'extended queue entries (enableConsumeQueueExt)'],
    ['compaction/compactionLog', 'compacted topics'],
  ];
  for (const [directory, what] of directories) {
    const path = joinPath(paths.root, directory);
    if (await isDirectoryInUse(fileSystem, path)) throw unsupported(path, what);
  }
  for (const entry of (await fileSystem.list(paths.root)) ?? []) {
    if (entry.isDirectory && entry.name.startsWith('dledger-'))
      throw unsupported(joinPath(paths.root, entry.name), 'a DLedger log');
  }
}
