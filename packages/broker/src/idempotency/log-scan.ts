/**
 * Reads a stretch of the log from record to record, in blocks of 1 MiB, whatever its length. What is damaged is told and left
 * out with the rest of its file: the keys in it are unknown then, and no message is ever lost for that.
 */
import {
  blankMagic,
  messageMagicV1,
  messageMagicV2,
  RecordAt,
  type RecordSpans,
  readInt64,
  recordBytesToStoreTimestampMax,
  spansOfRecord,
  storeTimestampOf,
} from '@orbitmq/protocol';
import { isPlausibleRecord, recordHeadBytes } from '../store/commit-log/plausible-record.js';
import type { LogBytes } from '../store/log-bytes.js';

const blockBytes = 1_048_576;
/** Size and magic word. */
const prefixBytes = 8;

export interface ScannedLog extends LogBytes {
  readonly fileSizeBytes: number;
  /** Where the oldest file begins. */
  readonly begin: number;
  readonly end: number;
}

export type RecordVisitor = (bytes: Buffer, at: number, spans: RecordSpans) => void;

export interface ScanResult {
  readonly readBytes: number;
  readonly lastStoreTimestamp: number;
  readonly damagedAt: readonly number[];
}

/** Where the newest file begins whose first record is older than `timestamp`, or the oldest file. */
export async function fileBefore(log: ScannedLog, timestamp: number): Promise<number> {
  let start = startOf(log, log.end - 1);
  for (; start > log.begin; start -= log.fileSizeBytes) {
    const storedAt = await storeTimestampAt(log, start);
    if (storedAt !== undefined && storedAt < timestamp) return start;
  }
  return log.begin;
}

/** Store time of the record at a place; undefined when none can be read there. */
export async function storeTimestampAt(log: ScannedLog, physicalOffset: number): Promise<number | undefined> {
  const bytes = await log.readLog(physicalOffset, recordBytesToStoreTimestampMax);
  if (bytes.length < recordBytesToStoreTimestampMax) return undefined;
  const magic = bytes.readInt32BE(RecordAt.MAGIC);
  return magic === messageMagicV1 || magic === messageMagicV2 ? storeTimestampOf(bytes) : undefined;
}

export async function scanLog(log: ScannedLog, from: number, visit: RecordVisitor): Promise<ScanResult> {
  const damagedAt: number[] = [];
  let readBytes = 0;
  let lastStoreTimestamp = 0;
  let position = from;
  let wantedBytes = blockBytes;
  while (position < log.end) {
    const askedBytes = Math.min(wantedBytes, log.end - position);
    const block = await log.readLog(position, askedBytes);
    readBytes += block.length;
    let at = 0;
    let isFileOver = false;
    let neededBytes = prefixBytes;
    while (block.length - at >= prefixBytes) {
      const sizeBytes = block.readInt32BE(at);
      const magic = block.readInt32BE(at + 4);
      isFileOver = magic === blankMagic;
      const isRecord = (magic === messageMagicV1 || magic === messageMagicV2) && sizeBytes <= log.fileSizeBytes;
      if (isFileOver || !isRecord || sizeBytes < prefixBytes) break;
      const available = block.length - at;
      if (sizeBytes > available && available >= recordHeadBytes && !isPlausibleRecord(block, at, sizeBytes, position + at)) break;
      neededBytes = available < recordHeadBytes ? Math.min(recordHeadBytes, sizeBytes) : sizeBytes;
      if (sizeBytes > available) break;
      const spans = spansOfRecord(block, at, at + sizeBytes);
      if (typeof spans === 'string') damagedAt.push(position + at);
      else {
        lastStoreTimestamp = Math.max(lastStoreTimestamp, readInt64(block, spans.storeTimestampAt));
        visit(block, at, spans);
      }
      at += sizeBytes;
      neededBytes = prefixBytes;
    }
    position += at;
    wantedBytes = Math.max(blockBytes, neededBytes);
    if (at > 0 && !isFileOver) continue;
    // A record that does not fit a block is read whole; when that does not help, it is none.
    if (!isFileOver && neededBytes > askedBytes && askedBytes < log.end - position) continue;
    if (!isFileOver) damagedAt.push(position);
    position = startOf(log, position) + log.fileSizeBytes;
  }
  return { readBytes, lastStoreTimestamp, damagedAt };
}

function startOf(log: ScannedLog, physicalOffset: number): number {
  return physicalOffset - (physicalOffset % log.fileSizeBytes);
}
