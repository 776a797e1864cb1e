/**
 * Reads the log from files and gives out only what has its checksum, as far as there is one. Bytes of a damaged block are
 * never given out: the answer ends before it, and the log says where it is. Reads are widened to whole blocks.
 */
import type { Logger } from '@orbitmq/core/kernel';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import { blockStart, checksumBlockBytes } from './block-checksum.js';
import type { ChecksumTable } from './checksum-table.js';

/** Damaged blocks that are told only once. */
const toldMax = 1024;

export interface VerifiedReaderOptions {
  readonly segments: SegmentList;
  readonly pool: FilePool;
  readonly table: ChecksumTable;
  readonly logger: Logger;
}

export class VerifiedReader {
  readonly #options: VerifiedReaderOptions;
  readonly #told = new Set<number>();

  constructor(options: VerifiedReaderOptions) {
    this.#options = options;
  }

  /**
   * The bytes from `physicalOffset` to `end`, which lie in one file; fewer where the file ends or a block is damaged. They are
   * read into `memory` when it is given and large enough.
   */
  async read(physicalOffset: number, end: number, durableEnd: number, memory?: Buffer): Promise<Buffer> {
    const { pool, segments, table } = this.#options;
    const start = segments.startOf(physicalOffset);
    const from = blockStart(physicalOffset - start);
    const wholeBlocks = Math.ceil((end - start) / checksumBlockBytes) * checksumBlockBytes;
    const to = Math.max(end - start, Math.min(wholeBlocks, segments.sizeBytes, durableEnd - start));
    const isGiven = memory !== undefined && memory.length >= to - from;
    const target = isGiven ? memory.subarray(0, to - from) : Buffer.allocUnsafeSlow(to - from);
    const readBytes = await pool.use(segments.pathOf(start), (file) => file.read(target, from));
    const bytes = target.subarray(0, readBytes);
    const damagedAt = (await table.firstDamaged(start, from, bytes))?.at;
    if (damagedAt !== undefined) this.#tell(start, from + damagedAt);
    const wanted = physicalOffset - start - from;
    return bytes.subarray(wanted, Math.max(wanted, Math.min(end - start - from, damagedAt ?? bytes.length)));
  }

  #tell(segmentStart: number, position: number): void {
    const physicalOffset = segmentStart + position;
    if (this.#told.has(physicalOffset)) return;
    if (this.#told.size >= toldMax) this.#told.clear();
    this.#told.add(physicalOffset);
    this.#options.logger.error(
      'the commit log is damaged: a block does not have its checksum and is not served; stop the broker and run mqbroker --repair',
      { path: this.#options.segments.pathOf(segmentStart), position, physicalOffset, sizeBytes: checksumBlockBytes },
    );
  }
}
