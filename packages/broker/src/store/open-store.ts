/**
 * Opens a store directory (Java: DefaultMessageStore.load and recover; page 20 §8): lock, formats, log files, recovery of
 * queues and log. What it returns is consistent, on the device, and ready for the first append.
 */
import { type Logger, StoreError } from '@orbitmq/core/kernel';
import { ChecksumTable } from './integrity/checksum-table.js';
import { ChecksumWriter } from './integrity/checksum-writer.js';
import { verifyTail } from './integrity/verify-tail.js';
import type { FileLock, FileSystem } from './io/file-system.js';
import { parentPath } from './io/paths.js';
import { AbortFile } from './recovery/abort-file.js';
import { checkFormat } from './recovery/check-format.js';
import { CheckpointFile } from './recovery/checkpoint-file.js';
import { flushedBound } from './recovery/flushed-bound.js';
import { FlushedOffsetFile } from './recovery/flushed-offset-file.js';
import { forgetForeignLog, takeFromLastOpener } from './recovery/last-opener.js';
import { type QueueEnds, QueueEndsFile } from './recovery/queue-ends-file.js';
import { settleLogEnd } from './recovery/recover-log.js';
import { QueueRecovery, type RecoveredQueues } from './recovery/recover-queues.js';
import { type QueueSurvey, surveyQueues } from './recovery/survey-queues.js';
import { FilePool } from './segment/file-pool.js';
import { loadSegments, segmentDamageError } from './segment/load-segments.js';
import type { SegmentList } from './segment/segment-list.js';
import type { StoreOptions } from './store-options.js';
import { type StorePaths, storePaths } from './store-paths.js';
import { StoreStateKeeper } from './store-state-keeper.js';

export interface OpenedStore extends RecoveredQueues {
  readonly segments: SegmentList;
  readonly pool: FilePool;
  readonly state: StoreStateKeeper;
  readonly checksumTable: ChecksumTable;
  readonly checksums: ChecksumWriter;
  readonly abort: AbortFile;
  readonly wasStoppedCleanly: boolean;
  readonly lock: FileLock;
}

/** Takes the lock first; everything taken is given back when opening fails. */
export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const { config, fileSystem } = options;
  const paths = storePaths(config);
  const { logger } = options.environment;
  await checkFormat({ fileSystem, paths, logger, servesTimers: config.timerWheelEnable });
  await fileSystem.makeDirectory(paths.root);
  const lock = await fileSystem.lock(paths.lock);
  const pool = new FilePool(fileSystem, options.limits.openFilesMax);
  try {
    return await openLocked(options, paths, lock, pool);
  } catch (error) {
    await pool.closeAll();
    await lock.release();
    throw error;
  }
}

