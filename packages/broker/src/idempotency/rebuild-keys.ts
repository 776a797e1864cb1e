/** The keys of the window as the log has them, at the start: from a snapshot that fits the log, and the log behind it. */
import type { Clock, Logger } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import type { LogBytes } from '../store/log-bytes.js';
import { keyHashOf } from './key-hash.js';
import type { KeySnapshot } from './key-snapshot.js';
import type { KeySnapshotFile } from './key-snapshot-file.js';
import { type KeyTable, placeAt } from './key-table.js';
import { type KeyedRecord, keyedRecord } from './keyed-record.js';
import { fileBefore, type ScannedLog, scanLog, storeTimestampAt } from './log-scan.js';

export interface RebuildOptions {
  readonly clock: Clock;
  readonly config: BrokerConfig;
  readonly logger: Logger;
  readonly log: LogBytes;
  readonly isHalfDecided: (origin: number) => boolean;
  /** Of the readable log. */
  readonly begin: number;
  readonly end: number;
  /** Empty. */
  readonly table: KeyTable;
  readonly file: KeySnapshotFile;
}

export interface RebuildResult {
  readonly readBytes: number;
  readonly fromSnapshot: boolean;
}

/**
 * Reads the log behind the snapshot; without one, that of the window and at most one log file before it. A key is as old as its
 * record by the wall clock, or by the log's own last time when the clock was set back; of a record from the future, new.
 */
export async function rebuildKeys(options: RebuildOptions): Promise<RebuildResult> {
  const { begin, clock, config, end, file, logger, table } = options;
  if (end <= begin) return { readBytes: 0, fromSnapshot: false };
  const log: ScannedLog = {
    readLog: (physicalOffset, sizeBytes) => options.log.readLog(physicalOffset, sizeBytes),
    fileSizeBytes: config.mappedFileSizeCommitLog,
    begin,
    end,
  };
  const snapshot = await file.read(begin, end);
  if (snapshot !== undefined) restore(snapshot, table, clock);
  const wallMs = await wallTimeOf(log, clock.now());
  const from = snapshot?.anchor.end ?? (await fileBefore(log, wallMs - config.idempotencyWindowMs));
  const monotonicMs = clock.monotonic();
  const committed = new Set<string>();
  const { damagedAt, lastStoreTimestamp, readBytes } = await scanLog(log, from, (bytes, at, spans) => {
    const record = keyedRecord(bytes, at, spans);
    if (record === undefined) return;
    const ageMs = Math.max(0, wallMs - Number(bytes.readBigInt64BE(spans.storeTimestampAt)));
    if (ageMs < config.idempotencyWindowMs || record.kind === 'committed') note(record, table, monotonicMs - ageMs, committed);
  });
  if (damagedAt.length > 0) {
    logger.error('part of the log could not be read: idempotency keys in it are not known', {
      physicalOffsets: damagedAt.slice(0, 10),
    });
  }
  table.age(Math.max(0, lastStoreTimestamp - wallMs));
  settleHalves(table, committed, options.isHalfDecided);
  table.expire(clock.monotonic());
  return { readBytes, fromSnapshot: snapshot !== undefined };
}

function restore(snapshot: KeySnapshot, table: KeyTable, clock: Clock): void {
  const { anchor, columns } = snapshot;
  const sinceMs = Math.max(0, clock.now() - snapshot.wallMs);
  const shiftMs = clock.monotonic() - snapshot.monotonicMs - sinceMs;
  for (let index = 0; index < columns.count; index += 1) {
    const place = placeAt(columns, index);
    // Removed, or of a record that was not durable when the snapshot was taken: the log behind it says what became of it.
    if (place.physicalOffset < 0 || place.physicalOffset >= anchor.end) continue;
    const [a = 0, b = 0, c = 0, d = 0] = columns.hashes.subarray(index * 4, index * 4 + 4);
    table.add({ a, b, c, d }, place, (columns.addedAts[index] as number) + shiftMs);
  }
}

/** Now, as the log sees it: a store time never falls, so a clock that was set back is behind the newest file. */
async function wallTimeOf(log: ScannedLog, nowMs: number): Promise<number> {
  const newest = log.end - 1 - ((log.end - 1) % log.fileSizeBytes);
  return Math.max(nowMs, (await storeTimestampAt(log, Math.max(newest, log.begin))) ?? 0);
}

/** In log order: the first record with a key is the one. */
function note(record: KeyedRecord, table: KeyTable, addedAtMs: number, committed: Set<string>): void {
  const hash = keyHashOf(record.topic, record.key);
  if (record.kind === 'committed') {
    const known = table.find(hash, addedAtMs);
    if (known !== undefined) committed.add(String(known.physicalOffset));
    return;
  }
  // A later one has the key because the first was rolled back, or was stored when the window was over.
  const known = table.find(hash, addedAtMs);
  if (known === undefined || known.isOpenHalf) table.add(hash, record.place, addedAtMs);
}

/** Of the halves that are decided those that nothing was committed for were rolled back: their keys are free. */
function settleHalves(table: KeyTable, committed: ReadonlySet<string>, isDecided: (origin: number) => boolean): void {
  const columns = table.copy();
  for (let index = 0; index < columns.count; index += 1) {
    const place = placeAt(columns, index);
    if (place.physicalOffset < 0 || !place.isOpenHalf) continue;
    const [a = 0, b = 0, c = 0, d = 0] = columns.hashes.subarray(index * 4, index * 4 + 4);
    if (committed.has(String(place.physicalOffset))) table.settleHalf({ a, b, c, d });
    else if (isDecided(place.queueOffset)) table.remove({ a, b, c, d });
  }
}
