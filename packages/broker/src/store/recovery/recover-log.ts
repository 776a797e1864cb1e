/**
 * Settles where the log ends after its records were read. Invariants: what is below the flushed offset is never cut; what is
 * behind the end is zeroed, durably, before anything is appended (promises R3); what is given to readers is on the device,
 * even after a flush that failed and left clean pages in memory (promises R2).
 */
import { type Logger, StoreError } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import { zeroTail } from '../segment/zero-tail.js';

const rewriteBytes = 1_048_576;

export interface RecoverLogOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly segments: SegmentList;
  readonly logger: Logger;
  readonly physicalEnd: number;
  /** Why there is no record at `physicalEnd`; undefined: the space was never written. */
  readonly damage: string | undefined;
  /** Known to be on the device, a lower bound; 0: nothing is known. */
  readonly flushedOffset: number;
  readonly wasStoppedCleanly: boolean;
}

function corruption(options: RecoverLogOptions, why: string): StoreError {
  const { damage, physicalEnd, segments } = options;
  const place = `${segments.pathOf(segments.startOf(physicalEnd))}, log offset ${physicalEnd}`;
  return new StoreError(
    'STORE_CORRUPT',
    `The commit log is damaged in ${place} (${damage ?? 'there is no record'}), but ${why}. The log was left as it is: restore the file from a copy, or run mqbroker --repair`,
    { details: { physicalOffset: physicalEnd, flushedOffset: options.flushedOffset } },
  );
}

/** Whether the file behind the one of the end begins with data. */
async function isFollowedByData(options: RecoverLogOptions): Promise<boolean> {
  const { physicalEnd, pool, segments } = options;
  const nextStart = segments.startOf(physicalEnd) + segments.sizeBytes;
  if (!segments.has(nextStart)) return false;
  const head = Buffer.alloc(8);
  await pool.use(segments.pathOf(nextStart), (file) => file.read(head, 0));
  return head.readInt32BE(0) !== 0;
}

export async function settleLogEnd(options: RecoverLogOptions): Promise<void> {
  const { damage, flushedOffset, logger, physicalEnd, segments, wasStoppedCleanly } = options;
  if (physicalEnd < flushedOffset) {
    throw corruption(options, `it was flushed up to offset ${flushedOffset}`);
  }
  if (flushedOffset === 0 && wasStoppedCleanly && (await isFollowedByData(options))) {
    throw corruption(options, 'the next file has records and the last run stopped in order');
  }
  const hasLaterFiles = segments.endOffset > segments.startOf(physicalEnd) + segments.sizeBytes;
  if (wasStoppedCleanly && damage === undefined && !hasLaterFiles) return;
  if (damage !== undefined) {
    logger.warn('the commit log ends in a record that was not completed; it was never acknowledged and is cut off', {
      physicalOffset: physicalEnd,
      reason: damage,
    });
  }
  if (!wasStoppedCleanly) await rewriteUnflushed(options);
  await removeLaterFiles(options);
  if (!segments.has(physicalEnd)) return;
  const start = segments.startOf(physicalEnd);
  await options.pool.drop(segments.pathOf(start));
  await zeroTail(options.fileSystem, segments.pathOf(start), physicalEnd - start, segments.sizeBytes);
}

/** Writes the records that may not be on the device once more, and flushes them: now the device has them, or says that it failed. */
async function rewriteUnflushed(options: RecoverLogOptions): Promise<void> {
  const { flushedOffset, physicalEnd, pool, segments } = options;
  // Without a lower bound only the file of the end and the one before it can have unflushed bytes of their own process.
  const unknownFrom = segments.startOf(physicalEnd) - segments.sizeBytes;
  const from = Math.max(segments.firstOffset, flushedOffset > 0 ? flushedOffset : unknownFrom);
  for (let at = from; at < physicalEnd; ) {
    const start = segments.startOf(at);
    const end = Math.min(physicalEnd, start + segments.sizeBytes);
    const first = at;
    at = end;
    await pool.use(segments.pathOf(start), async (file) => {
      const buffer = Buffer.allocUnsafeSlow(Math.min(rewriteBytes, end - first));
      for (let piece = first; piece < end; piece += buffer.length) {
        const target = buffer.subarray(0, Math.min(buffer.length, end - piece));
        await file.read(target, piece - start);
        await writeFile(file, [target], piece - start);
      }
      await datasyncFile(file);
    });
  }
}

/** Newest first, each removal durable before the next: a crash in between leaves no gap. */
async function removeLaterFiles(options: RecoverLogOptions): Promise<void> {
  const { fileSystem, physicalEnd, pool, segments } = options;
  for (const start of segments.removeFrom(physicalEnd + 1).toReversed()) {
    await pool.drop(segments.pathOf(start));
    await fileSystem.remove(segments.pathOf(start));
    await fileSystem.syncDirectory(segments.directory);
  }
}
