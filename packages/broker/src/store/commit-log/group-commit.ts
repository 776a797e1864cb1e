/**
 * The one writer of the log (Java: GroupCommitService and FlushRealTimeService). Puts of a turn grow one batch; it goes out
 * with one write and, for SYNC_FLUSH, one flush; meanwhile the next batch grows. Invariants: a batch is published (visible
 * to reads) and answered only when it has the durability that was configured at its first strict put; a durable batch has
 * nothing before it that is not durable; a failed write or flush is final: nothing is answered with success after it, and
 * the flush is never tried again (promises R2, I18). But a write that finds no room is taken back with all that was put
 * behind it, places and offsets included, before anything else is put; where someone was told a success or builds on a place,
 * it is kept instead, and written when there is room.
 */
import { type Clock, invariant, type Timer, type Timers } from '@orbitmq/core/kernel';
import type { AppendUnderWay } from '../append-under-way.js';
import { isOutOfSpace } from '../io/out-of-space.js';
import type { PutStatus, PutWaiter } from '../message-store.js';
import { AppendBatch } from './append-batch.js';
import type { LogFiles } from './log-files.js';
import type { LogFlusher } from './log-flusher.js';

export interface GroupCommitOptions {
  readonly files: LogFiles;
  readonly flusher: LogFlusher;
  readonly clock: Clock;
  readonly timers: Timers;
  /** SYNC_FLUSH at the start; see `setSyncFlush`. */
  readonly isSyncFlush: boolean;
  readonly syncFlushTimeoutMs: number;
  /** The batch has its durability: make its entries visible, then `tell` the waiters, then the listeners. */
  readonly publish: (batch: AppendBatch, tell: () => void) => void;
  readonly onFailure: (error: Error) => void;
  /** A write found no room. From this call on nothing may be added, until `canResume`. */
  readonly onOutOfSpace: (error: Error) => void;
  /** Removes everything from a place on that is not published, from files and memory; that was in the file that begins at `segmentStart`. */
  readonly takeBack: (physicalOffset: number, segmentStart: number) => Promise<void>;
}

interface Refusal {
  readonly waiter: PutWaiter;
  readonly status: PutStatus;
}