async function openLocked(options: StoreOptions, paths: StorePaths, lock: FileLock, pool: FilePool): Promise<OpenedStore> {
  const { config, environment, fileSystem, limits, tagsCodeOf } = options;
  const logger = environment.logger;
  await takeFromLastOpener(fileSystem, paths, logger);
  await makeDirectories(fileSystem, paths);
  const abort = new AbortFile(fileSystem, paths.abort);
  const wasStoppedCleanly = !(await abort.exists());
  const { list: segments, damage } = await loadSegments(fileSystem, paths.commitLog, config.mappedFileSizeCommitLog);
  if (damage !== undefined) throw segmentDamageError(damage, 'mappedFileSizeCommitLog');
  const queueEndsFile = new QueueEndsFile(fileSystem, paths.queueEnds);
  const ends = await queueEndsFile.read();
  const rebuildOrderFile = new QueueEndsFile(fileSystem, paths.rebuildOrder);
  const rebuildOrder = await rebuildOrderFile.read();
  const checksumTable = new ChecksumTable({ fileSystem, pool, logger, directory: paths.checksums });
  const flushedOffsetFile = await FlushedOffsetFile.open(fileSystem, paths.flushedOffset);
  const { flushedOffset } = flushedOffsetFile;
  let checkpoint: CheckpointFile | undefined;
  try {
    await checkLogIsThere(options, paths, segments, ends, flushedOffset);
    tellStart(logger, wasStoppedCleanly, segments);
    const flushed = await flushedBound({ fileSystem, pool, segments, flushedOffsetFile, paths });
    const recovered = await new QueueRecovery({
      fileSystem,
      pool,
      paths,
      segments,
      clock: environment.clock,
      logger,
      tagsCodeOf,
      queueFileSizeBytes: config.mappedFileSizeConsumeQueue,
      entriesBytesMax: limits.queueEntriesBytesMax,
      wasStoppedCleanly,
      flushed,
      ends,
      rebuildOrder,
      survey: () => surveyFor(options, paths, pool, segments),
      order: (known) => rebuildOrderFile.write(known),
      checksums: checksumTable,
      verifiesPropertyCrc: config.forceVerifyPropCRC,
    }).run();
    const { mark } = recovered;
    if (recovered.scannedFrom > segments.firstOffset) {
      // Before anything is cut. After a kill only the block in which the scan began: damage before that place is no torn record,
      // whatever stands behind it.
      const sizeBytes = wasStoppedCleanly ? limits.startCheckBytes : 1;
      await verifyTail({ segments, pool, table: checksumTable, physicalEnd: recovered.scannedFrom, sizeBytes });
    }
    await settleLogEnd({
      fileSystem,
      pool,
      segments,
      logger,
      physicalEnd: mark.physicalEnd,
      lastStoreTimestamp: mark.lastStoreTimestamp,
      damage: recovered.damage,
      flushed,
      wasStoppedCleanly,
    });
    const checksums = new ChecksumWriter({
      fileSystem,
      pool,
      segments,
      table: checksumTable,
      logger,
      waitingMax: limits.checksumsWaitingMax,
    });
    await checksums.resume(mark.physicalEnd);
    checkpoint = await CheckpointFile.open(fileSystem, paths.checkpoint);
    const state = new StoreStateKeeper({
      flushedOffset: flushedOffsetFile,
      queueEnds: queueEndsFile,
      rebuildOrder: rebuildOrderFile,
      checkpoint,
    });
    await abort.create();
    await state.logFlushed(mark);
    await forgetForeignLog(fileSystem, paths);
    return { ...recovered, segments, pool, state, checksumTable, checksums, abort, lock, wasStoppedCleanly };
  } catch (error) {
    await checkpoint?.close();
    await flushedOffsetFile.close();
    throw error;
  }
}

/** What a rebuild of the queues has to know of the files that it replaces. */
function surveyFor(options: StoreOptions, paths: StorePaths, pool: FilePool, segments: SegmentList): Promise<QueueSurvey> {
  const { config, fileSystem } = options;
  return surveyQueues({
    fileSystem,
    pool,
    directory: paths.consumeQueue,
    queueFileSizeBytes: config.mappedFileSizeConsumeQueue,
    segments,
  });
}

/** A process that was killed may have made them, or files in them, without making that durable: who goes on with them does it. */
async function makeDirectories(fileSystem: FileSystem, paths: StorePaths): Promise<void> {
  const directories = [paths.commitLog, paths.consumeQueue, paths.own];
  for (const directory of directories) await fileSystem.makeDirectory(directory);
  for (const directory of [paths.root, ...directories]) await fileSystem.syncDirectory(directory);
  for (const directory of [paths.root, paths.commitLog]) {
    for (let below = directory; below !== parentPath(below); below = parentPath(below)) {
      // One that this process may not open was not made by it either.
      await fileSystem.syncDirectory(parentPath(below)).catch(() => undefined);
    }
  }
}

/** A store whose log is gone, for example because a disk was not mounted, must not begin anew (promises R7). */
async function checkLogIsThere(
  options: StoreOptions,
  paths: StorePaths,
  segments: SegmentList,
  ends: QueueEnds | undefined,
  flushedOffset: number,
): Promise<void> {
  const knownEnd = Math.max(flushedOffset, ends?.mark.physicalEnd ?? 0);
  const hasQueues = ((await options.fileSystem.list(paths.consumeQueue)) ?? []).some((entry) => entry.isDirectory);
  const isMissing = segments.isEmpty ? hasQueues || knownEnd > 0 : segments.endOffset < knownEnd;
  if (!isMissing) return;
  throw new StoreError(
    'STORE_CORRUPT',
    `The commit log in ${paths.commitLog} is missing or ends too early, but the store held messages up to log offset ${knownEnd}. Check that the disk is mounted and that storePathCommitLog is right; to begin with an empty store, remove ${paths.root}`,
    { details: { path: paths.commitLog, knownEnd } },
  );
}

function tellStart(logger: Logger, wasStoppedCleanly: boolean, segments: SegmentList): void {
  if (segments.isEmpty) logger.info('creating a new store', { directory: segments.directory });
  else if (wasStoppedCleanly) logger.info('opening the store', { files: segments.count, logEnd: segments.endOffset });
  else logger.warn('the last run did not stop in order: recovering the store', { files: segments.count });
}
