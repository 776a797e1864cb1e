/**
 * Bytes of the durable log, from memory or from the files (Java: CommitLog.getMessage). Nothing at or behind `durableEnd`
 * is ever given out.
 */
import { readInt64 } from '@orbitmq/protocol';
import type { VerifiedReader } from '../integrity/verified-reader.js';
import type { SegmentList } from '../segment/segment-list.js';
import { LogBlock } from './log-block.js';
import { type LogSpan, spanHas } from './log-span.js';
import { ReadCache } from './read-cache.js';
import type { TailBuffer } from './tail-buffer.js';

/** Records nearer than this to each other are read with one read. */
const joinGapBytes = 65_536;
/** Records in a stretch of which they make up at least this part are read as whole blocks, with read-ahead. */
const denseRatio = 1 / 16;
const parallelReadsMax = 4;

export interface RecordPlaceInLog {
  readonly physicalOffset: number;
  readonly sizeBytes: number;
}

export interface LogReaderOptions {
  readonly segments: SegmentList;
  readonly tail: TailBuffer;
  /** Reads files; bytes of a damaged block are not in the answer, which ends before it. */
  readonly verified: VerifiedReader;
  readonly limits: { readonly readBlockBytes: number; readonly readCacheBytesMax: number };
  readonly durableEnd: () => number;
}

