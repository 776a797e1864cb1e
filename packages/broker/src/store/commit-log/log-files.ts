/**
 * The files of the commit log on the writing side. Invariants: a file is full-sized and durable, with its name, before its
 * first byte is written; the next one is made while the current one fills; writes come one at a time, in log order;
 * space that is being reserved is not written before the reservation ends.
 */
import { invariant, type Logger } from '@orbitmq/core/kernel';
import type { File, FileSystem, IoCallback } from '../io/file-system.js';
import { datasyncFile, reserveFile } from '../io/io-promise.js';
import { isOutOfSpace } from '../io/out-of-space.js';
import { createSegment } from '../segment/create-segment.js';
import type { SegmentList } from '../segment/segment-list.js';

/** Reservations begin and end on such a boundary: no page holds both zeros that are written and records. */
const reserveAlignmentBytes = 65_536;

/** Where writes are larger on average than this, a flush costs little per message and writing the space twice costs more than it saves. */
const reserveWriteBytesMax = 65_536;

interface WaitingWrite {
  readonly chunks: readonly Uint8Array[];
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  readonly isDurable: boolean;
  readonly done: IoCallback;
}

interface NextSegment {
  readonly startOffset: number;
  readonly file: Promise<File>;
}

export interface LogFilesOptions {
  readonly fileSystem: FileSystem;
  readonly segments: SegmentList;
  readonly reserveAheadBytes: number;
  readonly logger: Logger;
  /** There is no room to reserve any more; what is reserved can still be written. */
  readonly onOutOfSpace: (error: Error) => void;
}

export class LogFiles {
  readonly segments: SegmentList;
  readonly #fileSystem: FileSystem;
  readonly #reserveBytes: number;
  readonly #logger: Logger;
  readonly #onOutOfSpace: (error: Error) => void;
  #current: File | undefined;
  #currentStart = -1;
  #next: NextSegment | undefined;
  /** Files before the current one with bytes that no flush has covered. */
  #unflushed: File[] = [];
  #isCurrentDirty = false;
  /** A flush works on files: they stay open, and what is written meanwhile may not be covered by it. */
  #isFlushing = false;
  /** Log offsets: what is below is written or reserved. */
  #reservedEnd = 0;
  #reservingFrom = -1;
  #waiting: WaitingWrite | undefined;
  #onReserved: (() => void)[] = [];
  /** Moving average. */
  #writeBytes = 0;

  constructor(options: LogFilesOptions) {
    this.#fileSystem = options.fileSystem;
    this.segments = options.segments;
    this.#logger = options.logger;
    this.#onOutOfSpace = options.onOutOfSpace;
    // Two reservations make up the stretch ahead: one in use, one being made.
    this.#reserveBytes = Math.floor(options.reserveAheadBytes / 2 / reserveAlignmentBytes) * reserveAlignmentBytes;
  }

  /** Opens the file in which `physicalOffset`, the end of the log, is; makes it when it is the first. */
  async open(physicalOffset: number): Promise<void> {
    const startOffset = this.segments.startOf(physicalOffset);
    if (!this.segments.has(physicalOffset)) {
      this.#use(startOffset, await this.#create(startOffset));
      this.segments.add(startOffset);
    } else {
      this.#use(startOffset, await this.#fileSystem.open(this.segments.pathOf(startOffset), { create: false }));
    }
    this.#reserveBehind(physicalOffset);
  }

