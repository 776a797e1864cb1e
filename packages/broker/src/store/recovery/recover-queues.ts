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
import type { FileSystem } from '../io/file-system.js';
import { parentPath } from '../io/paths.js';
import type { LogMark } from '../log-mark.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import type { StorePaths } from '../store-paths.js';
import type { TagsCodeOf } from '../tags-code-of.js';
import { type LogScanEnd, type ScannedRecord, scanLog } from './log-scanner.js';
import type { QueueEnds } from './queue-ends-file.js';
import { QueueLoader, type RebuildReason } from './queue-loader.js';

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
  readonly recordBytesMax: number;
  readonly wasStoppedCleanly: boolean;
  /** Known to be on the device, a lower bound. */
  readonly flushedOffset: number;
  readonly ends: QueueEnds | undefined;
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
    const { ends, fileSystem, paths, pool, segments, wasStoppedCleanly } = this.#options;
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
    const recovered = await this.#dispatch(table, mark, false);
    if ('rebuild' in recovered) return recovered;
    if (loaded.lastEntryEnd > recovered.mark.physicalEnd) return { rebuild: 'queue entries point behind the end of the log' };
    // In order and nothing after it: nobody else wrote either, so the queue files end where they should.
    if (ends !== undefined && wasStoppedCleanly && recovered.mark.physicalEnd === from) {
      for (const queue of table.all()) queue.hasStaleTail = false;
    }
    return recovered;
  }

  async #rebuild(): Promise<RecoveredQueues> {
    const { ends, fileSystem, paths, pool, segments } = this.#options;
    // First the claim that the queues are right, then the queues: a crash in between must not leave the claim.
    await fileSystem.remove(paths.queueEnds);
    await fileSystem.syncDirectory(parentPath(paths.queueEnds));
    await pool.closeAll();
    await fileSystem.removeDirectory(paths.consumeQueue);
    const table = this.#newTable();
    const start = { physicalEnd: segments.firstOffset, lastPhysicalOffset: 0, lastStoreTimestamp: 0 };
    const recovered = await this.#dispatch(table, start, true);
    if ('rebuild' in recovered) throw new StoreError('STORE_CORRUPT', `Cannot build the consume queues: ${recovered.rebuild}`);
    for (const [topic, ranges] of ends?.queues ?? []) {
      for (const [queueId, range] of ranges) {
        const queue = table.findOrCreate(topic, queueId);
        // All its messages are gone from the log, but an offset is never given twice.
        if (queue.maxOffset === 0 && range.endOffset > 0) queue.beginAt(range.endOffset);
      }
    }
    return recovered;
  }

  async #dispatch(table: ConsumeQueueTable, from: LogMark, isRebuild: boolean): Promise<RecoveredQueues | RebuildReason> {
    const { clock, fileSystem, flushedOffset, logger, pool, recordBytesMax, segments, wasStoppedCleanly } = this.#options;
    const writer = new QueueWriter(fileSystem, pool);
    let mark = from;
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
    const dispatcher = new ConsumeQueueDispatcher({ onEntry, isRebuild });
    let tellAt = clock.monotonic() + progressIntervalMs;
    const end = await scanLog({
      segments,
      pool,
      recordBytesMax,
      from: from.physicalEnd,
      suspectFrom: wasStoppedCleanly ? Number.POSITIVE_INFINITY : flushedOffset,
      onRecord: (record) => {
        if (hasQueueEntry(record.sysFlag)) this.#dispatchRecord(table, dispatcher, record);
        mark = {
          physicalEnd: record.physicalOffset + record.sizeBytes,
          lastPhysicalOffset: record.physicalOffset,
          lastStoreTimestamp: Math.max(mark.lastStoreTimestamp, record.storeTimestamp),
        };
      },
      onPause: async (physicalOffset) => {
        if (table.memory.isOverfull) await flusher.run();
        if (clock.monotonic() < tellAt) return;
        tellAt = clock.monotonic() + progressIntervalMs;
        logger.info('recovering the commit log', { at: physicalOffset, from: from.physicalEnd, filesEnd: segments.endOffset });
      },
    });
    if (dispatcher.gap !== undefined) return { rebuild: describeGap(dispatcher.gap) };
    return this.#recovered(table, writer, mark, end, from.physicalEnd);
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

  #recovered(
    table: ConsumeQueueTable,
    writer: QueueWriter,
    mark: LogMark,
    end: LogScanEnd,
    scannedFrom: number,
  ): RecoveredQueues {
    return { table, writer, mark: { ...mark, physicalEnd: end.physicalEnd }, damage: end.damage, scannedFrom };
  }
}

function describeGap(gap: {
  readonly topic: string;
  readonly queueId: number;
  readonly expectedOffset: number;
  readonly foundOffset: number;
}): string {
  return `queue ${gap.topic}/${gap.queueId} lacks the entries from ${gap.expectedOffset} to ${gap.foundOffset}`;
}
