/**
 * Finds messages by key in the index files, newest first (Java: IndexFile.selectPhyOffset and IndexService.queryOffset). Every
 * hit is read from the log and compared by its real keys, so neither a hash collision nor a damaged entry can give a message
 * that was not asked for; slots and entries are verified by their checksums where there are some, and what is damaged is told.
 * Invariants: bounded are the messages, their bytes, and the entries
 * looked at; each message is found once.
 */
import { decodeRecord } from '@orbitmq/protocol';
import type { QueryMessageRequest } from '../message-query.js';
import type { FilePool } from '../segment/file-pool.js';
import { EntryReader } from './entry-reader.js';
import { hasKey } from './has-key.js';
import { type IndexChecksums, isSlotBlock, slotBlockBytes, slotsPerBlock } from './index-checksums.js';
import type { IndexEntry } from './index-entry.js';
import type { IndexFile } from './index-file.js';
import { indexSlotBytes } from './index-layout.js';
import type { IndexNotes } from './index-notes.js';
import { indexKeyHash } from './key-hash.js';

/** An entry knows its time in whole seconds, rounded down. */
const secondMs = 1000;

export interface IndexSearchOptions {
  readonly pool: FilePool;
  readonly notes: IndexNotes;
  /** The verified record at a place of the log; undefined when there is none. */
  readonly readRecord: (physicalOffset: number) => Promise<Buffer | undefined>;
  readonly entriesMax: number;
  readonly answerBytesMax: number;
  /** False once a file was removed because its records expired. */
  readonly isInUse: (file: IndexFile) => boolean;
  /** A slot or an entry of a file is not what it must be. */
  readonly onDamage: (file: IndexFile, place: string) => void;
}

interface Chain {
  readonly file: IndexFile;
  readonly head: number | undefined;
}

interface Hits {
  readonly records: Map<number, Buffer>;
  sizeBytes: number;
  isFull: boolean;
  entriesLeft: number;
}

export class IndexSearch {
  readonly #options: IndexSearchOptions;

  constructor(options: IndexSearchOptions) {
    this.#options = options;
  }

  /** `files` oldest first. The records that match, in log order. */
  async find(files: readonly IndexFile[], request: QueryMessageRequest): Promise<readonly Buffer[]> {
    const { topic, key, kind, beginTimestamp, endTimestamp } = request;
    const hits: Hits = { records: new Map(), sizeBytes: 0, isFull: request.maxCount <= 0, entriesLeft: this.#options.entriesMax };
    const keyHash = indexKeyHash(topic, key, kind === 'TAG' ? 'TAG' : 'KEY');
    // The file that grows has its slots in memory; what is added from here on is not looked for.
    const chains = files
      .filter((file) => file.overlaps(beginTimestamp, endTimestamp))
      .map((file): Chain => ({ file, head: file.slots?.get(keyHash % file.layout.slotCount) }));
    for (const chain of chains.toReversed()) {
      if (hits.isFull || hits.entriesLeft <= 0) break;
      try {
        await this.#follow(chain, keyHash, request, hits);
      } catch (error) {
        if (this.#options.isInUse(chain.file)) throw error;
      }
    }
    return [...hits.records].sort(([left], [right]) => left - right).map(([, record]) => record);
  }

  async #follow({ file, head }: Chain, keyHash: number, request: QueryMessageRequest, hits: Hits): Promise<void> {
    const { notes, onDamage, pool } = this.#options;
    const checksums = head === undefined ? await notes.of(file.name, file) : undefined;
    const reader = new EntryReader(pool, file, checksums);
    const slot = keyHash % file.layout.slotCount;
    const newest = head ?? (await this.#readSlot(file, slot, checksums));
    if (newest === undefined) {
      onDamage(file, `slot ${slot}`);
      return;
    }
    // RocketMQ takes a slot that points outside for an empty one.
    let number = newest < file.indexCount ? newest : 0;
    for (; number > 0 && !hits.isFull && hits.entriesLeft > 0; hits.entriesLeft -= 1) {
      const entry = reader.inMemory(number) ?? (await reader.read(number));
      if (entry === undefined || !isPossible(entry, number, slot, file)) {
        onDamage(file, `entry ${number}`);
        return;
      }
      const timestamp = file.beginTimestamp + entry.seconds * secondMs;
      // The first entry's seconds count from another begin: only its record knows its time.
      if (number > 1 && timestamp + secondMs <= request.beginTimestamp) return;
      const canMatch = entry.keyHash === keyHash && (number === 1 || timestamp <= request.endTimestamp);
      if (canMatch && !hits.records.has(entry.physicalOffset)) await this.#take(entry.physicalOffset, request, hits);
      number = entry.previous;
    }
  }

  async #take(physicalOffset: number, request: QueryMessageRequest, hits: Hits): Promise<void> {
    const record = await this.#options.readRecord(physicalOffset);
    if (record === undefined || !hasKey(decodeRecord(record), request)) return;
    if (hits.records.size > 0 && hits.sizeBytes + record.length > this.#options.answerBytesMax) {
      hits.isFull = true;
      return;
    }
    hits.records.set(physicalOffset, record);
    hits.sizeBytes += record.length;
    hits.isFull = hits.records.size >= request.maxCount;
  }

  /** Undefined when it is damaged: its whole block is read to tell that. */
  async #readSlot(file: IndexFile, slot: number, checksums: IndexChecksums | undefined): Promise<number | undefined> {
    const { layout, path } = file;
    const block = Math.floor(slot / slotsPerBlock);
    const first = checksums === undefined ? slot : block * slotsPerBlock;
    const bytes = Buffer.alloc(checksums === undefined ? indexSlotBytes : slotBlockBytes(layout.slotCount, block));
    await this.#options.pool.use(path, (open) => open.read(bytes, layout.slotAt(first)));
    if (checksums !== undefined && !isSlotBlock(checksums, bytes, block)) return undefined;
    return bytes.readInt32BE((slot - first) * indexSlotBytes);
  }
}

/** What holds for every entry of a chain. */
function isPossible(entry: IndexEntry, number: number, slot: number, file: IndexFile): boolean {
  if (entry.keyHash < 0 || entry.keyHash % file.layout.slotCount !== slot) return false;
  if (entry.previous < 0 || entry.previous >= number || entry.seconds < 0) return false;
  return entry.physicalOffset >= file.beginPhysicalOffset && entry.physicalOffset <= file.endPhysicalOffset;
}
