/**
 * Opens the index files of a directory, ours or Apache's (Java: IndexService.load). The log is the truth (promises I15): a file
 * that is damaged, of another length, ahead of the log, or that leaves out records is removed with all behind it, and those
 * are built again. The newest file, and after a crash each one that was not known to be flushed, is checked entry by entry.
 */
import { crc32 } from 'node:zlib';
import type { Logger } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { FilePool } from '../segment/file-pool.js';
import { type CheckedEntries, checkEntries, checkSlots } from './entry-check.js';
import { EntryReader } from './entry-reader.js';
import type { IndexChecksums } from './index-checksums.js';
import { IndexFile, secondsSince } from './index-file.js';
import { isIndexFileName } from './index-file-name.js';
import type { IndexFileWriter } from './index-file-writer.js';
import { decodeIndexHeader, encodeIndexHeader, type IndexHeader } from './index-header.js';
import { type IndexLayout, indexHeaderBytes } from './index-layout.js';
import { type IndexNotes, isNoteOf } from './index-notes.js';
import { RecordKeys } from './record-keys.js';
import { firstIndexedRecord, type RecordWalkOptions } from './record-walk.js';

/** Entries of a file that are compared with their records. */
const samplesMax = 64;

export interface LoadedIndex {
  /** Oldest first; the last is ready to be written unless it is full. */
  readonly files: IndexFile[];
  /** The record from which on the log is not indexed. */
  readonly position: number;
  /** Keys of that record that are indexed already. */
  readonly keysDone: number;
}

export interface IndexLoaderOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly logger: Logger;
  readonly directory: string;
  readonly layout: IndexLayout;
  readonly writer: IndexFileWriter;
  readonly notes: IndexNotes;
  readonly walk: RecordWalkOptions;
  readonly pendingBytesMax: number;
  /** The verified record at a place of the log. */
  readonly readRecord: (physicalOffset: number) => Promise<Buffer | undefined>;
  /** Nothing at or behind it counts. */
  readonly logEnd: number;
  readonly wasStoppedCleanly: boolean;
  /** Files that end at or before this store time are known to be on disk, whatever happened. */
  readonly flushedTimestamp: number;
  /** Paths of files whose flush failed: what they hold is unknown. */
  readonly distrusted: ReadonlySet<string>;
}

interface FoundFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** Why a file cannot be used. `isExpected`: a crash leaves it so. */
interface Problem {
  readonly reason: string;
  readonly isExpected: boolean;
}

function problem(reason: string, isExpected = false): Problem {
  return { reason, isExpected };
}

export class IndexLoader {
  readonly #options: IndexLoaderOptions;
  readonly #keys = new RecordKeys();

  constructor(options: IndexLoaderOptions) {
    this.#options = options;
  }

