/**
 * Reads the log record by record from a place on (Java: CommitLog.recover; page 20 §8). Memory is bounded, whatever the size
 * of the log. A record counts only when its lengths agree, its body has its CRC, it names the very place where it stands (an
 * old record behind a cut does not), and its block has its checksum, where there is one. The scan ends at the first place
 * that has none.
 */
import {
  blankMagic,
  maskedCrc32,
  messageMagicV1,
  messageMagicV2,
  RecordAt,
  type RecordSpans,
  readInt64,
  spansOfRecord,
} from '@orbitmq/protocol';
import { isPlausibleRecord, recordHeadBytes } from '../commit-log/plausible-record.js';
import { isTopicName } from '../consume-queue/topic-name.js';
import { blockStart, checksumBlockBytes } from '../integrity/block-checksum.js';
import type { ChecksumTable, DamagedBlock } from '../integrity/checksum-table.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import { propertyCrcProblem } from './property-crc.js';
import { type ReadPiece, SequentialReader } from './sequential-reader.js';
import { hasUnwrittenSector } from './unwritten-sector.js';

const pieceBytes = 2_097_152;
const restBytes = 262_144;
/** Topics whose text is kept, so that a record of a known one makes no string. */
const topicsMax = 4096;
const prefixBytes = 8;

/** A record found. The object and its bytes are reused: copy what is kept. */
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
  /** The damage is known to reach to here at least. */
  readonly damagedTo?: number | undefined;
}

export interface LogScanOptions {
  readonly segments: SegmentList;
  readonly pool: FilePool;
  /** Verifies blocks; undefined: not at all. */
  readonly checksums: ChecksumTable | undefined;
  readonly from: number;
  /** From here on a crash may have torn a record: parts of it are zeros where nothing else would show it. */
  readonly suspectFrom: number;
  /** Records up to this store time are known to be whole; 0 or absent: none. */
  readonly suspectAfter?: number | undefined;
  /** Java: forceVerifyPropCRC. */
  readonly verifiesPropertyCrc: boolean;
  readonly onRecord: (record: ScannedRecord) => void;
  /** Between two reads: time to make room and to tell how far it is. */
  readonly onPause: (physicalOffset: number) => Promise<void>;
}

/** A scan of one file ends at a place without a record, or goes on at the next file. */
export type LogFileScanEnd = { readonly end: LogScanEnd } | { readonly skipTo: number };

/** What stands at a place: a record of so many bytes, the jump to the next file, the end, or too few bytes to tell. */
type Found =
  | { readonly kind: 'record'; readonly sizeBytes: number }
  | { readonly kind: 'skip' }
  | { readonly kind: 'end'; readonly damage: string | undefined }
  | { readonly kind: 'more' };

class RecordView implements ScannedRecord {
  bytes: Buffer = Buffer.alloc(0);
  properties: Buffer = this.bytes;
  physicalOffset = 0;
  sizeBytes = 0;
  topic = '';
  queueId = 0;
  queueOffset = 0;
  sysFlag = 0;
  storeTimestamp = 0;
}

export async function scanLog(options: LogScanOptions): Promise<LogScanEnd> {
  const { segments } = options;
  const scanner = new FileScanner(options);
  let physicalOffset = options.from;
  while (segments.has(physicalOffset)) {
    const end = await scanner.scan(physicalOffset);
    if ('end' in end) return end.end;
    physicalOffset = end.skipTo;
  }
  return { physicalEnd: physicalOffset, damage: undefined };
}

/** From a place to the end of its file. */
export function scanLogFile(options: LogScanOptions): Promise<LogFileScanEnd> {
  return new FileScanner(options).scan(options.from);
}

class FileScanner {
  readonly #options: LogScanOptions;
  readonly #reader = new SequentialReader({ pieceBytes, restBytes });
  readonly #record = new RecordView();
  /** By their bytes; undefined: not a legal name. */
  readonly #topics = new Map<string, string | undefined>();

  constructor(options: LogScanOptions) {
    this.#options = options;
  }

  /** From a place to the end of its file. */
  async scan(from: number): Promise<LogFileScanEnd> {
    const { pool, segments } = this.#options;
    const fileStart = segments.startOf(from);
    const path = segments.pathOf(fileStart);
    const position = blockStart(from - fileStart);
    this.#reader.begin((target, at) => pool.use(path, (file) => file.read(target, at)), position, segments.sizeBytes);
    try {
      return await this.#scanPieces(from, fileStart);
    } finally {
      await this.#reader.cancel();
    }
  }

