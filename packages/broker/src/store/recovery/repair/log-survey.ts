/**
 * Reads the whole log and says where it is damaged and how each damaged stretch can be bridged. Writes nothing. Where the log
 * ends is decided by what is known to have been flushed; without such knowledge, as after an Apache broker, a place with no
 * record counts as damage only when records follow it.
 */
import type { ChecksumTable } from '../../integrity/checksum-table.js';
import { beginsWithData } from '../../segment/begins-with-data.js';
import type { FilePool } from '../../segment/file-pool.js';
import { type LogScanOptions, scanLogFile } from '../log-scanner.js';
import { findRecord } from './find-record.js';
import type { LogInventory } from './log-inventory.js';
import { skipBytesMin } from './skip-record.js';

export interface DamagedStretch {
  readonly from: number;
  readonly to: number;
  readonly path: string;
  readonly reason: string;
  /** A block does not have its checksum, which covers it to here. */
  readonly damagedTo?: number | undefined;
  /** `skip`: the log goes on in the same file. `blank`: the rest of the file is given up. `file`: all of it. */
  readonly bridge: 'skip' | 'blank' | 'file';
  /** Store time of the last record before it. */
  readonly storeTimestamp: number;
}

export interface LogSurvey {
  readonly stretches: readonly DamagedStretch[];
  readonly recordCount: number;
  readonly scannedBytes: number;
  /** Where the log ends when every stretch is bridged; behind it there may be a torn record, which a start cuts off. */
  readonly physicalEnd: number;
}

export interface LogSurveyOptions {
  readonly inventory: LogInventory;
  readonly pool: FilePool;
  readonly checksums: ChecksumTable;
  readonly verifiesPropertyCrc: boolean;
  /** The log is known to have been flushed to here; 0: nothing is known. */
  readonly knownEnd: number;
  /** Another broker wrote on behind `knownEnd`. */
  readonly isForeign: boolean;
  /** Where the log ended whose last record, at `from`, is damaged; 0 when that one may be torn. Asked where `knownEnd` does not tell. */
  readonly flushedEndOf: (from: number) => Promise<number>;
  readonly onProgress: (physicalOffset: number) => void;
}

export class LogSurveyor {
  readonly #options: LogSurveyOptions;
  readonly #scan: Omit<LogScanOptions, 'from'>;
  readonly #stretches: DamagedStretch[] = [];
  #recordCount = 0;
  #storeTimestamp = 0;

  constructor(options: LogSurveyOptions) {
    this.#options = options;
    const { checksums, inventory, onProgress, pool, verifiesPropertyCrc } = options;
    this.#scan = {
      segments: inventory.segments,
      pool,
      checksums,
      verifiesPropertyCrc,
      suspectFrom: Number.POSITIVE_INFINITY,
      onRecord: (record) => {
        this.#recordCount += 1;
        this.#storeTimestamp = Math.max(this.#storeTimestamp, record.storeTimestamp);
      },
      onPause: async (physicalOffset) => onProgress(physicalOffset),
    };
  }

  async run(): Promise<LogSurvey> {
    const { segments } = this.#options.inventory;
    let at: number | undefined = segments.firstOffset;
    let physicalEnd = at;
    while (at !== undefined && segments.has(at)) {
      physicalEnd = at;
      const step: { readonly next: number | undefined; readonly end: number } = await this.#step(at);
      at = step.next;
      physicalEnd = step.end;
    }
    const scannedBytes = physicalEnd - segments.firstOffset;
    return { stretches: this.#stretches, recordCount: this.#recordCount, scannedBytes, physicalEnd };
  }

  /** From a place to the next damage or the next file. `next` undefined: the log ends at `end`. */
  async #step(at: number): Promise<{ readonly next: number | undefined; readonly end: number }> {
    const { inventory, isForeign, knownEnd, pool } = this.#options;
    const { missing, segments } = inventory;
    const fileStart = segments.startOf(at);
    const fileEnd = fileStart + segments.sizeBytes;
    if (missing.has(fileStart)) return this.#give(at, fileEnd, 'file', { reason: 'the file is missing' });
    const found = await scanLogFile({ ...this.#scan, from: at });
    if ('skipTo' in found) return { next: found.skipTo, end: found.skipTo };
    const { damage, damagedTo, physicalEnd: from } = found.end;
    const isKnown = knownEnd > 0 && (from < knownEnd || !isForeign);
    if (isKnown && from >= knownEnd) return { next: undefined, end: from };
    const why = { reason: damage ?? 'it has zeros where a record should be', damagedTo };
    const findOptions = { segments, pool };
    let to = await findRecord(findOptions, from, Math.max(from + 1, damagedTo ?? 0));
    // Too little room for a record that bridges it: the next one is given up too.
    while (to !== undefined && to - from < skipBytesMin) to = await findRecord(findOptions, from, to + 1);
    if (to !== undefined) return this.#give(from, to, 'skip', why);
    const isFollowed = isKnown && !isForeign ? knownEnd > fileEnd : await this.#hasDataBehind(fileEnd);
    if (isFollowed) return this.#give(from, fileEnd, 'blank', why);
    const flushedEnd = isKnown ? knownEnd : await this.#options.flushedEndOf(from);
    if (flushedEnd <= from) return { next: undefined, end: from };
    // The flushed end of the log itself is lost.
    const end = Math.max(flushedEnd, from + skipBytesMin);
    if (end + 8 > fileEnd) return this.#give(from, fileEnd, 'blank', why);
    return { ...this.#give(from, end, 'skip', why), next: undefined };
  }

  #give(from: number, to: number, bridge: DamagedStretch['bridge'], why: Pick<DamagedStretch, 'reason' | 'damagedTo'>) {
    const { segments } = this.#options.inventory;
    const path = segments.pathOf(segments.startOf(from));
    this.#stretches.push({ from, to, path, ...why, bridge, storeTimestamp: this.#storeTimestamp });
    return { next: to, end: to };
  }

  async #hasDataBehind(fileEnd: number): Promise<boolean> {
    const { inventory, pool } = this.#options;
    const { missing, segments } = inventory;
    for (let start = fileEnd; segments.has(start); start += segments.sizeBytes) {
      if (missing.has(start)) continue;
      if (await beginsWithData(pool, segments.pathOf(start))) return true;
    }
    return false;
  }
}
