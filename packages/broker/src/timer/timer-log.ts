/**
 * The chains of the timer (Java: TimerLog; page 25 §2.1): units of 52 bytes in files of `mappedFileSizeTimerLog`, one writer. New ones
 * stay in memory until `flush`, which brings them to the device before anything refers to them there. So the files change
 * only in a flush, and a crash leaves at most its units behind the last known end.
 */
import { invariant, StoreError } from '@orbitmq/core/kernel';
import type { File, FileSystem } from '../store/io/file-system.js';
import { datasyncFile, writeFile } from '../store/io/io-promise.js';
import { joinPath } from '../store/io/paths.js';
import { createSegment } from '../store/segment/create-segment.js';
import { parseSegmentName, segmentName } from '../store/segment/segment-name.js';
import {
  hasRoomForUnit,
  isTimerBlank,
  readTimerUnit,
  type TimerUnit,
  timerUnitBytes,
  writeTimerBlank,
  writeTimerUnit,
} from './timer-unit.js';

/** Of the files, in memory: whole units, and of a scan. */
const blockBytes = timerUnitBytes * 315;
const blocksMax = 64;
const unflushedUnitsMaxDefault = 40_960;
/** More than the blank of a file, which is shorter than a unit and a blank together. */
const blankBytesMax = 2 * timerUnitBytes;

export interface TimerLogOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly fileBytes: number;
  /** Units that may wait for the next flush in memory; beyond it nothing is taken in before one. Default: 40,960, 2 MiB. */
  readonly unflushedUnitsMax?: number | undefined;
}

interface LogFile {
  readonly start: number;
  readonly file: File;
}

export class TimerLog {
  readonly #options: TimerLogOptions;
  /** Contiguous, oldest first. */
  readonly #files: LogFile[] = [];
  /** By position; only what is entirely flushed. In the order of their use. */
  readonly #blocks = new Map<number, Buffer>();
  readonly #unflushedUnitsMax: number;
  readonly #tail: Buffer;
  #unflushedUnits = 0;
  #tailStart = 0;
  #end = 0;
  #isFlushing = false;

