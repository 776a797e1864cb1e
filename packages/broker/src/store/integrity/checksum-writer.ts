/**
 * Sums the log as it becomes visible and brings the checksums to their files later, in the rounds of housekeeping. Invariants:
 * an entry reaches its file only when the flushed offset on disk covers its block; what waits is bounded: beyond the bound
 * the oldest blocks stay without checksum. A lost or torn write of entries costs coverage, never an alarm.
 */
import { crc32 } from 'node:zlib';
import { invariant, type Logger } from '@orbitmq/core/kernel';
import type { BatchPiece } from '../commit-log/append-batch.js';
import type { FileSystem } from '../io/file-system.js';
import { datasyncFile, writeFile } from '../io/io-promise.js';
import { joinPath } from '../io/paths.js';
import type { FilePool } from '../segment/file-pool.js';
import type { SegmentList } from '../segment/segment-list.js';
import { parseSegmentName } from '../segment/segment-name.js';
import { type BlockChecksum, blockStart, checksumBlockBytes, checksumEntryBytes, writeBlockChecksum } from './block-checksum.js';
import type { ChecksumTable } from './checksum-table.js';

/** Blocks of one log file whose entries wait for the flush. */
interface WaitingRun {
  readonly segmentStart: number;
  firstBlock: number;
  readonly checksums: BlockChecksum[];
}

export interface ChecksumWriterOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly segments: SegmentList;
  readonly table: ChecksumTable;
  readonly logger: Logger;
  /** Entries that may wait for the flush. */
  readonly waitingMax: number;
}

export class ChecksumWriter {
  readonly #options: ChecksumWriterOptions;
  readonly #runs: WaitingRun[] = [];
  #waitingCount = 0;
  #segmentStart = -1;
  /** In the file: bytes before it are summed. */
  #position = 0;
  /** Of the block with `#position`, up to there. */
  #crc = 0;
  /** The unfinished block has no entry for its last bytes yet. */
  #isPartialWaiting = false;
  readonly #unflushed = new Set<string>();
  #isDirectoryChanged = false;
  #firstKept = -1;