  async #scanPieces(from: number, fileStart: number): Promise<LogFileScanEnd> {
    const { onPause, segments } = this.#options;
    const fileEnd = fileStart + segments.sizeBytes;
    let physicalOffset = from;
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const piece = await this.#reader.next(rest);
      if (piece === undefined) {
        if (physicalOffset >= fileEnd) return { skipTo: fileEnd };
        return { end: { physicalEnd: physicalOffset, damage: 'its file is shorter than its size' } };
      }
      const damagedBlock = await this.#damagedBlock(piece, fileStart, from);
      const limit = damagedBlock?.at ?? piece.bytes.length;
      const bytesStart = fileStart + piece.position - piece.newAt;
      let at = physicalOffset - bytesStart;
      let found = this.#at(piece.bytes, at, physicalOffset, fileEnd);
      while (found.kind === 'record' && at + found.sizeBytes <= limit) {
        this.#options.onRecord(this.#record);
        at += found.sizeBytes;
        physicalOffset += found.sizeBytes;
        found = this.#at(piece.bytes, at, physicalOffset, fileEnd);
      }
      const reach = found.kind === 'record' ? at + found.sizeBytes : at + prefixBytes;
      if (damagedBlock !== undefined && (found.kind === 'more' || reach > damagedBlock.at)) {
        const damage = 'its block does not have its checksum';
        const damagedTo = bytesStart + damagedBlock.at + damagedBlock.coveredBytes;
        return { end: { physicalEnd: physicalOffset, damage, damagedTo } };
      }
      if (found.kind === 'end') return { end: { physicalEnd: physicalOffset, damage: found.damage } };
      if (found.kind === 'skip') return { skipTo: fileEnd };
      rest = piece.bytes.subarray(at);
      await onPause(physicalOffset);
    }
  }

  /** The first damaged block in the bytes of the piece, but for one whose damage is all before `from`. */
  async #damagedBlock(piece: ReadPiece, fileStart: number, from: number): Promise<DamagedBlock | undefined> {
    const { checksums } = this.#options;
    if (checksums === undefined) return undefined;
    const { bytes, newAt, position } = piece;
    const first = await checksums.firstDamaged(fileStart, position, bytes.subarray(newAt));
    if (first === undefined) return undefined;
    if (fileStart + position + first.at + first.coveredBytes > from) return { ...first, at: newAt + first.at };
    const nextAt = first.at + checksumBlockBytes;
    const next = await checksums.firstDamaged(fileStart, position + nextAt, bytes.subarray(newAt + nextAt));
    return next === undefined ? undefined : { ...next, at: newAt + nextAt + next.at };
  }

  #at(bytes: Buffer, at: number, physicalOffset: number, fileEnd: number): Found {
    const available = bytes.length - at;
    const isLast = physicalOffset + available >= fileEnd;
    if (available < 4) return isLast ? ended('it is cut off') : more;
    const sizeBytes = bytes.readInt32BE(at);
    if (sizeBytes === 0) return neverWritten;
    if (available < prefixBytes) return isLast ? ended('it is cut off') : more;
    const magic = bytes.readInt32BE(at + RecordAt.MAGIC);
    if (magic === blankMagic) {
      return sizeBytes === fileEnd - physicalOffset ? skip : ended('a blank record does not reach the end of its file');
    }
    if (magic !== messageMagicV1 && magic !== messageMagicV2) return ended('its magic word is unknown');
    if (sizeBytes > fileEnd - physicalOffset) return ended('its size does not fit its file');
    if (sizeBytes > available) {
      // Only a size that the rest of the head agrees with is read for, whatever it costs.
      if (available < recordHeadBytes || isPlausibleRecord(bytes, at, sizeBytes, physicalOffset)) return more;
      return ended('its size does not fit its body');
    }
    return this.#verified(bytes, at, physicalOffset, sizeBytes, physicalOffset + this.#options.segments.sizeBytes - fileEnd);
  }

  #verified(bytes: Buffer, at: number, physicalOffset: number, sizeBytes: number, position: number): Found {
    const spans = spansOfRecord(bytes, at, at + sizeBytes);
    if (typeof spans === 'string') return ended(spans);
    const crc = bytes.readInt32BE(at + RecordAt.BODY_CRC);
    if (maskedCrc32(bytes.subarray(spans.bodyStart, spans.bodyEnd)) !== crc) return ended('its body does not have its CRC');
    if (readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET) !== physicalOffset) {
      return ended('it belongs to another place of the log');
    }
    const topic = this.#topic(bytes, spans);
    if (topic === undefined) return ended('its topic is not a legal name');
    const properties = bytes.subarray(spans.propertiesStart, at + sizeBytes);
    const { suspectAfter = 0, suspectFrom } = this.#options;
    const isSuspect = physicalOffset >= suspectFrom && readInt64(bytes, spans.storeTimestampAt) > suspectAfter;
    if (isSuspect && hasUnwrittenSector(bytes, at, spans.propertiesStart, at + sizeBytes, position)) {
      return ended('its properties are not complete');
    }
    if (this.#options.verifiesPropertyCrc) {
      const problem = propertyCrcProblem(bytes, at, spans.propertiesStart, at + sizeBytes);
      if (problem !== undefined) return ended(problem);
    }
    const record = this.#record;
    record.bytes = bytes;
    record.properties = properties;
    record.physicalOffset = physicalOffset;
    record.sizeBytes = sizeBytes;
    record.topic = topic;
    record.queueId = bytes.readInt32BE(at + RecordAt.QUEUE_ID);
    record.queueOffset = readInt64(bytes, at + RecordAt.QUEUE_OFFSET);
    record.sysFlag = bytes.readInt32BE(at + RecordAt.SYS_FLAG);
    record.storeTimestamp = readInt64(bytes, spans.storeTimestampAt);
    return { kind: 'record', sizeBytes };
  }

  #topic(bytes: Buffer, spans: RecordSpans): string | undefined {
    const key = bytes.toString('latin1', spans.topicStart, spans.topicEnd);
    const known = this.#topics.get(key);
    if (known !== undefined || this.#topics.has(key)) return known;
    const text = bytes.toString('utf8', spans.topicStart, spans.topicEnd);
    const topic = isTopicName(text) ? text : undefined;
    if (this.#topics.size >= topicsMax) this.#topics.clear();
    this.#topics.set(key, topic);
    return topic;
  }
}

const more: Found = { kind: 'more' };
const skip: Found = { kind: 'skip' };
const neverWritten: Found = { kind: 'end', damage: undefined };

function ended(damage: string): Found {
  return { kind: 'end', damage };
}