  /** Writes what belongs into one file, durably or not. Bytes written with `isDurable` false need `flush`. */
  write(chunks: readonly Uint8Array[], physicalOffset: number, sizeBytes: number, isDurable: boolean, done: IoCallback): void {
    const write: WaitingWrite = { chunks, physicalOffset, sizeBytes, isDurable, done };
    if (physicalOffset >= this.#currentStart + this.segments.sizeBytes) this.#rollAndWrite(write);
    else if (this.#reservingFrom >= 0 && physicalOffset + sizeBytes > this.#reservingFrom) {
      invariant(this.#waiting === undefined, 'one write at a time');
      this.#waiting = write;
    } else this.#writeNow(write);
  }

  /** Flushes everything that was written before the call; called again only when it has ended. */
  async flush(): Promise<void> {
    const earlier = this.#unflushed;
    const current = this.#isCurrentDirty ? this.#current : undefined;
    this.#unflushed = [];
    this.#isCurrentDirty = false;
    this.#isFlushing = true;
    try {
      for (const file of earlier) {
        await datasyncFile(file);
        await file.close();
      }
      if (current !== undefined) await datasyncFile(current);
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Closes all; a file that was made ahead and never used is removed, as Apache does. */
  async close(): Promise<void> {
    await this.#reservationEnded();
    await this.#discardNext(false);
    for (const file of this.#unflushed) await file.close();
    this.#unflushed = [];
    await this.#current?.close();
    this.#current = undefined;
  }

  /**
   * Takes back what was written from `physicalOffset` on, in part or whole: durably zeros when it resolves, so that no start
   * finds it (promises R3). No write may be under way.
   */
  async cut(physicalOffset: number): Promise<void> {
    await this.#reservationEnded();
    // A file is shorter for a moment, which a start allows for the newest one only.
    await this.#discardNext(true);
    while (this.#currentStart > physicalOffset) await this.#stepBack();
    const file = this.#current;
    invariant(file !== undefined, 'the log is open');
    const position = physicalOffset - this.#currentStart;
    if (position < this.segments.sizeBytes) {
      await file.truncate(position);
      await file.truncate(this.segments.sizeBytes);
      await datasyncFile(file);
    }
    this.#reservedEnd = physicalOffset;
    this.#prepareNext();
  }

  /** Writes zeros over up to `sizeBytes` behind the end of the log: rejects when there is no room. No write may be under way. */
  async makeRoom(physicalEnd: number, sizeBytes: number): Promise<void> {
    await this.#reservationEnded();
    const file = this.#current;
    const aligned = Math.ceil((physicalEnd + sizeBytes - this.#currentStart) / reserveAlignmentBytes) * reserveAlignmentBytes;
    const to = this.#currentStart + Math.min(aligned, this.segments.sizeBytes);
    if (file === undefined || to <= physicalEnd) return;
    await reserveFile(file, physicalEnd - this.#currentStart, to - physicalEnd);
    this.#reservedEnd = to;
  }

  /** The newest file was never read from: it goes, and the one before it is the current one again. */
  async #stepBack(): Promise<void> {
    const start = this.#currentStart;
    const dropped = this.#current;
    const isBusy = this.#isCurrentDirty || this.#isFlushing;
    this.segments.removeFrom(start);
    // A flush that begins meanwhile finds it once: in the list, or not at all.
    this.#current = undefined;
    this.#isCurrentDirty = false;
    // A flush that works on it closes it.
    if (dropped !== undefined && isBusy) this.#unflushed.push(dropped);
    else await dropped?.close();
    await this.#fileSystem.remove(this.segments.pathOf(start));
    await this.#fileSystem.syncDirectory(this.segments.directory);
    this.#currentStart = start - this.segments.sizeBytes;
    this.#current = await this.#fileSystem.open(this.segments.pathOf(this.#currentStart), { create: false });
  }

  #reservationEnded(): Promise<void> {
    if (this.#reservingFrom < 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onReserved.push(resolve);
    });
  }

  /** Removes the file that was made ahead and not used yet; one whose creation failed, too, when that matters. */
  async #discardNext(isFailedOneToo: boolean): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    const unused = await next?.file.catch(() => undefined);
    if (next === undefined || (unused === undefined && !isFailedOneToo)) return;
    await unused?.close();
    await this.#fileSystem.remove(this.segments.pathOf(next.startOffset));
    await this.#fileSystem.syncDirectory(this.segments.directory);
  }

  #create(startOffset: number): Promise<File> {
    return createSegment(this.#fileSystem, this.segments.pathOf(startOffset), this.segments.sizeBytes);
  }

  #use(startOffset: number, file: File): void {
    this.#current = file;
    this.#currentStart = startOffset;
    this.#isCurrentDirty = false;
    this.#reservedEnd = startOffset;
    this.#prepareNext();
  }

  #prepareNext(): void {
    const nextStart = this.#currentStart + this.segments.sizeBytes;
    const created = this.#create(nextStart);
    // A failure counts only when the file is needed; then it is tried once more.
    created.catch((error: unknown) => this.#logger.warn('cannot create the next commit log file ahead', { error }));
    this.#next = { startOffset: nextStart, file: created };
  }

  #rollAndWrite(write: WaitingWrite): void {
    this.#roll(write.physicalOffset).then(
      () => {
        this.write(write.chunks, write.physicalOffset, write.sizeBytes, write.isDurable, write.done);
      },
      (error: unknown) => write.done(error as Error),
    );
  }

  async #roll(physicalOffset: number): Promise<void> {
    const next = this.#next;
    invariant(next !== undefined && next.startOffset === physicalOffset, 'the log rolls to the next file');
    const file = await next.file.catch(() => this.#create(next.startOffset));
    // A file is not closed under a reservation: what it continues would go to whatever has the descriptor then.
    await this.#reservationEnded();
    const previous = this.#current;
    const wasDirty = this.#isCurrentDirty;
    this.segments.add(next.startOffset);
    this.#use(next.startOffset, file);
    if (previous === undefined) return;
    if (wasDirty || this.#isFlushing) this.#unflushed.push(previous);
    else await previous.close();
  }

  #writeNow(write: WaitingWrite): void {
    const file = this.#current;
    invariant(file !== undefined, 'the log is open');
    const end = write.physicalOffset + write.sizeBytes;
    invariant(end <= this.#currentStart + this.segments.sizeBytes, 'a write stays inside its file');
    const position = write.physicalOffset - this.#currentStart;
    const onWritten: IoCallback = (error) => {
      this.#writeBytes += (write.sizeBytes - this.#writeBytes) / 8;
      // Again: a flush that began during the write has not covered it.
      if (!write.isDurable) this.#isCurrentDirty = true;
      if (error === undefined) this.#reserveBehind(end);
      write.done(error);
    };
    if (write.isDurable) {
      file.writeDurably(write.chunks, position, onWritten);
    } else {
      this.#isCurrentDirty = true;
      file.write(write.chunks, position, onWritten);
    }
  }

  /** Keeps space ready behind `end`, below which everything is written. */
  #reserveBehind(end: number): void {
    const file = this.#current;
    if (this.#reserveBytes === 0 || this.#reservingFrom >= 0 || file === undefined) return;
    if (this.#reservedEnd - end >= this.#reserveBytes || this.#writeBytes > reserveWriteBytesMax) return;
    const segmentEnd = this.#currentStart + this.segments.sizeBytes;
    const aligned = this.#currentStart + Math.ceil((end - this.#currentStart) / reserveAlignmentBytes) * reserveAlignmentBytes;
    const from = Math.max(this.#reservedEnd, aligned);
    const to = Math.min(from + this.#reserveBytes, segmentEnd);
    if (from >= to) return;
    this.#reservingFrom = from;
    file.reserve(from - this.#currentStart, to - from, (error) => {
      this.#reservingFrom = -1;
      this.#reservedEnd = error === undefined ? to : segmentEnd;
      if (error !== undefined && isOutOfSpace(error)) this.#onOutOfSpace(error);
      else if (error !== undefined) {
        this.#logger.warn('cannot reserve space in the commit log; writing goes on without', { error });
      }
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) this.#writeNow(waiting);
      for (const resolve of this.#onReserved.splice(0)) resolve();
    });
  }
}
