/**
 * `mqbroker --repair` and `--check` (no counterpart in Java, whose recovery cuts the log at the first damage and loses what
 * follows). Invariants: before anything is changed the files are copied; what is readable stays where it is; the queues are
 * built anew and no queue offset is given twice; a crash at any time leaves a store that a start or another repair finishes.
 */
import { StoreError } from '@orbitmq/core/kernel';
import { ConsumeQueueTable } from '../../consume-queue/consume-queue-table.js';
import { ChecksumTable } from '../../integrity/checksum-table.js';
import { joinPath } from '../../io/paths.js';
import { openStore } from '../../open-store.js';
import { RunningStore } from '../../running-store.js';
import { FilePool } from '../../segment/file-pool.js';
import { segmentName } from '../../segment/segment-name.js';
import type { StoreOptions } from '../../store-options.js';
import { type StorePaths, storePaths } from '../../store-paths.js';
import { AbortFile } from '../abort-file.js';
import { checkFormat } from '../check-format.js';
import { FlushedOffsetFile } from '../flushed-offset-file.js';
import { isFlushedRecord } from '../is-flushed-record.js';
import { hasForeignLog, isLastOpener, takeFromLastOpener } from '../last-opener.js';
import { type QueueEnds, QueueEndsFile, type QueueRange } from '../queue-ends-file.js';
import { QueueLoader } from '../queue-loader.js';
import { bridgeLog } from './bridge-log.js';
import { copyFile } from './keep-damaged.js';
import { type LogInventory, takeInventory } from './log-inventory.js';
import { type LogSurvey, LogSurveyor } from './log-survey.js';
import { askQueues, type QueueKnowledge } from './lost-messages.js';
import type { RepairReport } from './repair-report.js';

const progressIntervalMs = 2000;

/** What is found out without changing anything. */
interface Examination {
  readonly inventory: LogInventory;
  readonly survey: LogSurvey;
  readonly knowledge: QueueKnowledge;
  readonly checksums: ChecksumTable;
}

/** Examines a store that no broker has open and, unless `isDryRun`, repairs it. Rejects with a `StoreError`. */
export async function repairStore(options: StoreOptions, { isDryRun }: { readonly isDryRun: boolean }): Promise<RepairReport> {
  const { config, environment, fileSystem, limits } = options;
  const paths = storePaths(config);
  await checkFormat({ fileSystem, paths, logger: environment.logger, servesTimers: config.timerWheelEnable });
  const lock = await fileSystem.lock(paths.lock);
  let keptIn: string | undefined;
  let examination: Examination;
  try {
    if (!isDryRun) await takeFromLastOpener(fileSystem, paths, environment.logger);
    const pool = new FilePool(fileSystem, limits.openFilesMax);
    try {
      examination = await examine(options, paths, pool);
    } finally {
      await pool.closeAll();
    }
    if (!isDryRun && isDamaged(examination)) {
      keptIn = joinPath(paths.own, `damaged-${environment.clock.now()}`);
      await keepDamaged(options, paths, examination, keptIn);
      await orderRebuild(options, paths, examination);
      const { checksums, inventory, survey } = examination;
      await bridgeLog({ fileSystem, inventory, checksums, maxMessageSize: config.maxMessageSize }, survey.stretches);
    }
  } finally {
    await lock.release();
  }
  if (keptIn !== undefined) await openAndClose(options);
  return reportOf(paths, examination, keptIn);
}

function isDamaged({ inventory, survey }: Examination): boolean {
  return survey.stretches.length > 0 || inventory.strays.length > 0 || inventory.misfits.size > 0;
}

async function examine(options: StoreOptions, paths: StorePaths, pool: FilePool): Promise<Examination> {
  const { config, environment, fileSystem } = options;
  const { clock, logger } = environment;
  // What was noted before another broker had the store is no evidence.
  const isOwn = await isLastOpener(fileSystem, paths);
  const ends = isOwn ? await new QueueEndsFile(fileSystem, paths.queueEnds).read() : undefined;
  const flushedOffset = (await FlushedOffsetFile.read(fileSystem, paths.flushedOffset)) ?? 0;
  const knownEnd = Math.max(flushedOffset, ends?.mark.physicalEnd ?? 0);
  const inventory = await takeInventory(fileSystem, paths.commitLog, config.mappedFileSizeCommitLog, knownEnd);
  const directory = isOwn ? paths.checksums : joinPath(paths.own, 'no-checksums');
  const checksums = new ChecksumTable({ fileSystem, pool, logger, directory });
  let tellAt = clock.monotonic() + progressIntervalMs;
  const survey = await new LogSurveyor({
    inventory,
    pool,
    checksums,
    verifiesPropertyCrc: config.forceVerifyPropCRC,
    knownEnd,
    isForeign: !isOwn || (await hasForeignLog(fileSystem, paths)),
    flushedEndOf: async (from) => {
      const isFlushed = await isFlushedRecord({ fileSystem, pool, segments: inventory.segments, paths }, from);
      return isFlushed ? endByQueues(options, paths, pool, inventory) : 0;
    },
    onProgress: (at) => {
      if (clock.monotonic() < tellAt) return;
      tellAt = clock.monotonic() + progressIntervalMs;
      logger.info('examining the commit log', { at, filesEnd: inventory.segments.endOffset });
    },
  }).run();
  const { physicalEnd, stretches } = survey;
  const queues = { fileSystem, pool, directory: paths.consumeQueue, stretches, physicalEnd };
  return { inventory, survey, knowledge: await askQueues(queues), checksums };
}