  async load(): Promise<LoadedIndex> {
    let found = await this.#find();
    const files: IndexFile[] = [];
    while (files.length < found.length) {
      const index = files.length;
      const file = await this.#open(found[index] as FoundFile, files[index - 1], index === found.length - 1);
      if (file instanceof IndexFile) {
        files.push(file);
        continue;
      }
      await this.#removeFrom(found, index, file);
      found = found.slice(0, index);
      // The file before it is the newest one now, and is opened again as such.
      files.pop();
    }
    await this.#options.notes.keepOnly(new Set(files.map(({ name }) => name)));
    return { files, ...(await this.#findPosition(files)) };
  }

  async #find(): Promise<readonly FoundFile[]> {
    const { directory, fileSystem, logger } = this.#options;
    const found: FoundFile[] = [];
    for (const entry of (await fileSystem.list(directory)) ?? []) {
      const path = joinPath(directory, entry.name);
      if (entry.isDirectory || !isIndexFileName(entry.name)) logger.warn('what is no index file is left alone', { path });
      else found.push({ name: entry.name, path, sizeBytes: (await fileSystem.stat(path))?.sizeBytes ?? 0 });
    }
    return found.sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  async #open(place: FoundFile, before: IndexFile | undefined, isNewest: boolean): Promise<IndexFile | Problem> {
    const { distrusted, flushedTimestamp, layout, notes, pool, wasStoppedCleanly } = this.#options;
    const { name, path, sizeBytes } = place;
    if (distrusted.has(path)) return problem('its flush failed');
    if (sizeBytes === 0 && isNewest) return problem('it was only just created', true);
    if (sizeBytes !== layout.sizeBytes) return problem(`it has ${sizeBytes} bytes instead of ${layout.sizeBytes}`);
    const bytes = Buffer.alloc(indexHeaderBytes);
    await pool.use(path, (file) => file.read(bytes, 0));
    const header = decodeIndexHeader(bytes);
    const noted = await notes.read(name);
    // A file that was noted as full never changes again; not so the newest one, which another broker may have gone on with.
    if (noted?.indexCount === layout.indexCountMax && noted.headerCrc !== crc32(bytes)) {
      return problem('its header does not have its checksum');
    }
    const headerProblem = this.#checkHeader(header, before, isNewest) ?? (await this.#findHole(header, before));
    if (headerProblem !== undefined) return headerProblem;
    const mustCheck = isNewest || (!wasStoppedCleanly && header.endTimestamp > flushedTimestamp);
    return mustCheck ? this.#check(path, header, isNewest, noted) : this.#trust(new IndexFile(path, layout, header));
  }

  #checkHeader(header: IndexHeader, before: IndexFile | undefined, isNewest: boolean): Problem | undefined {
    const numbers = [header.beginTimestamp, header.endTimestamp, header.beginPhysicalOffset, header.endPhysicalOffset];
    if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) return problem('its header is damaged');
    if (header.indexCount > this.#options.layout.indexCountMax || header.usedSlotCount < 0)
      return problem('its header is damaged');
    if (header.indexCount === 1) return problem('it is empty', isNewest);
    if (header.endPhysicalOffset < header.beginPhysicalOffset) return problem('its header is damaged');
    if (header.beginPhysicalOffset < (before?.endPhysicalOffset ?? 0)) return problem('it begins before the file before it ends');
    if (header.beginPhysicalOffset >= this.#options.logEnd)
      return problem('it begins behind the end of the log', !this.#options.wasStoppedCleanly);
    return undefined;
  }

  /** Records between the file and the one before it that are in neither; a crash of Apache's broker leaves such holes. */
  async #findHole(header: IndexHeader, before: IndexFile | undefined): Promise<Problem | undefined> {
    const { walk } = this.#options;
    const from = Math.max(walk.segments.firstOffset, before === undefined ? 0 : before.endPhysicalOffset);
    const isInFileBefore = before !== undefined && from === before.endPhysicalOffset;
    const missing = await firstIndexedRecord(walk, from, header.beginPhysicalOffset, isInFileBefore);
    return missing === undefined ? undefined : problem(`the log from offset ${missing} on is not in the index`);
  }

  /** A file that was flushed when it was full: its ends must be where it says. */
  async #trust(file: IndexFile): Promise<IndexFile | Problem> {
    const reader = await this.#readerOf(file);
    const first = await reader.read(1);
    const last = await reader.read(file.indexCount - 1);
    const isRight = first?.physicalOffset === file.beginPhysicalOffset && last?.physicalOffset === file.endPhysicalOffset;
    return isRight ? file : problem('its entries are not what its header says');
  }

