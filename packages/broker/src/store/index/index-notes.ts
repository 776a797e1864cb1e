/**
 * Keeps the checksums of index files beside them, in `orbitmq/index-checksums/<file name>`: written when a file is full, and of
 * the newest one when the store stops. A note that is missing, damaged, or of another state of the file verifies nothing and
 * accuses nobody; nothing waits for one and no failure of one is a failure of the index.
 */
import { crc32 } from 'node:zlib';
import type { Logger } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { IndexChecksums } from './index-checksums.js';
import { encodeIndexHeader, type IndexHeader } from './index-header.js';

const magic = Buffer.from('OMQINDEX', 'latin1');
const At = { INDEX_COUNT: 8, HEADER_CRC: 12, SLOT_CRCS: 16, ENTRY_CRCS: 20 } as const;
const headBytes = 24;
const crcBytes = 4;
/** Notes in memory: 105 KB each with RocketMQ's sizes. */
const notesMax = 8;

export interface IndexNotesOptions {
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
  readonly directory: string;
}

export class IndexNotes {
  readonly #options: IndexNotesOptions;
  /** By name, least recently used first. */
  readonly #known = new Map<string, IndexChecksums>();

  constructor(options: IndexNotesOptions) {
    this.#options = options;
  }

  /** Of the file as it is by `header`: what was noted of another state of it says nothing of its slots. */
  async of(name: string, header: IndexHeader): Promise<IndexChecksums | undefined> {
    const noted = await this.read(name);
    return noted !== undefined && isNoteOf(noted, header) ? noted : undefined;
  }

  /** The note whatever state it is of: it still covers the first `indexCount` entries. */
  async read(name: string): Promise<IndexChecksums | undefined> {
    const known = this.#known.get(name);
    if (known !== undefined) {
      this.#known.delete(name);
      this.#known.set(name, known);
      return known;
    }
    const { directory, fileSystem, logger } = this.#options;
    const path = joinPath(directory, name);
    try {
      const content = await fileSystem.readFile(path);
      const noted = content === undefined ? undefined : decodeNote(content);
      if (content !== undefined && noted === undefined)
        logger.warn('checksums of an index file are damaged and ignored', { path });
      if (noted !== undefined) this.#keep(name, noted);
      return noted;
    } catch (error) {
      logger.warn('checksums of an index file cannot be read; it is used unverified', { path, error });
      return undefined;
    }
  }

  async write(name: string, checksums: IndexChecksums): Promise<void> {
    const { directory, fileSystem, logger } = this.#options;
    this.#known.delete(name);
    try {
      await fileSystem.makeDirectory(directory);
      await fileSystem.writeFileAtomically(joinPath(directory, name), encodeNote(checksums));
      this.#keep(name, checksums);
    } catch (error) {
      logger.warn('checksums of an index file cannot be written; it stays unverified', {
        path: joinPath(directory, name),
        error,
      });
    }
  }

  async remove(name: string): Promise<void> {
    const { directory, fileSystem, logger } = this.#options;
    this.#known.delete(name);
    await fileSystem.remove(joinPath(directory, name)).catch((error: unknown) => {
      logger.warn('checksums of an index file cannot be removed', { path: joinPath(directory, name), error });
    });
  }

  /** Removes the notes of files that are gone. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    const { directory, fileSystem } = this.#options;
    for (const { name } of (await fileSystem.list(directory)) ?? []) if (!names.has(name)) await this.remove(name);
  }

  #keep(name: string, checksums: IndexChecksums): void {
    this.#known.set(name, checksums);
    const oldest = this.#known.keys().next();
    if (this.#known.size > notesMax && oldest.done !== true) this.#known.delete(oldest.value);
  }
}

export function isNoteOf(noted: IndexChecksums, header: IndexHeader): boolean {
  return noted.indexCount === header.indexCount && noted.headerCrc === headerCrc(header);
}

/** Of a header whose numbers are safe. */
export function headerCrc(header: IndexHeader): number {
  return crc32(encodeIndexHeader(header));
}

function encodeNote({ entryCrcs, headerCrc: crcOfHeader, indexCount, slotCrcs }: IndexChecksums): Buffer {
  const crcs = [...slotCrcs, ...entryCrcs];
  const bytes = Buffer.alloc(headBytes + (crcs.length + 1) * crcBytes);
  magic.copy(bytes);
  bytes.writeUInt32BE(indexCount, At.INDEX_COUNT);
  bytes.writeUInt32BE(crcOfHeader, At.HEADER_CRC);
  bytes.writeUInt32BE(slotCrcs.length, At.SLOT_CRCS);
  bytes.writeUInt32BE(entryCrcs.length, At.ENTRY_CRCS);
  for (const [index, crc] of crcs.entries()) bytes.writeUInt32BE(crc, headBytes + index * crcBytes);
  const end = bytes.length - crcBytes;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

function decodeNote(bytes: Buffer): IndexChecksums | undefined {
  const end = bytes.length - crcBytes;
  if (end < headBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end))) return undefined;
  // The CRC holds, so it is what `encodeNote` wrote.
  const crcsAt = (index: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, each) => bytes.readUInt32BE(headBytes + (index + each) * crcBytes));
  const slotCount = bytes.readUInt32BE(At.SLOT_CRCS);
  return {
    indexCount: bytes.readUInt32BE(At.INDEX_COUNT),
    headerCrc: bytes.readUInt32BE(At.HEADER_CRC),
    slotCrcs: crcsAt(0, slotCount),
    entryCrcs: crcsAt(slotCount, bytes.readUInt32BE(At.ENTRY_CRCS)),
  };
}
