/**
 * Looks at a directory before anything in it is touched (page 20 §12): what a variant of RocketMQ keeps elsewhere would make half
 * a store look like a whole one, and messages that were acknowledged would never be delivered. Each variant is refused with
 * its file and the way out; no file is changed.
 */
import { ConfigError, type Logger, StoreError } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { otherDirectoryAdvice } from '../io/io-error.js';
import { joinPath } from '../io/paths.js';
import type { StorePaths } from '../store-paths.js';
import { warnOfPendingPops } from './check-format-pops.js';
import { findQueueEnd } from './check-format-queue-end.js';
import { findRocksTimers } from './check-format-rocks-timers.js';
import { findPendingTimers, findTimerSnapshot } from './check-format-timers.js';

/** Where RocketMQ 5 keeps a RocksDB database in place of files: queues, or the tables of `config`. An empty `rocksdbstore` is in every 5.5 store. */
const rocksDirectories: readonly string[] = [
  'consumequeue',
  'consumequeue_r',
  'config/topics',
  'config/subscriptionGroups',
  'config/consumerOffsets',
  'config/rdb',
];

/** Directories that are empty or missing in a store that can be read. */
const variantDirectories: readonly (readonly [directory: string, what: string])[] = [
  ['batchconsumequeue', 'queues of batch messages (topics with queue.type=BatchCQ)'],
  ['consumequeue_ext', 'extended queue entries (enableConsumeQueueExt)'],
  ['compaction/compactionLog', 'compacted topics (cleanup.policy=COMPACTION)'],
  ['tiered_index_file', 'the index of a tiered store, whose older messages are elsewhere'],
];

const wayOut = `Use the broker that wrote it, or ${otherDirectoryAdvice}`;

function unsupported(path: string, what: string, remedy: string = wayOut): StoreError {
  return new StoreError(
    'STORE_FORMAT_UNSUPPORTED',
    `Cannot open the store: ${path} holds ${what}, which OrbitMQ does not read. ${remedy}. Nothing was changed`,
    { details: { path } },
  );
}

export interface CheckFormatOptions {
  readonly fileSystem: FileSystem;
  readonly paths: StorePaths;
  readonly logger: Logger;
  /** The broker delivers timed messages (`timerWheelEnable`). */
  readonly servesTimers: boolean;
}

/** Throws a `ConfigError`, or a `StoreError` `STORE_FORMAT_UNSUPPORTED`. */
export async function checkFormat({ fileSystem, paths, logger, servesTimers }: CheckFormatOptions): Promise<void> {
  if (paths.root === '') throw new ConfigError('CONFIG_INVALID', 'storePathRootDir is empty: name a directory for the store');
  checkOnePath(paths);
  await checkVariants(fileSystem, paths);
  await checkPending(fileSystem, paths, servesTimers);
  await warnOfPendingPops(fileSystem, paths, logger);
}

/** Java: rocketmq.broker.multiPathSplitter, by default a comma; 5.x's documentation shows a colon as well. */
function checkOnePath({ commitLog }: StorePaths): void {
  if (!commitLog.includes(',') && !/:\//.test(commitLog.replace(/^[A-Za-z]:/, ''))) return;
  throw new StoreError(
    'STORE_FORMAT_UNSUPPORTED',
    `storePathCommitLog names several directories (${commitLog}): OrbitMQ keeps its log in one. Bring all files of the log into one directory and name that`,
    { details: { path: commitLog } },
  );
}

async function checkVariants(fileSystem: FileSystem, paths: StorePaths): Promise<void> {
  for (const directory of rocksDirectories) {
    const path = joinPath(paths.root, directory);
    // RocksDB's own file that names the current manifest.
    if ((await fileSystem.stat(joinPath(path, 'CURRENT'))) !== undefined) throw unsupported(path, 'a RocksDB database');
  }
  for (const [directory, what] of variantDirectories) {
    const path = joinPath(paths.root, directory);
    if (((await fileSystem.list(path)) ?? []).length > 0) throw unsupported(path, what);
  }
  const tieredMetadata = joinPath(paths.root, 'config/tieredStoreMetadata.json');
  if ((await fileSystem.stat(tieredMetadata)) !== undefined) {
    throw unsupported(tieredMetadata, 'the table of a tiered store, whose older messages are elsewhere');
  }
  for (const entry of (await fileSystem.list(paths.root)) ?? []) {
    if (!entry.isDirectory || !entry.name.startsWith('dledger-')) continue;
    throw unsupported(joinPath(paths.root, entry.name), 'a DLedger log');
  }
}

/** Messages that were acknowledged and that only the broker that wrote the directory would deliver. */
async function checkPending(fileSystem: FileSystem, paths: StorePaths, servesTimers: boolean): Promise<void> {
  const rocksHalfQueue = joinPath(paths.consumeQueue, rocksHalfTopic, '0');
  if ((await findQueueEnd(fileSystem, rocksHalfQueue)) > 0) {
    throw unsupported(rocksHalfQueue, 'half messages whose decisions are in a RocksDB database (transRocksDBEnable)');
  }
  const rocksTimers = await findRocksTimers(fileSystem, paths);
  if (rocksTimers !== undefined) {
    throw unsupported(rocksTimers, 'timed messages in a RocksDB database (timerRocksDBEnable)');
  }
  const timers = servesTimers ? await findTimerSnapshot(fileSystem, paths) : await findPendingTimers(fileSystem, paths);
  if (timers === undefined) return;
  const remedy = servesTimers ? 'Start the broker that wrote it with timerWheelSnapshotFlush=false' : 'Set timerWheelEnable=true';
  throw unsupported(
    timers.path,
    `timed messages that are not delivered yet (${timers.what})`,
    `${remedy}, or let the broker that wrote it run until they are delivered, and stop it in order; or ${otherDirectoryAdvice}`,
  );
}

const rocksHalfTopic = 'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC';
