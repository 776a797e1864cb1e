/**
 * Bytes of the durable log, from memory or from the files (Java: CommitLog.getMessage). Nothing at or behind `durableEnd`
 * is ever given out.
 */
import { readInt64 } from '@orbitmq/protocol';
import type { VerifiedReader } from '../integrity/verified-reader.js';
import type { SegmentList } from '../segment/segment-list.js';
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
    this.#cache = new ReadCache(options.limits, (physicalOffset, sizeBytes) => this.#readFile(physicalOffset, sizeBytes));
  }

  /** The bytes when they are in memory. They must be durable: a queue entry points to them. */
  inMemory(physicalOffset: number, sizeBytes: number): Buffer | undefined {
    const { tail } = this.#options;
    const chunk = tail.find(physicalOffset, sizeBytes);
    if (chunk !== undefined) return chunk.share(physicalOffset, sizeBytes);
    const block = this.#cache.find(physicalOffset);
    if (block === undefined) return undefined;
    const from = physicalOffset - block.physicalStart;
    if (from + sizeBytes <= block.bytes.length) return block.bytes.subarray(from, from + sizeBytes);
    // Over the edge of its block: it is in memory when the block behind is.
    const edge = block.physicalStart + this.#cache.blockBytes;
    const end = physicalOffset + sizeBytes;
    const next = block.physicalStart + block.bytes.length === edge ? this.#cache.find(edge) : undefined;
    if (next === undefined || end > edge + next.bytes.length) return undefined;
    return Buffer.concat([block.bytes.subarray(from), next.bytes.subarray(0, end - edge)], sizeBytes);
  }

  /** Up to `sizeBytes` bytes from `physicalOffset` on: fewer at the end of its file and of the log, none outside the log. */
  async read(physicalOffset: number, sizeBytes: number): Promise<Buffer> {
    // The tail has bytes that are not durable yet: they are not given out.
    const readable = Math.min(sizeBytes, this.#options.durableEnd() - physicalOffset);
    if (readable <= 0) return Buffer.alloc(0);
    return this.inMemory(physicalOffset, readable) ?? (await this.#readFile(physicalOffset, readable)).bytes;
  }

  /** The int64 at a place, for example a store time; undefined outside the log. */
  async readInt64(physicalOffset: number): Promise<number | undefined> {
    const bytes = await this.read(physicalOffset, 8);
    return bytes.length < 8 ? undefined : readInt64(bytes, 0);
  }

  /**
   * Reads records, given in log order, that are not all in memory. When they lie close together whole blocks are read and
   * kept, and the block behind them is read ahead; else each group of neighbours gets a read of its own.
   */
  async load(places: readonly RecordPlaceInLog[]): Promise<readonly LogSpan[]> {
    const missing = places.filter((place) => this.inMemory(place.physicalOffset, place.sizeBytes) === undefined);
    const first = missing[0];
    const last = missing[missing.length - 1];
    if (first === undefined || last === undefined) return [];
    const stretchBytes = last.physicalOffset + last.sizeBytes - first.physicalOffset;
    const wantedBytes = missing.reduce((sum, place) => sum + place.sizeBytes, 0);
    const isDense = missing.length > 1 && wantedBytes >= stretchBytes * denseRatio;
    if (isDense) return this.#loadBlocks(missing);
    return this.#loadGroups(missing);
  }

  async #loadBlocks(places: readonly RecordPlaceInLog[]): Promise<readonly LogSpan[]> {
    const { blockBytes } = this.#cache;
    const spans: LogSpan[] = [];
    let ahead = 0;
    for (const { physicalOffset, sizeBytes } of places) {
      const block = await this.#cache.load(physicalOffset);
      if (spans[spans.length - 1] !== block) spans.push(block);
      ahead = block.physicalStart + blockBytes;
      // A record over the edge of its block is read by itself.
      if (!spanHas(block, physicalOffset, sizeBytes)) spans.push(await this.#readFile(physicalOffset, sizeBytes));
    }
    if (ahead < this.#options.durableEnd()) this.#cache.loadAhead(ahead);
    return spans;
  }

  async #loadGroups(places: readonly RecordPlaceInLog[]): Promise<readonly LogSpan[]> {
    const groups: { start: number; end: number }[] = [];
    for (const { physicalOffset, sizeBytes } of places) {
      const group = groups[groups.length - 1];
      if (group !== undefined && physicalOffset - group.end <= joinGapBytes) group.end = physicalOffset + sizeBytes;
      else groups.push({ start: physicalOffset, end: physicalOffset + sizeBytes });
    }
    const spans: LogSpan[] = [];
    for (let at = 0; at < groups.length; at += parallelReadsMax) {
      const some = groups.slice(at, at + parallelReadsMax);
      spans.push(...(await Promise.all(some.map((group) => this.#readFile(group.start, group.end - group.start)))));
    }
    return spans;
  }

  /** One read inside one file, never beyond the durable end. */
  async #readFile(physicalOffset: number, sizeBytes: number): Promise<LogSpan> {
    const { durableEnd, segments, verified } = this.#options;
    const empty: LogSpan = { physicalStart: physicalOffset, bytes: Buffer.alloc(0) };
    if (!segments.has(physicalOffset)) return empty;
    const start = segments.startOf(physicalOffset);
    const endOfDurable = durableEnd();
    const end = Math.min(physicalOffset + sizeBytes, start + segments.sizeBytes, endOfDurable);
    if (end <= physicalOffset) return empty;
    const bytes = await verified.read(physicalOffset, end, endOfDurable).catch((error: unknown) => {
      if (segments.has(physicalOffset)) throw error;
      // The file expired under the read.
      return empty.bytes;
    });
    return { physicalStart: physicalOffset, bytes };
  }
}