/** Behind the last record that the queues of a broker that stopped in order name; 0: it did not, or they cannot be read. */
async function endByQueues(
  { config, fileSystem, limits }: StoreOptions,
  paths: StorePaths,
  pool: FilePool,
  { segments }: LogInventory,
): Promise<number> {
  if (await new AbortFile(fileSystem, paths.abort).exists()) return 0;
  const table = new ConsumeQueueTable({
    directory: paths.consumeQueue,
    fileSizeBytes: config.mappedFileSizeConsumeQueue,
    entriesBytesMax: limits.queueEntriesBytesMax,
  });
  const minPhysicalOffset = segments.firstOffset;
  const loaded = await new QueueLoader({
    fileSystem,
    pool,
    directory: paths.consumeQueue,
    table,
    minPhysicalOffset,
    isReadOnly: true,
  }).loadBySearch();
  return 'rebuild' in loaded ? 0 : loaded.lastEntryEnd;
}

/** Durable copies, with their names, before the first change. */
async function keepDamaged(
  { fileSystem }: StoreOptions,
  paths: StorePaths,
  { inventory, survey }: Examination,
  keptIn: string,
): Promise<void> {
  const { misfits, missing, segments, strays } = inventory;
  await fileSystem.makeDirectory(keptIn);
  const starts = new Set([...misfits.keys(), ...survey.stretches.map(({ from }) => segments.startOf(from))]);
  for (const start of starts) {
    if (missing.has(start)) continue;
    await copyFile(fileSystem, segments.pathOf(start), joinPath(keptIn, segmentName(start)));
  }
  for (const name of strays) {
    await copyFile(fileSystem, joinPath(paths.commitLog, name), joinPath(keptIn, name));
  }
  await fileSystem.syncDirectory(keptIn);
  for (const name of strays) await fileSystem.remove(joinPath(paths.commitLog, name));
  await fileSystem.syncDirectory(paths.commitLog);
}

/** From here on every start builds the queues anew, and none ends before where it is known to have ended. */
async function orderRebuild({ fileSystem }: StoreOptions, paths: StorePaths, { knowledge }: Examination): Promise<void> {
  await fileSystem.makeDirectory(paths.own);
  await fileSystem.makeDirectory(paths.checksums);
  const order = new QueueEndsFile(fileSystem, paths.rebuildOrder);
  const queues = new Map<string, Map<number, QueueRange>>();
  const earlier = await order.read();
  const sources: readonly (QueueEnds | undefined)[] = [earlier, await new QueueEndsFile(fileSystem, paths.queueEnds).read()];
  for (const source of [...sources.map((ends) => ends?.queues), knowledge.ends]) {
    for (const [topic, ranges] of source ?? []) {
      const merged = queues.get(topic) ?? new Map<number, QueueRange>();
      queues.set(topic, merged);
      for (const [queueId, range] of ranges) {
        const known = merged.get(queueId);
        const endOffset = Math.max(range.endOffset, known?.endOffset ?? 0);
        // A minimum that was noted hides what was deleted with its topic; one read from queue files may be the damage's.
        const minOffset = Math.max(source === knowledge.ends ? 0 : range.minOffset, known?.minOffset ?? 0);
        merged.set(queueId, { minOffset, endOffset });
      }
    }
  }
  const mark = { physicalEnd: 0, lastPhysicalOffset: 0, lastStoreTimestamp: 0 };
  await order.write({ mark, queues, begins: earlier?.begins });
}

/** A start carries out the order; its stop leaves a store that needs no recovery, here and at Apache. */
async function openAndClose(options: StoreOptions): Promise<void> {
  const opened = await openStore(options);
  const running = await RunningStore.start(options, opened, { arrival: [], expiry: [] });
  await running.finish();
  const { hasFailed } = running.commit;
  await running.release();
  if (!hasFailed) return;
  const reason = 'The log is repaired, but the queues could not be written: see the log, then run the repair again';
  throw new StoreError('STORE_IO_FAILED', reason, { details: { path: options.config.storePathRootDir } });
}

function reportOf(paths: StorePaths, { inventory, knowledge, survey }: Examination, keptIn: string | undefined): RepairReport {
  const { misfits, segments, strays } = inventory;
  return {
    isDamaged: survey.stretches.length > 0 || strays.length > 0 || misfits.size > 0,
    isRepaired: keptIn !== undefined,
    scannedBytes: survey.scannedBytes,
    recordCount: survey.recordCount,
    stretches: survey.stretches,
    lost: knowledge.lost,
    misfits: [...misfits].map(([start, sizeBytes]) => ({ path: segments.pathOf(start), sizeBytes })),
    strays: strays.map((name) => joinPath(paths.commitLog, name)),
    keptIn,
  };
}
