/**
 * Goes through the durable log from record to record and reads the keys of each (Java: ReputMessageService). The log is the
 * truth, but an old part of it may have rotted: what cannot be read is told and left out, and the walk goes on behind it.
 */
import { blankMagic, messageMagicV1, messageMagicV2 } from '@orbitmq/protocol';
import { isPlausibleRecord, recordHeadBytes } from '../commit-log/plausible-record.js';
import type { SegmentList } from '../segment/segment-list.js';
import { RecordKeys } from './record-keys.js';
import type { RecordSource } from './record-source.js';

/** Size and magic word. */
const prefixBytes = 8;

export interface RecordWalkOptions {
  readonly segments: SegmentList;
  readonly source: RecordSource;
  readonly onDamage: (physicalOffset: number) => void;
}

export class RecordWalk {
  readonly #options: RecordWalkOptions;
  readonly keys = new RecordKeys();
  /** Where the next record begins, or the one that `look` found. */
  position: number;
  #sizeBytes = 0;
  #neededBytes = 0;

  constructor(options: RecordWalkOptions, position: number) {
    this.#options = options;
    this.position = position;
  }

  /** The record at `position`, or the first behind it, with its keys in `keys`; `LOAD`: `load` must read it first. */
  look(end: number): 'RECORD' | 'END' | 'LOAD' {
    const { segments, source } = this.#options;
    this.#neededBytes = prefixBytes;
    for (;;) {
      if (this.position < segments.firstOffset) this.position = segments.firstOffset;
      if (this.position >= end) return 'END';
      if (!source.seek(this.position) || source.end - this.position < prefixBytes) return 'LOAD';
      const at = this.position - source.start;
      const sizeBytes = source.bytes.readInt32BE(at);
      const magic = source.bytes.readInt32BE(at + 4);
      if (magic === blankMagic) {
        this.#skipFile();
        continue;
      }
      if (!this.#isPlausible(sizeBytes, magic)) {
        this.#options.onDamage(this.position);
        this.#skipFile();
        continue;
      }
      const available = source.end - this.position;
      if (sizeBytes > available) {
        if (available >= recordHeadBytes && !isPlausibleRecord(source.bytes, at, sizeBytes, this.position)) {
          this.#options.onDamage(this.position);
          this.#skipFile();
          continue;
        }
        this.#neededBytes = available < recordHeadBytes ? Math.min(recordHeadBytes, sizeBytes) : sizeBytes;
        return 'LOAD';
      }
      this.#sizeBytes = sizeBytes;
      if (this.keys.read(source.bytes, at, at + sizeBytes, this.position)) return 'RECORD';
      this.#options.onDamage(this.position);
      this.next();
    }
  }

  /** Goes to the next record. */
  next(): void {
    this.position += this.#sizeBytes;
  }

  /** Reads what `look` asked for. */
  async load(): Promise<void> {
    const { segments, source } = this.#options;
    const { position } = this;
    const isThere = await source.load(position, this.#neededBytes);
    if (isThere && source.seek(position) && source.end - position >= this.#neededBytes) return;
    // Its file was removed meanwhile, or ends too early.
    if (position < segments.firstOffset) return;
    this.#options.onDamage(position);
    this.#skipFile();
  }

  #isPlausible(sizeBytes: number, magic: number): boolean {
    if (magic !== messageMagicV1 && magic !== messageMagicV2) return false;
    return sizeBytes >= prefixBytes && sizeBytes <= this.#options.segments.sizeBytes;
  }

  #skipFile(): void {
    const { segments } = this.#options;
    this.position = segments.startOf(this.position) + segments.sizeBytes;
  }
}

/**
 * Where the first record in `[from, to)` begins that every broker indexes; undefined when there is none. `isBehindFirst` leaves
 * out the record at `from`.
 */
export async function firstIndexedRecord(
  options: RecordWalkOptions,
  from: number,
  to: number,
  isBehindFirst: boolean,
): Promise<number | undefined> {
  const walk = new RecordWalk(options, from);
  for (;;) {
    const found = walk.look(to);
    if (found === 'END') return undefined;
    if (found === 'LOAD') await walk.load();
    else if (walk.keys.countWithoutTags > 0 && !(isBehindFirst && walk.position === from)) return walk.position;
    else walk.next();
  }
}