  constructor(options: ChecksumWriterOptions) {
    this.#options = options;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  /**
   * Goes on at the end of the log: reads the part of its block that is there, and drops entries that other brokers or an
   * earlier end left behind it.
   */
  async resume(physicalEnd: number): Promise<void> {
    const { fileSystem, pool, segments, table } = this.#options;
    await fileSystem.makeDirectory(table.directory);
    await this.#removeUnused();
    this.#segmentStart = segments.startOf(physicalEnd);
    this.#position = physicalEnd - this.#segmentStart;
    this.#crc = 0;
    const from = blockStart(this.#position);
    if (this.#position > from) {
      const bytes = Buffer.alloc(this.#position - from);
      await pool.use(segments.pathOf(this.#segmentStart), (file) => file.read(bytes, from));
      this.#crc = crc32(bytes);
      this.#isPartialWaiting = true;
    }
    const path = table.pathOf(this.#segmentStart);
    const keptBytes = (from / checksumBlockBytes) * checksumEntryBytes;
    const stat = await fileSystem.stat(path);
    if (stat !== undefined && stat.sizeBytes > keptBytes) await pool.use(path, (file) => file.truncate(keptBytes));
    table.forget(this.#segmentStart, 0, Math.ceil(segments.sizeBytes / checksumBlockBytes));
  }

  /** Bytes of the log, in log order. */
  add(pieces: readonly BatchPiece[]): void {
    for (const piece of pieces) {
      if (piece.segmentStart !== this.#segmentStart) this.#roll(piece.segmentStart);
      invariant(piece.physicalOffset === this.#segmentStart + this.#position, 'the log is summed without a hole');
      for (let from = piece.from; from < piece.to; ) {
        const sizeBytes = Math.min(piece.to - from, checksumBlockBytes - (this.#position % checksumBlockBytes));
        this.#crc = crc32(piece.bytes.subarray(from, from + sizeBytes), this.#crc);
        this.#position += sizeBytes;
        from += sizeBytes;
        if (this.#position % checksumBlockBytes === 0) this.#close(checksumBlockBytes);
      }
      this.#isPartialWaiting = this.#position % checksumBlockBytes > 0;
    }
  }

  /**
   * Writes what the flushed offset covers, which must be on disk, and makes it durable when asked to. Never rejects: a disk
   * that does not take checksums leaves blocks without.
   */
  async round(flushedOffset: number, options: { readonly isDurable: boolean }): Promise<void> {
    try {
      if (this.#firstKept !== this.#options.segments.firstOffset) await this.#removeUnused();
      await this.#writeComplete(flushedOffset);
      await this.#writePartial(flushedOffset);
      if (options.isDurable) await this.#flush();
    } catch (error) {
      this.#options.logger.warn('cannot write checksums of the commit log; a part of it stays without', { error });
    }
  }

  async #writeComplete(flushedOffset: number): Promise<void> {
    for (const run of this.#runs.slice()) {
      const count = this.#countBelow(run, flushedOffset);
      const { firstBlock, segmentStart } = run;
      // Taken out first: more are added, and dropped, while they are written.
      const checksums = run.checksums.splice(0, count);
      run.firstBlock += count;
      this.#waitingCount -= count;
      const isFinished = run.checksums.length === 0 && segmentStart !== this.#segmentStart;
      // It may have been dropped, as the oldest, while the one before it was written.
      const at = this.#runs.indexOf(run);
      if (isFinished && at >= 0) this.#runs.splice(at, 1);
      if (count > 0) await this.#writeEntries(segmentStart, firstBlock, checksums);
      if (!isFinished) return;
    }
  }

  async #flush(): Promise<void> {
    for (const path of Array.from(this.#unflushed)) {
      this.#unflushed.delete(path);
      await this.#options.pool.use(path, datasyncFile);
    }
    if (!this.#isDirectoryChanged) return;
    this.#isDirectoryChanged = false;
    await this.#options.fileSystem.syncDirectory(this.#options.table.directory);
  }

  #countBelow(run: WaitingRun, flushedOffset: number): number {
    const blocks = Math.floor((flushedOffset - run.segmentStart) / checksumBlockBytes) - run.firstBlock;
    const count = Math.max(0, Math.min(run.checksums.length, blocks));
    const next = run.checksums[count];
    if (next === undefined || next.coveredBytes === checksumBlockBytes) return count;
    // The last block of a finished file.
    const end = run.segmentStart + (run.firstBlock + count) * checksumBlockBytes + next.coveredBytes;
    return end <= flushedOffset ? count + 1 : count;
  }

  async #writePartial(flushedOffset: number): Promise<void> {
    if (!this.#isPartialWaiting || this.#segmentStart + this.#position > flushedOffset) return;
    this.#isPartialWaiting = false;
    const coveredBytes = this.#position % checksumBlockBytes;
    const block = Math.floor(this.#position / checksumBlockBytes);
    await this.#writeEntries(this.#segmentStart, block, [{ coveredBytes, crc: this.#crc }]);
  }

  async #writeEntries(segmentStart: number, firstBlock: number, checksums: readonly BlockChecksum[]): Promise<void> {
    const { pool, table } = this.#options;
    const bytes = Buffer.alloc(checksums.length * checksumEntryBytes);
    for (const [index, checksum] of checksums.entries()) {
      const blockOffset = segmentStart + (firstBlock + index) * checksumBlockBytes;
      writeBlockChecksum(bytes, index * checksumEntryBytes, blockOffset, checksum);
    }
    const path = table.pathOf(segmentStart);
    await pool.use(path, (file) => writeFile(file, [bytes], firstBlock * checksumEntryBytes), { create: true });
    table.forget(segmentStart, firstBlock, checksums.length);
    this.#unflushed.add(path);
    this.#isDirectoryChanged = true;
  }

  #roll(segmentStart: number): void {
    const coveredBytes = this.#position % checksumBlockBytes;
    if (coveredBytes > 0) this.#close(coveredBytes);
    this.#segmentStart = segmentStart;
    this.#position = 0;
    this.#crc = 0;
  }

  #close(coveredBytes: number): void {
    const block = Math.ceil(this.#position / checksumBlockBytes) - 1;
    let run = this.#runs[this.#runs.length - 1];
    if (run === undefined || run.segmentStart !== this.#segmentStart) {
      run = { segmentStart: this.#segmentStart, firstBlock: block, checksums: [] };
      this.#runs.push(run);
    } else if (run.checksums.length === 0) run.firstBlock = block;
    run.checksums.push({ coveredBytes, crc: this.#crc });
    this.#crc = 0;
    this.#waitingCount += 1;
    if (this.#waitingCount > this.#options.waitingMax) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.#runs[0];
    if (oldest === undefined) return;
    const count = Math.min(oldest.checksums.length, Math.ceil(this.#options.waitingMax / 2));
    oldest.checksums.splice(0, count);
    oldest.firstBlock += count;
    this.#waitingCount -= count;
    if (oldest.checksums.length === 0 && this.#runs.length > 1) this.#runs.shift();
    this.#options.logger.warn('too many checksums wait for the disk; a part of the log stays without', { blocks: count });
  }

  /** Checksums of log files that are gone. */
  async #removeUnused(): Promise<void> {
    const { fileSystem, pool, segments, table } = this.#options;
    this.#firstKept = segments.firstOffset;
    for (const entry of (await fileSystem.list(table.directory)) ?? []) {
      const start = parseSegmentName(entry.name);
      if (start === undefined || segments.has(start)) continue;
      const path = joinPath(table.directory, entry.name);
      await pool.drop(path);
      await fileSystem.remove(path);
      this.#unflushed.delete(path);
      this.#isDirectoryChanged = true;
    }
  }
}
