import { messageMagicV1, messageMagicV2, RecordAt, readInt64, spansOfRecord, verifyRecord } from '@orbitmq/protocol';
import { isPlausibleRecord, recordHeadBytes } from '../../commit-log/plausible-record.js';
import { isTopicName } from '../../consume-queue/topic-name.js';
import type { FilePool } from '../../segment/file-pool.js';
import type { SegmentList } from '../../segment/segment-list.js';

const pieceBytes = 1_048_576;
const prefixBytes = 8;
/** Found in a file, it is searched for byte by byte from here. */
const magicPrefix = Buffer.from([0xda, 0xa3, 0x20]);
const blankPrefix = Buffer.from([0xcb, 0xd4, 0x31, 0x94]);

export interface FindRecordOptions {
  readonly segments: SegmentList;
  readonly pool: FilePool;
}

/**
 * Where behind damage the log goes on in the same file: at a whole record that names the place where it stands, or at the
 * blank that ends the file. `damagedAt` is where the damaged record begins: when its size can be believed, what stands behind
 * it comes first, so that bytes inside of its body are never taken for a record. Undefined: nowhere.
 */
export async function findRecord(options: FindRecordOptions, damagedAt: number, from: number): Promise<number | undefined> {
  const { pool, segments } = options;
  const fileStart = segments.startOf(damagedAt);
  const path = segments.pathOf(fileStart);
  const head = Buffer.alloc(4);
  await pool.use(path, (file) => file.read(head, damagedAt - fileStart));
  const next = damagedAt + head.readInt32BE(0);
  if (next >= from && next < fileStart + segments.sizeBytes && (await isRecordAt(options, next))) return next;
  const buffer = Buffer.allocUnsafeSlow(pieceBytes + prefixBytes);
  for (let at = from; at < fileStart + segments.sizeBytes; at += pieceBytes) {
    const readBytes = await pool.use(path, (file) => file.read(buffer, at - fileStart));
    const bytes = buffer.subarray(0, readBytes);
    for (const candidate of candidatesIn(bytes)) {
      if (candidate < pieceBytes && (await isRecordAt(options, at + candidate))) return at + candidate;
    }
    if (readBytes < buffer.length) break;
  }
  return undefined;
}

/** Places in front of a magic word, in order. */
function candidatesIn(bytes: Buffer): readonly number[] {
  const candidates: number[] = [];
  for (const word of [magicPrefix, blankPrefix]) {
    for (let at = bytes.indexOf(word, RecordAt.MAGIC); at >= 0; at = bytes.indexOf(word, at + 1)) {
      candidates.push(at - RecordAt.MAGIC);
    }
  }
  return candidates.sort((left, right) => left - right);
}

async function isRecordAt(options: FindRecordOptions, physicalOffset: number): Promise<boolean> {
  const { pool, segments } = options;
  const fileStart = segments.startOf(physicalOffset);
  const leftBytes = fileStart + segments.sizeBytes - physicalOffset;
  const read = async (sizeBytes: number): Promise<Buffer> => {
    const target = Buffer.alloc(Math.min(sizeBytes, leftBytes));
    const position = physicalOffset - fileStart;
    return target.subarray(0, await pool.use(segments.pathOf(fileStart), (file) => file.read(target, position)));
  };
  const head = await read(recordHeadBytes);
  if (head.length < prefixBytes) return false;
  const sizeBytes = head.readInt32BE(0);
  const magic = head.readInt32BE(RecordAt.MAGIC);
  if (magic !== messageMagicV1 && magic !== messageMagicV2)
    return verifyRecord(head, 0).status === 'blank' && sizeBytes === leftBytes;
  if (sizeBytes <= prefixBytes || sizeBytes > leftBytes) return false;
  if (sizeBytes > recordHeadBytes && !isPlausibleRecord(head, 0, sizeBytes, physicalOffset)) return false;
  const bytes = await read(sizeBytes);
  if (verifyRecord(bytes, 0).status !== 'valid') return false;
  const spans = spansOfRecord(bytes, 0, bytes.length);
  if (typeof spans === 'string' || readInt64(bytes, RecordAt.PHYSICAL_OFFSET) !== physicalOffset) return false;
  return isTopicName(bytes.toString('utf8', spans.topicStart, spans.topicEnd));
}
