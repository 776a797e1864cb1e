/**
 * Reads the log record by record from a place on (Java: CommitLog.recover; page 20 §8). Memory is one buffer, whatever the
 * size of the log. A record counts only when its lengths agree, its body has its CRC, and it names the very place where it
 * stands (an old record behind a cut does not). The scan ends at the first place that has none.
 */
import { RecordAt, readInt64, spansOfRecord, verifyRecord } from '@orbitmq/protocol';
import { isTopicName } from '../consume-queue/topic-name.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';

const bufferBytes = 4_194_304;

/** A record found. `bytes` and `properties` are overwritten after the call. */
export interface ScannedRecord {
  readonly bytes: Buffer;
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly sysFlag: number;
  readonly storeTimestamp: number;
  readonly properties: Buffer;
}

export interface LogScanEnd {
  /** Behind the last record, or the start of the next file when a file ends there. */
  readonly physicalEnd: number;
  /** Why there is no record at `physicalEnd`; undefined: the space was never written. */
  readonly damage: string | undefined;
}

export interface LogScanOptions {
  readonly segments: SegmentList;
  readonly pool: FilePool;
  readonly from: number;
  readonly recordBytesMax: number;
  /** From here on a crash may have torn a record: parts of it are zeros where nothing else would show it. */
  readonly suspectFrom: number;
  readonly onRecord: (record: ScannedRecord) => void;
  /** Between two reads: time to make room and to tell how far it is. */
  readonly onPause: (physicalOffset: number) => Promise<void>;
}

type Found =
  | { readonly record: ScannedRecord }
  | { readonly skipTo: number }
  | { readonly end: LogScanEnd }
  | { readonly neededBytes: number };

export async function scanLog(options: LogScanOptions): Promise<LogScanEnd> {
  const { segments } = options;
  let physicalOffset = options.from;
  while (segments.has(physicalOffset)) {
    const end = await scanFile(options, physicalOffset);
    if ('end' in end) return end.end;
    physicalOffset = end.skipTo;
  }
  return { physicalEnd: physicalOffset, damage: undefined };
}

/** Scans from a place to the end of its file. */
async function scanFile(
  options: LogScanOptions,
  from: number,
): Promise<{ readonly end: LogScanEnd } | { readonly skipTo: number }> {
  const { segments, pool, onRecord, onPause } = options;
  const fileStart = segments.startOf(from);
  const fileEnd = fileStart + segments.sizeBytes;
  let buffer = Buffer.allocUnsafeSlow(Math.min(bufferBytes, fileEnd - from));
  let physicalOffset = from;
  while (physicalOffset < fileEnd) {
    const wantedBytes = Math.min(buffer.length, fileEnd - physicalOffset);
    const target = buffer.subarray(0, wantedBytes);
    const position = physicalOffset - fileStart;
    const readBytes = await pool.use(segments.pathOf(fileStart), (file) => file.read(target, position));
    const bytes = target.subarray(0, readBytes);
    let at = 0;
    for (let isBufferDone = false; !isBufferDone; ) {
      const found = recordAt(options, bytes, at, physicalOffset + at, fileEnd);
      if ('record' in found) {
        onRecord(found.record);
        at += found.record.sizeBytes;
      } else if ('neededBytes' in found) {
        if (at === 0 && found.neededBytes > buffer.length) buffer = Buffer.allocUnsafeSlow(found.neededBytes);
        else if (at === 0) return { end: { physicalEnd: physicalOffset, damage: 'its file is shorter than its size' } };
        isBufferDone = true;
      } else return found;
    }
    physicalOffset += at;
    await onPause(physicalOffset);
  }
  return { skipTo: fileEnd };
}

function recordAt(options: LogScanOptions, bytes: Buffer, at: number, physicalOffset: number, fileEnd: number): Found {
  const ended = (damage: string | undefined): Found => ({ end: { physicalEnd: physicalOffset, damage } });
  const check = verifyRecord(bytes, at);
  if (check.status === 'end') return ended(undefined);
  if (check.status === 'invalid') return ended(check.reason);
  if (check.status === 'cut') {
    const canBeWhole = check.neededBytes <= fileEnd - physicalOffset && check.neededBytes <= options.recordBytesMax;
    return canBeWhole ? { neededBytes: check.neededBytes } : ended('its size does not fit its file');
  }
  if (check.status === 'blank') {
    return check.sizeBytes === fileEnd - physicalOffset
      ? { skipTo: fileEnd }
      : ended('a blank record does not reach the end of its file');
  }
  const spans = spansOfRecord(bytes, at, at + check.sizeBytes);
  if (typeof spans === 'string') return ended(spans);
  if (readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET) !== physicalOffset) return ended('it belongs to another place of the log');
  const topic = bytes.toString('utf8', spans.topicStart, spans.topicEnd);
  if (!isTopicName(topic)) return ended('its topic is not a legal name');
  const properties = bytes.subarray(spans.propertiesStart, at + check.sizeBytes);
  if (physicalOffset >= options.suspectFrom && properties.includes(0)) return ended('its properties are not complete');
  return {
    record: {
      bytes,
      physicalOffset,
      sizeBytes: check.sizeBytes,
      topic,
      queueId: bytes.readInt32BE(at + RecordAt.QUEUE_ID),
      queueOffset: readInt64(bytes, at + RecordAt.QUEUE_OFFSET),
      sysFlag: bytes.readInt32BE(at + RecordAt.SYS_FLAG),
      storeTimestamp: readInt64(bytes, spans.storeTimestampAt),
      properties,
    },
  };
}
