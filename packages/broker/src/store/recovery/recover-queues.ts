/**
 * Brings the consume queues to the log (Java: DefaultMessageStore.recover; promises I15). The log is the truth: from the last
 * point that is known to be in the queues each record is dispatched again; when that does not fit, all queues are built anew.
 */
import { type Clock, type Logger, StoreError } from '@orbitmq/core/kernel';
import { hasQueueEntry } from '../commit-log/log-appender.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import { ConsumeQueueTable } from '../consume-queue/consume-queue-table.js';
import { QueueFlusher } from '../consume-queue/queue-flusher.js';
import { QueueWriter } from '../consume-queue/queue-writer.js';
import { ConsumeQueueDispatcher } from '../dispatch/consume-queue-dispatcher.js';
import type { ChecksumTable } from '../integrity/checksum-table.js';
import type { FileSystem } from '../io/file-system.js';
import { parentPath } from '../io/paths.js';
import type { LogMark } from '../log-mark.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import type { StorePaths } from '../store-paths.js';
import type { TagsCodeOf } from '../tags-code-of.js';
import { CheckpointFile } from './checkpoint-file.js';
import type { FlushedBound } from './flushed-bound.js';
import { isFlushedRecord } from './is-flushed-record.js';
import { logDamageError } from './log-damage-error.js';
import { type ScannedRecord, scanLog } from './log-scanner.js';
import type { QueueEnds } from './queue-ends-file.js';
import { QueueLoader, type RebuildReason } from './queue-loader.js';
import { type QueueSurvey, queueKey } from './survey-queues.js';

const progressIntervalMs = 2000;

export interface RecoverQueuesOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly paths: StorePaths;
  readonly segments: SegmentList;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tagsCodeOf: TagsCodeOf;
  readonly queueFileSizeBytes: number;
  readonly entriesBytesMax: number;
  readonly wasStoppedCleanly: boolean;
  readonly flushed: FlushedBound;
  readonly ends: QueueEnds | undefined;
  /** From a repair, or a rebuild that was cut short: the queues are built anew, and none ends before what it names. */
  readonly rebuildOrder: QueueEnds | undefined;
  /** What the queue files tell where nothing was noted; asked before they go. */
  readonly survey: () => Promise<QueueSurvey>;
  /** Durably makes every start build the queues anew, with what is known of them, until their new ends are noted. */
  readonly order: (known: QueueEnds) => Promise<void>;
  readonly checksums: ChecksumTable;
  readonly verifiesPropertyCrc: boolean;
}

export interface RecoveredQueues {
  readonly table: ConsumeQueueTable;
  readonly writer: QueueWriter;
  readonly mark: LogMark;
  readonly damage: string | undefined;
  /** Where the scan began. */
  readonly scannedFrom: number;
}

export class QueueRecovery {
  readonly #options: RecoverQueuesOptions;

  constructor(options: RecoverQueuesOptions) {
    this.#options = options;
  }

  async run(): Promise<RecoveredQueues> {
    const attempt = await this.#resume();
    if (!('rebuild' in attempt)) return attempt;
    const { logger, segments } = this.#options;
    if (!segments.isEmpty) logger.warn('building the consume queues anew from the commit log', { reason: attempt.rebuild });
    return this.#rebuild();
  }