  private constructor(options: TimerLogOptions) {
    this.#options = options;
    this.#unflushedUnitsMax = options.unflushedUnitsMax ?? unflushedUnitsMaxDefault;
    // Each file that begins among the units adds a blank.
    const blanksMax = Math.ceil((this.#unflushedUnitsMax * timerUnitBytes) / (options.fileBytes - blankBytesMax)) + 1;
    this.#tail = Buffer.allocUnsafeSlow(this.#unflushedUnitsMax * timerUnitBytes + blanksMax * blankBytesMax);
  }

  /** Opens the files that are there; throws a `StoreError` `STORE_FORMAT_UNSUPPORTED` for ones of another length. The end is set by `endAt`. */
  static async open(options: TimerLogOptions): Promise<TimerLog> {
    const log = new TimerLog(options);
    const { fileSystem, directory } = options;
    await fileSystem.makeDirectory(directory);
    const starts = ((await fileSystem.list(directory)) ?? [])
      .flatMap(({ name, isDirectory }) => (isDirectory ? [] : [parseSegmentName(name)]))
      .filter((start) => start !== undefined)
      .toSorted((a, b) => a - b);
    try {
      for (const start of starts) await log.#openFile(start, start === starts.at(-1));
    } catch (error) {
      await log.close();
      throw error;
    }
    log.#end = log.#filesEnd();
    log.#tailStart = log.#end;
    return log;
  }

  /** Oldest position that there is a file for. */
  get minPosition(): number {
    return this.#files[0]?.start ?? this.#tailStart;
  }

  get fileCount(): number {
    return this.#files.length;
  }

  /** Of the next unit, but for a blank before it. */
  get end(): number {
    return this.#end;
  }

  /** Everything below is on the device. */
  get flushedEnd(): number {
    return this.#tailStart;
  }

  /** Whether `unitCount` more can be appended before the next flush. */
  hasRoomFor(unitCount: number): boolean {
    return this.#unflushedUnits + unitCount <= this.#unflushedUnitsMax;
  }

  append(unit: TimerUnit): number {
    invariant(this.hasRoomFor(1), 'the tail of the timer log is flushed before it is full');
    const { fileBytes } = this.#options;
    const inFile = this.#end % fileBytes;
    if (!hasRoomForUnit(inFile, fileBytes)) {
      writeTimerBlank(this.#tail, this.#end - this.#tailStart, fileBytes - inFile);
      this.#end += fileBytes - inFile;
    }
    const position = this.#end;
    invariant(unit.previous < position, 'a timer unit follows the one before it');
    writeTimerUnit(this.#tail, position - this.#tailStart, unit);
    this.#end += timerUnitBytes;
    this.#unflushedUnits += 1;
    return position;
  }

  /** Undefined for one whose file is gone, or that cannot be read as a unit. */
  async read(position: number): Promise<TimerUnit | undefined> {
    if (position >= this.#tailStart) {
      return position < this.#end ? readTimerUnit(this.#tail, position - this.#tailStart, position) : undefined;
    }
    if (position < this.minPosition) return undefined;
    const inFile = position % this.#options.fileBytes;
    if (inFile % timerUnitBytes !== 0) return undefined;
    const blockStart = position - (inFile % blockBytes);
    const block = this.#blocks.get(blockStart) ?? (await this.#readBlock(blockStart));
    return readTimerUnit(block, position - blockStart, position);
  }

  /**
   * Calls `onUnit` for each unit from `from` on, up to the first place that holds none; returns that place. `from` is the
   * place of a unit. To be used before the first append.
   */
  async scan(from: number, onUnit: (unit: TimerUnit, position: number) => void): Promise<number> {
    const { fileBytes } = this.#options;
    let position = from;
    while (position < this.#filesEnd()) {
      const fileStart = position - (position % fileBytes);
      const blockStart = position - ((position - fileStart) % blockBytes);
      const block = await this.#readBlock(blockStart);
      const blockEnd = Math.min(blockStart + blockBytes, fileStart + fileBytes);
      while (position < blockEnd) {
        const unit = readTimerUnit(block, position - blockStart, position);
        if (unit !== undefined) {
          onUnit(unit, position);
          position += timerUnitBytes;
          continue;
        }
        if (hasRoomForUnit(position - fileStart, fileBytes) || !isTimerBlank(block, position - blockStart)) return position;
        position = fileStart + fileBytes;
      }
    }
    return position;
  }

  /** Units go on at `position`: whatever is behind it is wiped out, so that nothing of it is found behind later ones. */
  async endAt(position: number): Promise<void> {
    const { fileSystem, directory, fileBytes } = this.#options;
    invariant(this.#end === this.#tailStart, 'the end of the timer log is set before the first append');
    while (true) {
      const last = this.#files.at(-1);
      if (last === undefined || last.start < position) break;
      this.#files.pop();
      await last.file.close();
      await fileSystem.remove(joinPath(directory, segmentName(last.start)));
    }
    const last = this.#files.at(-1);
    if (last !== undefined && position < last.start + fileBytes) {
      await last.file.truncate(position - last.start);
      await last.file.truncate(fileBytes);
      await datasyncFile(last.file);
    }
    await fileSystem.syncDirectory(directory);
    this.#blocks.clear();
    // Without files the log may start anywhere that a file can.
    this.#end = last === undefined ? position - (position % fileBytes) : position;
    this.#tailStart = this.#end;
  }

  /** Brings what was appended until now to the device. One at a time; may be repeated after a failure. */
  async flush(): Promise<void> {
    invariant(!this.#isFlushing, 'the timer log has one flush at a time');
    const { fileBytes } = this.#options;
    const end = this.#end;
    const start = this.#tailStart;
    const units = this.#unflushedUnits;
    if (end === start) return;
    this.#isFlushing = true;
    try {
      for (let at = start; at < end; ) {
        const fileStart = at - (at % fileBytes);
        const partEnd = Math.min(end, fileStart + fileBytes);
        const file = await this.#fileToWrite(fileStart);
        await writeFile(file, [this.#tail.subarray(at - start, partEnd - start)], at - fileStart);
        await datasyncFile(file);
        at = partEnd;
      }
      this.#tail.copyWithin(0, end - start, this.#end - start);
      this.#tailStart = end;
      this.#unflushedUnits -= units;
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Deletes the oldest files while `isExpired` of their last unit; never the last file. Returns how many. */
  async expire(isExpired: (unit: TimerUnit) => boolean): Promise<number> {
    const { fileSystem, directory, fileBytes } = this.#options;
    let count = 0;
    while (this.#files.length > 1) {
      const oldest = this.#files[0];
      if (oldest === undefined) break;
      const lastUnitAt = Math.floor((fileBytes - 16) / timerUnitBytes) * timerUnitBytes - timerUnitBytes;
      const unit = await this.read(oldest.start + lastUnitAt);
      if (unit !== undefined && !isExpired(unit)) break;
      this.#files.shift();
      await oldest.file.close();
      await fileSystem.remove(joinPath(directory, segmentName(oldest.start)));
      count += 1;
    }
    return count;
  }

  async close(): Promise<void> {
    for (const { file } of this.#files.splice(0)) await file.close();
  }

  #filesEnd(): number {
    const last = this.#files.at(-1);
    return last === undefined ? 0 : last.start + this.#options.fileBytes;
  }

  async #openFile(start: number, isLast: boolean): Promise<void> {
    const { fileSystem, directory, fileBytes } = this.#options;
    const path = joinPath(directory, segmentName(start));
    const file = await fileSystem.open(path, { create: false });
    const size = await file.size();
    const previous = this.#files.at(-1);
    this.#files.push({ start, file });
    // A crash between making the file and giving it its length.
    if (isLast && size === 0) await file.truncate(fileBytes);
    else if (size !== fileBytes || start % fileBytes !== 0) {
      throw new StoreError(
        'STORE_FORMAT_UNSUPPORTED',
        `${path} has ${size} bytes, but mappedFileSizeTimerLog is ${fileBytes}: set it to what the files were made with`,
        { details: { path } },
      );
    }
    if (previous === undefined || previous.start + fileBytes === start) return;
    throw new StoreError(
      'STORE_CORRUPT',
      `The timer log has no file between ${segmentName(previous.start)} and ${segmentName(start)}`,
      {
        details: { path },
      },
    );
  }

  async #fileToWrite(start: number): Promise<File> {
    const known = this.#files.find((candidate) => candidate.start === start);
    if (known !== undefined) return known.file;
    const { fileSystem, directory, fileBytes } = this.#options;
    const file = await createSegment(fileSystem, joinPath(directory, segmentName(start)), fileBytes);
    this.#files.push({ start, file });
    return file;
  }

  async #readBlock(blockStart: number): Promise<Buffer> {
    const { fileBytes } = this.#options;
    const fileStart = blockStart - (blockStart % fileBytes);
    const found = this.#files.find(({ start }) => start === fileStart);
    if (found === undefined) return Buffer.alloc(0);
    const block = Buffer.alloc(Math.min(blockBytes, fileBytes - (blockStart - fileStart)));
    const flushedEnd = this.#tailStart;
    const countBytes = await found.file.read(block, blockStart - fileStart);
    if (countBytes === block.length && blockStart + block.length <= flushedEnd) this.#keep(blockStart, block);
    return block;
  }

  #keep(blockStart: number, block: Buffer): void {
    this.#blocks.delete(blockStart);
    this.#blocks.set(blockStart, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= blocksMax) break;
      this.#blocks.delete(oldest);
    }
  }
}