function answer(batch: AppendBatch, waiters: readonly PutWaiter[], from: number, status: PutStatus): void {
  for (let index = from; index < waiters.length; index += 1) (waiters[index] as PutWaiter).onDone(status);
  if (waiters === batch.waiters) batch.firstUnansweredIndex = waiters.length;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #spares: AppendBatch[] = [];
  #isSyncFlush: boolean;
  #growing = new AppendBatch();
  #writing: AppendBatch | undefined;
  #isScheduled = false;
  #failure: Error | undefined;
  #pendingMessages = 0;
  #pendingBytes = 0;
  #refusals: Refusal[] = [];
  #deadline: Timer | undefined;
  #drained: (() => void)[] = [];
  /** `writing` found no room, and is being removed. */
  #isTakingBack = false;
  /** Goes on with `writing`, which found no room and is kept. */
  #writeOn: (() => void) | undefined;
  /** Of `writing`; one object, since every put asks. */
  readonly #underWay = { beganMs: 0, includesFlush: false };
  readonly #begin = (): void => {
    this.#isScheduled = false;
    this.#tellRefused();
    this.#writeNext();
  };

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#isSyncFlush = options.isSyncFlush;
  }

  /** For every put from here on. What was put before keeps what it was promised. */
  setSyncFlush(isSyncFlush: boolean): void {
    this.#isSyncFlush = isSyncFlush;
  }

  get isSyncFlush(): boolean {
    return this.#isSyncFlush;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  get pendingMessages(): number {
    return this.#pendingMessages;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * What the disk is at. Undefined when nothing is being written, and while what is written has found no room, which is told
   * otherwise. The object changes with the next batch.
   */
  get underWay(): AppendUnderWay | undefined {
    const isAtWork = this.#writing !== undefined && this.#writeOn === undefined && !this.#isTakingBack;
    return isAtWork ? this.#underWay : undefined;
  }

  /** The batch into which records of this turn go; `added` must follow. */
  get batch(): AppendBatch {
    return this.#growing;
  }

  /** Records were added to `batch`. */
  added(waiter: PutWaiter, waitStore: boolean, messageCount: number, sizeBytes: number): void {
    const { clock } = this.#options;
    this.#growing.addWaiter(waiter, waitStore, clock.monotonic());
    this.#growing.messageCount += messageCount;
    this.#growing.recordBytes += sizeBytes;
    this.#pendingMessages += messageCount;
    this.#pendingBytes += sizeBytes;
    if (this.#writing === undefined) this.#schedule();
    if (!this.#isSyncFlush) return;
    this.#growing.needsFlush = true;
    if (this.#deadline === undefined) this.#watch(this.#options.syncFlushTimeoutMs);
  }

  /** Nothing is under way that found no room or may find none: puts can be taken again when there is some. */
  get canResume(): boolean {
    return this.#writing === undefined && this.#growing.isEmpty;
  }

  /** There may be room again for what was kept. */
  retry(): void {
    const writeOn = this.#writeOn;
    this.#writeOn = undefined;
    if (this.#failure === undefined) writeOn?.();
  }

  /** Answers in a later turn, as every put. */
  refuse(waiter: PutWaiter, status: PutStatus): void {
    this.#refusals.push({ waiter, status });
    this.#schedule();
  }

  /** Resolves when nothing is being written and nothing more will be. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#schedule();
    });
  }

  /** No more answers are owed: for a stop that could not wait for the disk. */
  abandon(): void {
    this.#answerAll('SERVICE_NOT_AVAILABLE');
  }

  /** A failure found elsewhere, for example by the interval flush: as final as one of a write. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#answerAll('SERVICE_NOT_AVAILABLE');
    if (this.#writeOn !== undefined) {
      // What is kept for later is not written any more.
      this.#writeOn = undefined;
      this.#writing = undefined;
      this.#finishIfIdle();
    }
    this.#options.onFailure(error);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.timers.setImmediate(this.#begin);
  }

  #tellRefused(): void {
    if (this.#refusals.length === 0) return;
    const refusals = this.#refusals;
    this.#refusals = [];
    for (const { waiter, status } of refusals) waiter.onDone(status);
  }

  #writeNext(): void {
    if (this.#writing !== undefined) return;
    if (this.#growing.isEmpty || this.#failure !== undefined) {
      this.#finishIfIdle();
      return;
    }
    const batch = this.#growing;
    this.#writing = batch;
    this.#growing = this.#spares.pop() ?? new AppendBatch();
    // A durable write covers its own bytes only: behind others that wait for a flush it would be cut off with them.
    const isDurable = batch.needsFlush && batch.impatientWaiters.length === 0 && !this.#options.flusher.isBehind;
    this.#underWay.beganMs = this.#options.clock.monotonic();
    this.#underWay.includesFlush = isDurable;
    this.#writePieces(batch, 0, isDurable);
  }

  /** Writes the pieces from `index` on that belong into one file; then those of the next. */
  #writePieces(batch: AppendBatch, index: number, isDurable: boolean): void {
    const { pieces } = batch;
    const first = pieces[index];
    invariant(first !== undefined, 'a batch has bytes');
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let next = index;
    for (let piece = pieces[next]; piece !== undefined && piece.segmentStart === first.segmentStart; piece = pieces[next]) {
      chunks.push(piece.bytes.subarray(piece.from, piece.to));
      sizeBytes += piece.to - piece.from;
      next += 1;
    }
    const isLast = next === pieces.length;
    const done = (error: Error | undefined): void => {
      if (this.#failure !== undefined) this.#endFailed(undefined);
      else if (error !== undefined && isOutOfSpace(error)) {
        this.#endOutOfSpace(batch, error, () => this.#writePieces(batch, index, isDurable));
      } else if (error !== undefined) this.#endFailed(error);
      else if (!isLast) this.#writePieces(batch, next, isDurable);
      else this.#written(batch, isDurable);
    };
    this.#options.files.write(chunks, first.physicalOffset, sizeBytes, isDurable, done);
  }

  #written(batch: AppendBatch, isDurable: boolean): void {
    const { flusher } = this.#options;
    flusher.written(batch.mark(), isDurable);
    if (!batch.needsFlush || isDurable) {
      this.#finish(batch);
      return;
    }
    answer(batch, batch.impatientWaiters, 0, 'PUT_OK');
    batch.impatientWaiters.length = 0;
    this.#underWay.includesFlush = true;
    flusher.flush().then(
      () => (this.#failure === undefined ? this.#finish(batch) : this.#endFailed(undefined)),
      (error: unknown) => this.#endFailed(error as Error),
    );
  }

  /** The write in progress has ended, and it or something else has failed: nothing becomes visible any more. */
  #endFailed(error: Error | undefined): void {
    if (error !== undefined) this.fail(error);
    this.#writing = undefined;
    this.#finishIfIdle();
  }

  /** No room for the batch; what grew behind it has its places behind it. */
  #endOutOfSpace(batch: AppendBatch, error: Error, writeOn: () => void): void {
    this.#options.onOutOfSpace(error);
    if (!batch.canBeTakenBack || !this.#growing.canBeTakenBack) {
      this.#writeOn = writeOn;
      return;
    }
    this.#isTakingBack = true;
    const first = batch.pieces[0];
    invariant(first !== undefined, 'a batch has bytes');
    this.#options.takeBack(first.physicalOffset, first.segmentStart).then(
      () => this.#endTakenBack(batch),
      (failure: unknown) => this.#endFailed(failure as Error),
    );
  }

  #endTakenBack(batch: AppendBatch): void {
    this.#isTakingBack = false;
    const grown = this.#growing;
    batch.takeBackOffsets();
    grown.takeBackOffsets();
    this.#growing = this.#spares.pop() ?? new AppendBatch();
    this.#writing = undefined;
    this.#pendingMessages = 0;
    this.#pendingBytes = 0;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    for (const one of [batch, grown]) {
      answer(one, one.waiters, one.firstUnansweredIndex, 'DISK_FULL');
      answer(one, one.impatientWaiters, 0, 'DISK_FULL');
      one.clear();
      this.#spares.push(one);
    }
    this.#finishIfIdle();
  }

  #finish(batch: AppendBatch): void {
    this.#writing = undefined;
    this.#pendingMessages -= batch.messageCount;
    this.#pendingBytes -= batch.recordBytes;
    // The disk works on the next batch while this one is answered.
    this.#writeNext();
    this.#options.publish(batch, () => {
      answer(batch, batch.waiters, batch.firstUnansweredIndex, 'PUT_OK');
      answer(batch, batch.impatientWaiters, 0, 'PUT_OK');
    });
    batch.clear();
    this.#spares.push(batch);
  }

  #answerAll(status: PutStatus): void {
    this.#tellRefused();
    for (const batch of [this.#writing, this.#growing]) {
      if (batch === undefined) continue;
      answer(batch, batch.waiters, batch.firstUnansweredIndex, status);
      answer(batch, batch.impatientWaiters, 0, status);
      batch.impatientWaiters.length = 0;
    }
  }

  #finishIfIdle(): void {
    const drained = this.#drained;
    this.#drained = [];
    for (const resolve of drained) resolve();
  }

  /** One timer for all waiters: when it fires, it answers who waited too long and is set for the oldest of the others. */
  #watch(delayMs: number): void {
    const onDeadline = (): void => {
      this.#deadline = undefined;
      this.#answerLate();
    };
    this.#deadline = this.#options.timers.setTimeout(onDeadline, delayMs).unref();
  }

  #answerLate(): void {
    // Who waits gets another answer in a moment.
    if (this.#isTakingBack) return;
    const { clock, syncFlushTimeoutMs } = this.#options;
    const nowMs = clock.monotonic();
    let nextDeadlineMs = Number.POSITIVE_INFINITY;
    for (const batch of [this.#writing, this.#growing]) {
      if (batch === undefined || !batch.needsFlush) continue;
      const { waiters, waiterTimes } = batch;
      while (batch.firstUnansweredIndex < waiters.length) {
        const deadlineMs = (waiterTimes[batch.firstUnansweredIndex] as number) + syncFlushTimeoutMs;
        if (deadlineMs > nowMs) {
          nextDeadlineMs = Math.min(nextDeadlineMs, deadlineMs);
          break;
        }
        const waiter = waiters[batch.firstUnansweredIndex] as PutWaiter;
        batch.firstUnansweredIndex += 1;
        waiter.onDone('FLUSH_DISK_TIMEOUT');
      }
    }
    if (nextDeadlineMs < Number.POSITIVE_INFINITY) this.#watch(nextDeadlineMs - nowMs);
  }
}