  #newTable(): ConsumeQueueTable {
    const { entriesBytesMax, paths, queueFileSizeBytes } = this.#options;
    return new ConsumeQueueTable({ directory: paths.consumeQueue, fileSizeBytes: queueFileSizeBytes, entriesBytesMax });
  }

  async #resume(): Promise<RecoveredQueues | RebuildReason> {
    const { ends, fileSystem, paths, pool, rebuildOrder, segments, wasStoppedCleanly } = this.#options;
    if (rebuildOrder !== undefined) return { rebuild: 'the log was repaired, or a rebuild was cut short' };
    if (ends === undefined && !wasStoppedCleanly) return { rebuild: 'the last run did not stop in order and left no queue ends' };
    if (ends !== undefined && ends.mark.physicalEnd < segments.firstOffset) {
      return { rebuild: 'the log begins behind what the queue ends cover' };
    }
    const table = this.#newTable();
    const minPhysicalOffset = segments.firstOffset;
    const loader = new QueueLoader({ fileSystem, pool, directory: paths.consumeQueue, table, minPhysicalOffset });
    const loaded = await (ends === undefined ? loader.loadBySearch() : loader.loadAt(ends));
    if ('rebuild' in loaded) return loaded;
    const from = ends?.mark.physicalEnd ?? Math.max(loaded.lastEntryStart, minPhysicalOffset);
    const mark = ends?.mark ?? { physicalEnd: from, lastPhysicalOffset: 0, lastStoreTimestamp: 0 };
    const recovered = await this.#dispatch(table, mark);
    if ('rebuild' in recovered) return recovered;
    const { damage } = recovered;
    const { lastEntryEnd } = loaded;
    const { physicalEnd } = recovered.mark;
    if (lastEntryEnd > physicalEnd) {
      // Another broker stopped in order, so its queues name only records that are on the device.
      if (ends === undefined && (await isFlushedRecord(this.#options, physicalEnd))) {
        const why = `the last run stopped in order and the consume queues name messages up to offset ${lastEntryEnd}`;
        throw logDamageError({ segments, physicalEnd, damage }, why, { lastEntryEnd });
      }
      return { rebuild: 'queue entries point behind the end of the log' };
    }
    // In order and nothing after it: nobody else wrote either, so the queue files end where they should.
    if (ends !== undefined && wasStoppedCleanly && physicalEnd === from) {
      for (const queue of table.all()) queue.hasStaleTail = false;
    }
    return recovered;
  }

  async #rebuild(): Promise<RecoveredQueues> {
    const { fileSystem, order, paths, pool, rebuildOrder, segments } = this.#options;
    const known = rebuildOrder ?? (await this.#known());
    // Also after a stop in order: a kill from here on must not leave a part of the queues that counts as all of them.
    if (rebuildOrder === undefined && !segments.isEmpty) await order(known);
    // First the claims that the queues are right, ours and Apache's, then the queues: a crash in between, or before the new
    // ones are on the device, must not leave them.
    await CheckpointFile.forgetQueues(fileSystem, paths.checkpoint);
    await fileSystem.remove(paths.queueEnds);
    await fileSystem.syncDirectory(parentPath(paths.queueEnds));
    await pool.closeAll();
    await fileSystem.removeDirectory(paths.consumeQueue);
    // Who looks at the space of its partition finds it.
    await fileSystem.makeDirectory(paths.consumeQueue);
    const table = this.#newTable();
    this.#beginWhereKnown(table, known);
    const start = { physicalEnd: segments.firstOffset, lastPhysicalOffset: 0, lastStoreTimestamp: 0 };
    const recovered = await this.#dispatch(table, start, { begins: known.begins ?? new Map() });
    if ('rebuild' in recovered) throw new StoreError('STORE_CORRUPT', `Cannot build the consume queues: ${recovered.rebuild}`);
    for (const source of [this.#options.ends, known]) {
      if (source !== undefined) this.#raiseEnds(table, source, recovered.mark.physicalEnd);
    }
    return recovered;
  }

  /** What the log alone does not tell of the queues. */
  async #known(): Promise<QueueEnds> {
    const { ends, segments, survey } = this.#options;
    if (ends !== undefined) return ends;
    const { begins, expired } = await survey();
    const mark = { physicalEnd: segments.firstOffset, lastPhysicalOffset: 0, lastStoreTimestamp: 0 };
    return { mark, queues: expired, begins };
  }

  /** What is before a queue's minimum has expired or was deleted: records of it that the log still has are not shown again. */
  #beginWhereKnown(table: ConsumeQueueTable, known: QueueEnds): void {
    for (const [topic, ranges] of known.queues) {
      for (const [queueId, { minOffset }] of ranges) {
        if (minOffset > 0) table.findOrCreate(topic, queueId).beginAt(minOffset);
      }
    }
  }

  /** The last messages of a queue may be gone from the log, expired or lost: an offset is never given twice. */
  #raiseEnds(table: ConsumeQueueTable, known: QueueEnds, physicalEnd: number): void {
    const { segments } = this.#options;
    for (const [topic, ranges] of known.queues) {
      for (const [queueId, { deletedAt, endOffset }] of ranges) {
        const queue = table.findOrCreate(topic, queueId);
        if (queue.maxOffset < endOffset) {
          if (queue.isUnused) queue.beginAt(endOffset);
          else queue.fillTo(endOffset, segments.startOf(physicalEnd));
          queue.isDirty = true;
        }
        if (deletedAt !== undefined && queue.isUnused && queue.maxOffset === endOffset) queue.wasDeletedAt(deletedAt);
      }
    }
  }

  /** `rebuild`: the queues are empty, and the log is read from its beginning. */
  async #dispatch(
    table: ConsumeQueueTable,
    from: LogMark,
    rebuild?: { readonly begins: ReadonlyMap<string, number> },
  ): Promise<RecoveredQueues | RebuildReason> {
    const isRebuild = rebuild !== undefined;
    const { clock, fileSystem, flushed, logger, pool, segments, wasStoppedCleanly } = this.#options;
    const writer = new QueueWriter(fileSystem, pool);
    let mark = from;
    let { lastPhysicalOffset, lastStoreTimestamp } = from;
    const flusher = new QueueFlusher({
      clock,
      table,
      writer,
      leastPages: 1,
      thoroughIntervalMs: Number.POSITIVE_INFINITY,
      recoveryBytesMax: Number.POSITIVE_INFINITY,
      dispatchedTo: () => mark,
      onFlushed: async () => undefined,
    });
    const onEntry = (queue: ConsumeQueue): void => flusher.markDirty(queue);
    const dispatcher = new ConsumeQueueDispatcher({ onEntry, isRebuild, segmentStartOf: (offset) => segments.startOf(offset) });
    let tellAt = clock.monotonic() + progressIntervalMs;
    const end = await scanLog({
      segments,
      pool,
      checksums: this.#options.checksums,
      verifiesPropertyCrc: this.#options.verifiesPropertyCrc,
      from: from.physicalEnd,
      suspectFrom: wasStoppedCleanly ? Number.POSITIVE_INFINITY : flushed.offset,
      suspectAfter: flushed.timestamp,
      onRecord: (record) => {
        if (hasQueueEntry(record.sysFlag) && !isOfDeleted(record, rebuild?.begins)) {
          this.#dispatchRecord(table, dispatcher, record);
        }
        lastPhysicalOffset = record.physicalOffset;
        lastStoreTimestamp = Math.max(lastStoreTimestamp, record.storeTimestamp);
      },
      onPause: async (physicalOffset) => {
        mark = { physicalEnd: physicalOffset, lastPhysicalOffset, lastStoreTimestamp };
        if (table.memory.isOverfull) await flusher.run();
        if (clock.monotonic() < tellAt) return;
        tellAt = clock.monotonic() + progressIntervalMs;
        logger.info('recovering the commit log', { at: physicalOffset, from: from.physicalEnd, filesEnd: segments.endOffset });
      },
    });
    if (dispatcher.gap !== undefined) return { rebuild: describeGap(dispatcher.gap) };
    // Apache 5.5 builds queues anew from the last ten files of the log at most: were this process killed before the first flush,
    // it would find nothing of the older ones.
    if (isRebuild) await flusher.run({ isThorough: true });
    const recoveredMark = { physicalEnd: end.physicalEnd, lastPhysicalOffset, lastStoreTimestamp };
    return { table, writer, mark: recoveredMark, damage: end.damage, scannedFrom: from.physicalEnd };
  }

  #dispatchRecord(table: ConsumeQueueTable, dispatcher: ConsumeQueueDispatcher, record: ScannedRecord): void {
    const { topic, queueId, storeTimestamp } = record;
    dispatcher.dispatch({
      queue: table.findOrCreate(topic, queueId),
      queueOffset: record.queueOffset,
      physicalOffset: record.physicalOffset,
      sizeBytes: record.sizeBytes,
      tagsCode: this.#options.tagsCodeOf(topic, record.properties, storeTimestamp),
      storeTimestamp,
    });
  }
}

/** A record of a deleted topic, of which another one has the name now: see `QueueSurvey.begins`. */
function isOfDeleted(record: ScannedRecord, begins: ReadonlyMap<string, number> | undefined): boolean {
  if (begins === undefined || begins.size === 0) return false;
  return record.physicalOffset < (begins.get(queueKey(record.topic, record.queueId)) ?? 0);
}

function describeGap(gap: {
  readonly topic: string;
  readonly queueId: number;
  readonly expectedOffset: number;
  readonly foundOffset: number;
}): string {
  return `queue ${gap.topic}/${gap.queueId} lacks the entries from ${gap.expectedOffset} to ${gap.foundOffset}`;
}
