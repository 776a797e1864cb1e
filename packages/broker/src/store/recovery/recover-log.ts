/**
 * Settles where the log ends after its records were read. Invariants: what is below the flushed offset is never cut; what is
 * behind the end is zeroed, durably, before anything is appended (promises R3); what is given to readers is on the device,
 * even after a flush that failed and left clean pages in memory (promises R2).
 */
import type { Logger } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import { beginsWithData } from '../segment/begins-with-data.js';
import type { FilePool } from '../segment/file-pool.js';
import { zeroTail } from '../segment/zero-tail.js';
import type { FlushedBound } from './flushed-bound.js';
import { type LogDamage, logDamageError } from './log-damage-error.js';
import { findRecord } from './repair/find-record.js';

const rewriteBytes = 1_048_576;

export interface RecoverLogOptions extends LogDamage {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly logger: Logger;
  /** Store time of the newest record below `physicalEnd`; 0: there is none. */
  readonly lastStoreTimestamp: number;
  readonly flushed: FlushedBound;
  readonly wasStoppedCleanly: boolean;
}

/** Whether the file behind the one of the end begins with data. */
async function isFollowedByData({ physicalEnd, pool, segments }: RecoverLogOptions): Promise<boolean> {
  const nextStart = segments.startOf(physicalEnd) + segments.sizeBytes;
  return segments.has(nextStart) && (await beginsWithData(pool, segments.pathOf(nextStart)));
}

/** Whether there are records behind the end, in its file or in the next one. */
async function isFollowedByRecords(options: RecoverLogOptions): Promise<boolean> {
  const { physicalEnd, pool, segments } = options;
  if (!segments.has(physicalEnd)) return false;
  if (await isFollowedByData(options)) return true;
  const next = await findRecord({ segments, pool }, physicalEnd, physicalEnd + 1);
  return next !== undefined;
}

/** What was flushed is damaged, not torn: to cut there would delete messages that were acknowledged. */
async function refuseCorruption(options: RecoverLogOptions): Promise<void> {
  const { flushed, lastStoreTimestamp, physicalEnd, wasStoppedCleanly } = options;
  const corruption = (why: string) => logDamageError(options, why, { flushedOffset: flushed.noted });
  if (physicalEnd < flushed.offset) {
    throw corruption(
      physicalEnd < flushed.noted
        ? `it was flushed up to offset ${flushed.noted}`
        : 'the log goes on in the file after the next one',
    );
  }
  if (wasStoppedCleanly) {
    const isBound = flushed.isKnown && flushed.offset > 0;
    if (isBound || !(await isFollowedByData(options))) return;
    throw corruption('the next file has records and the last run stopped in order');
  }
  // All before it was flushed, and a newer record too: so was the one that should be here.
  if (lastStoreTimestamp < flushed.timestamp && (await isFollowedByRecords(options))) {
    throw corruption(`records up to the store time ${flushed.timestamp} were flushed, and there are some behind it`);
  }
}

export async function settleLogEnd(options: RecoverLogOptions): Promise<void> {
  const { damage, logger, physicalEnd, segments, wasStoppedCleanly } = options;
  await refuseCorruption(options);
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
  const { flushed, physicalEnd, pool, segments } = options;
  // Where the bound is a guess, the file of the end and the one before it are taken to have unflushed bytes.
  const unknownFrom = segments.startOf(physicalEnd) - segments.sizeBytes;
  const from = Math.max(segments.firstOffset, flushed.isKnown ? flushed.offset : unknownFrom);
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