  async #readerOf(file: IndexFile): Promise<EntryReader> {
    const { notes, pool } = this.#options;
    return new EntryReader(pool, file, await notes.of(file.name, file));
  }

  async #check(
    path: string,
    header: IndexHeader,
    isNewest: boolean,
    noted: IndexChecksums | undefined,
  ): Promise<IndexFile | Problem> {
    const { layout, logEnd, logger, pendingBytesMax, pool, wasStoppedCleanly, writer } = this.#options;
    const checked = await checkEntries(pool, path, layout, header, logEnd, noted);
    const isCut = checked.indexCount < header.indexCount;
    if (isCut && (checked.indexCount === 1 || !isNewest)) return problem('its entries are damaged', !wasStoppedCleanly);
    const right = await this.#rightHeader(header, checked);
    if ('reason' in right) return right;
    const file = new IndexFile(path, layout, right);
    if (noted !== undefined && isNoteOf(noted, right)) file.notedCount = noted.indexCount;
    const sampleProblem = await this.#compareSamples(file);
    if (sampleProblem !== undefined) return sampleProblem;
    if (isCut) {
      await this.#options.notes.remove(file.name);
      const cut = { path, entries: header.indexCount - checked.indexCount };
      if (wasStoppedCleanly) logger.warn('entries at the end of an index file are damaged and built again', cut);
      else logger.info('entries at the end of an index file are built again', cut);
    }
    const differentPages = await checkSlots(pool, path, layout, checked.slots);
    if (differentPages > 0 && wasStoppedCleanly) {
      logger.warn('the hash slots of an index file were damaged and are repaired', { path, pages: differentPages });
    }
    file.isChanged = differentPages > 0 || !encodeIndexHeader(right).equals(encodeIndexHeader(header));
    file.grow(checked.slots, checked.checksums, pendingBytesMax);
    if (!isNewest) {
      await writer.flush(file);
      await writer.note(file);
      file.seal();
    }
    return file;
  }

  /** The header that the entries and their records ask for. */
  async #rightHeader(header: IndexHeader, checked: CheckedEntries): Promise<IndexHeader | Problem> {
    const { firstPhysicalOffset, indexCount, lastPhysicalOffset, usedSlotCount } = checked;
    if (firstPhysicalOffset !== header.beginPhysicalOffset) return problem('its first entry is not what its header says');
    const beginTimestamp = await this.#storeTimestamp(firstPhysicalOffset);
    if (beginTimestamp !== undefined && beginTimestamp !== header.beginTimestamp) {
      return problem('its begin is not the time of its first record');
    }
    const estimate = indexCount === header.indexCount ? header.endTimestamp : header.beginTimestamp + checked.lastSeconds * 1000;
    const endTimestamp = (await this.#storeTimestamp(lastPhysicalOffset)) ?? estimate;
    const { beginPhysicalOffset } = header;
    const begin = { beginTimestamp: header.beginTimestamp, beginPhysicalOffset };
    return { ...begin, endTimestamp, endPhysicalOffset: lastPhysicalOffset, usedSlotCount, indexCount };
  }

  async #compareSamples(file: IndexFile): Promise<Problem | undefined> {
    const reader = await this.#readerOf(file);
    const last = file.indexCount - 1;
    const step = Math.max(1, Math.floor(last / samplesMax));
    for (let number = last; number >= 1; number -= step) {
      const entry = await reader.read(number);
      if (entry === undefined) return problem('it is too short');
      // A record that expired cannot say.
      if (entry.physicalOffset < this.#options.walk.segments.firstOffset) return undefined;
      const isRecord = await this.#readKeys(entry.physicalOffset);
      const seconds = secondsSince(file.beginTimestamp, this.#keys.storeTimestamp);
      // The first entry's seconds count from the end of the file before.
      if (!isRecord || !this.#keys.has(entry.keyHash) || (number > 1 && entry.seconds !== seconds)) {
        return problem(`entry ${number} does not belong to the record it names`);
      }
    }
    return undefined;
  }

  async #storeTimestamp(physicalOffset: number): Promise<number | undefined> {
    return (await this.#readKeys(physicalOffset)) ? this.#keys.storeTimestamp : undefined;
  }

  async #readKeys(physicalOffset: number): Promise<boolean> {
    const record = await this.#options.readRecord(physicalOffset);
    return record !== undefined && this.#keys.read(record, 0, record.length, physicalOffset);
  }

  /** Newest first, each removal durable before the next, so that a crash leaves no hole. */
  async #removeFrom(found: readonly FoundFile[], index: number, { isExpected, reason }: Problem): Promise<void> {
    const { directory, fileSystem, logger, notes, pool } = this.#options;
    const path = found[index]?.path;
    const facts = { path, reason, files: found.length - index };
    if (isExpected) logger.info('an index file is built again from the commit log', facts);
    else logger.warn('an index file cannot be used; it and those behind it are built again from the commit log', facts);
    for (const place of found.slice(index).toReversed()) {
      await pool.drop(place.path);
      await notes.remove(place.name);
      await fileSystem.remove(place.path);
      await fileSystem.syncDirectory(directory);
    }
  }

  /** The last indexed record may have more keys than the index has of it. */
  async #findPosition(files: readonly IndexFile[]): Promise<Pick<LoadedIndex, 'position' | 'keysDone'>> {
    const { firstOffset } = this.#options.walk.segments;
    const last = files[files.length - 1];
    if (last === undefined || last.endPhysicalOffset < firstOffset) return { position: firstOffset, keysDone: 0 };
    const position = last.endPhysicalOffset;
    let keysDone = 0;
    for (const file of files.toReversed()) {
      const reader = await this.#readerOf(file);
      for (let number = file.indexCount - 1; number >= 1; number -= 1) {
        if ((await reader.read(number))?.physicalOffset !== position) return { position, keysDone };
        keysDone += 1;
      }
    }
    return { position, keysDone };
  }
}