export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #cache: ReadCache;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#cache = new ReadCache(options.limits, (...place) => this.#readFile(...place));
  }

  /** The block of memory that holds the whole record, which must be durable: a queue entry points to it. See `ReadCache.find`. */
  blockOf(physicalOffset: number, sizeBytes: number): LogBlock | undefined {
    const { tail } = this.#options;
    const block = tail.find(physicalOffset, sizeBytes) ?? this.#cache.find(physicalOffset);
    return block !== undefined && spanHas(block, physicalOffset, sizeBytes) ? block : undefined;
  }

  /** A copy of a record that begins in one block of memory and ends in the next. */
  overEdge(physicalOffset: number, sizeBytes: number): Buffer | undefined {
    const block = this.#cache.find(physicalOffset);
    if (block === undefined) return undefined;
    const edge = block.physicalStart + this.#cache.blockBytes;
    const end = physicalOffset + sizeBytes;
    const next = end > edge && block.physicalStart + block.bytes.length === edge ? this.#cache.find(edge) : undefined;
    if (next === undefined || end > edge + next.bytes.length) return undefined;
    const from = physicalOffset - block.physicalStart;
    return Buffer.concat([block.bytes.subarray(from), next.bytes.subarray(0, end - edge)], sizeBytes);
  }

  /** Up to `sizeBytes` bytes from `physicalOffset` on: fewer at the end of its file and of the log, none outside the log. */
  async read(physicalOffset: number, sizeBytes: number): Promise<Buffer> {
    // The tail has bytes that are not durable yet: they are not given out.
    const readable = Math.min(sizeBytes, this.#options.durableEnd() - physicalOffset);
    if (readable <= 0) return Buffer.alloc(0);
    const block = this.blockOf(physicalOffset, readable);
    if (block === undefined)
      return this.overEdge(physicalOffset, readable) ?? (await this.#readFile(physicalOffset, readable)).bytes;
    // For good: nobody says when such bytes are no longer used.
    block.lend();
    return block.slice(physicalOffset, physicalOffset + readable);
  }

  /** The int64 at a place, for example a store time; undefined outside the log. */
  async readInt64(physicalOffset: number): Promise<number | undefined> {
    const bytes = await this.read(physicalOffset, 8);
    return bytes.length < 8 ? undefined : readInt64(bytes, 0);
  }

  /**
   * Reads records, given in log order, that are not all in memory. When they lie close together whole blocks are read and
   * kept, and the block behind them is read ahead; else each group of neighbours gets a read of its own. What is returned is
   * lent: `giveBack` must follow for each.
   */
  async load(places: readonly RecordPlaceInLog[]): Promise<readonly LogBlock[]> {
    const missing = places.filter((place) => !this.#isInMemory(place));
    const first = missing[0];
    const last = missing[missing.length - 1];
    if (first === undefined || last === undefined) return [];
    const stretchBytes = last.physicalOffset + last.sizeBytes - first.physicalOffset;
    const wantedBytes = missing.reduce((sum, place) => sum + place.sizeBytes, 0);
    const isDense = missing.length > 1 && wantedBytes >= stretchBytes * denseRatio;
    if (isDense) return this.#loadBlocks(missing);
    return this.#loadGroups(missing);
  }

  #isInMemory({ physicalOffset, sizeBytes }: RecordPlaceInLog): boolean {
    return this.blockOf(physicalOffset, sizeBytes) !== undefined || this.overEdge(physicalOffset, sizeBytes) !== undefined;
  }

  async #loadBlocks(places: readonly RecordPlaceInLog[]): Promise<readonly LogBlock[]> {
    const { blockBytes } = this.#cache;
    const blocks: LogBlock[] = [];
    let ahead = 0;
    try {
      for (const { physicalOffset, sizeBytes } of places) {
        const last = blocks[blocks.length - 1];
        if (last !== undefined && spanHas(last, physicalOffset, sizeBytes)) continue;
        const block = await this.#cache.load(physicalOffset);
        blocks.push(block);
        ahead = block.physicalStart + blockBytes;
        // A record over the edge of its block is read by itself.
        if (!spanHas(block, physicalOffset, sizeBytes)) blocks.push(await this.#readLent(physicalOffset, sizeBytes));
      }
    } catch (error) {
      for (const block of blocks) block.giveBack();
      throw error;
    }
    if (ahead < this.#options.durableEnd()) this.#cache.loadAhead(ahead);
    return blocks;
  }

  async #loadGroups(places: readonly RecordPlaceInLog[]): Promise<readonly LogBlock[]> {
    const groups: { start: number; end: number }[] = [];
    for (const { physicalOffset, sizeBytes } of places) {
      const group = groups[groups.length - 1];
      if (group !== undefined && physicalOffset - group.end <= joinGapBytes) group.end = physicalOffset + sizeBytes;
      else groups.push({ start: physicalOffset, end: physicalOffset + sizeBytes });
    }
    const blocks: LogBlock[] = [];
    for (let at = 0; at < groups.length; at += parallelReadsMax) {
      const some = groups.slice(at, at + parallelReadsMax);
      blocks.push(...(await Promise.all(some.map((group) => this.#readLent(group.start, group.end - group.start)))));
    }
    return blocks;
  }

  /** Memory of its own, which nothing else uses. */
  async #readLent(physicalOffset: number, sizeBytes: number): Promise<LogBlock> {
    const { bytes } = await this.#readFile(physicalOffset, sizeBytes);
    const block = new LogBlock(physicalOffset, bytes);
    block.lend();
    return block;
  }

  /** One read inside one file, never beyond the durable end. */
  async #readFile(physicalOffset: number, sizeBytes: number, memory?: Buffer): Promise<LogSpan> {
    const { durableEnd, segments, verified } = this.#options;
    const empty: LogSpan = { physicalStart: physicalOffset, bytes: Buffer.alloc(0) };
    if (!segments.has(physicalOffset)) return empty;
    const start = segments.startOf(physicalOffset);
    const endOfDurable = durableEnd();
    const end = Math.min(physicalOffset + sizeBytes, start + segments.sizeBytes, endOfDurable);
    if (end <= physicalOffset) return empty;
    const bytes = await verified.read(physicalOffset, end, endOfDurable, memory).catch((error: unknown) => {
      if (segments.has(physicalOffset)) throw error;
      // The file expired under the read.
      return empty.bytes;
    });
    return { physicalStart: physicalOffset, bytes };
  }
}
