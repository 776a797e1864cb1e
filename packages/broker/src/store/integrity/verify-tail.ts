import { StoreError } from '@orbitmq/core/kernel';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import { blockStart, checksumBlockBytes } from './block-checksum.js';
import type { ChecksumTable } from './checksum-table.js';

const pieceBytes = 1_048_576;

/**
 * Verifies the checksums of the `sizeBytes` before `physicalEnd`, whole blocks of them, which a start reads nothing of. Only what
 * is on the device has one, so that what does not agree is damage, never a torn write. Rejects with a `StoreError`
 * `STORE_CORRUPT` that names the first damaged block.
 */
export async function verifyTail(options: {
  readonly segments: SegmentList;
  readonly pool: FilePool;
  readonly table: ChecksumTable;
  readonly physicalEnd: number;
  readonly sizeBytes: number;
}): Promise<void> {
  const { physicalEnd, pool, segments, sizeBytes, table } = options;
  const buffer = Buffer.allocUnsafeSlow(Math.max(checksumBlockBytes, Math.min(pieceBytes, blockStart(sizeBytes))));
  for (let at = Math.max(segments.firstOffset, physicalEnd - sizeBytes); at < physicalEnd; ) {
    const start = segments.startOf(at);
    const position = blockStart(at - start);
    const blockEnd = blockStart(physicalEnd - start + checksumBlockBytes - 1);
    const end = Math.min(segments.sizeBytes, blockEnd, position + buffer.length);
    const target = buffer.subarray(0, end - position);
    const readBytes = await pool.use(segments.pathOf(start), (file) => file.read(target, position));
    const block = await table.firstDamaged(start, position, target.subarray(0, readBytes));
    if (block !== undefined) throw damaged(segments.pathOf(start), position + block.at, start);
    at = start + end;
  }
}

function damaged(path: string, position: number, segmentStart: number): StoreError {
  const physicalOffset = segmentStart + position;
  return new StoreError(
    'STORE_CORRUPT',
    `The commit log is damaged in ${path}, log offset ${physicalOffset}: ${checksumBlockBytes} bytes do not have their checksum. The file was left as it is: restore it from a copy, or run mqbroker --repair`,
    { details: { path, physicalOffset } },
  );
}
