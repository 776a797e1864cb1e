/**
 * Reads checksums. What was read is kept in pages, least recently used first out; a page that is written is forgotten.
 * A checksum file that cannot be read verifies nothing: the log is the truth and is served.
 */
import { crc32 } from 'node:zlib';
import type { Logger } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { FilePool } from '../segment/file-pool.js';
import { segmentName } from '../segment/segment-name.js';
import { checksumBlockBytes, checksumEntryBytes, readBlockChecksum } from './block-checksum.js';

const pageEntries = 256;
const pageBytes = pageEntries * checksumEntryBytes;
/** 4 MiB: the checksums of 4 GiB of log. */
const pagesMax = 1024;

/** A block that does not have its checksum. */
export interface DamagedBlock {
  /** Where it begins in the bytes that were asked about. */
  readonly at: number;
  /** How much of it its checksum covers: what stands behind was written later, and says nothing of the damage. */
  readonly coveredBytes: number;
}

export interface ChecksumTableOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly logger: Logger;
  readonly directory: string;
}

export class ChecksumTable {
  readonly directory: string;
  readonly #options: ChecksumTableOptions;
  /** By path and page number. */
  readonly #pages = new Map<string, Buffer>();

  constructor(options: ChecksumTableOptions) {
    this.directory = options.directory;
    this.#options = options;
  }

  get pageCount(): number {
    return this.#pages.size;
  }

  pathOf(segmentStart: number): string {
    return joinPath(this.directory, segmentName(segmentStart));
  }

  /** The entries of `[fromBlock, fromBlock + count)` in the pages that hold them were written or removed. */
  forget(segmentStart: number, fromBlock: number, count: number): void {
    const path = this.pathOf(segmentStart);
    const last = Math.floor((fromBlock + count - 1) / pageEntries);
    for (let page = Math.floor(fromBlock / pageEntries); page <= last; page += 1) this.#pages.delete(`${path}:${page}`);
  }

  /**
   * The first block of `bytes`, which stand at `position` of a log file, that does not have its checksum; undefined when every
   * block that is wholly there, as far as its checksum covers it, has it. `position` begins a block.
   */
  async firstDamaged(segmentStart: number, position: number, bytes: Buffer): Promise<DamagedBlock | undefined> {
    let page: Buffer = Buffer.alloc(0);
    for (let at = 0; at < bytes.length; at += checksumBlockBytes) {
      const block = (position + at) / checksumBlockBytes;
      if (at === 0 || block % pageEntries === 0) page = await this.#page(segmentStart, Math.floor(block / pageEntries));
      const entryAt = (block % pageEntries) * checksumEntryBytes;
      const checksum = readBlockChecksum(page, entryAt, segmentStart + position + at);
      if (checksum === undefined || at + checksum.coveredBytes > bytes.length) continue;
      const { coveredBytes } = checksum;
      if (crc32(bytes.subarray(at, at + coveredBytes)) !== checksum.crc) return { at, coveredBytes };
    }
    return undefined;
  }

  async #page(segmentStart: number, page: number): Promise<Buffer> {
    const path = this.pathOf(segmentStart);
    const key = `${path}:${page}`;
    const known = this.#pages.get(key);
    if (known !== undefined) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known;
    }
    const read = await this.#read(path, page * pageBytes);
    this.#pages.set(key, read);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= pagesMax) break;
      this.#pages.delete(oldest);
    }
    return read;
  }

  async #read(path: string, position: number): Promise<Buffer> {
    const { fileSystem, logger, pool } = this.#options;
    try {
      if ((await fileSystem.stat(path)) === undefined) return Buffer.alloc(0);
      const target = Buffer.alloc(pageBytes);
      return target.subarray(0, await pool.use(path, (file) => file.read(target, position)));
    } catch (error) {
      logger.warn('cannot read checksums of the commit log; what they cover is served unverified', { path, error });
      return Buffer.alloc(0);
    }
  }
}
