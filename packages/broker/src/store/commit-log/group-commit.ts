/**
 * The one writer of the log (Java: GroupCommitService and FlushRealTimeService). Puts of a turn grow one batch; it goes out
 * with one write and, for SYNC_FLUSH, one flush; meanwhile the next batch grows. Invariants: a batch is published (visible
 * to reads) and answered only when it has the configured durability; a failed write or flush is final: nothing is answered
 * with success after it, and the flush is never tried again (promises R2, I18).
 */
import { type Clock, invariant, type Timer, type Timers } from '@orbitmq/core/kernel';
import type { PutStatus, PutWaiter } from '../message-store.js';
import { AppendBatch } from './append-batch.js';
import type { LogFiles } from './log-files.js';

export interface GroupCommitOptions {
  readonly files: LogFiles;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly isSyncFlush: boolean;
  readonly syncFlushTimeoutMs: number;
  /** The batch has its durability: make its entries visible, then `tell` the waiters, then the listeners. */
  readonly publish: (batch: AppendBatch, tell: () => void) => void;
  readonly onFailure: (error: Error) => void;
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
  #growing = new AppendBatch();
  #writing: AppendBatch | undefined;
  #isScheduled = false;
  #failure: Error | undefined;
  #pendingMessages = 0;
  #pendingBytes = 0;
  #refusals: Refusal[] = [];
  #deadline: Timer | undefined;
  #drained: (() => void)[] = [];
  readonly #begin = (): void => {
    this.#isScheduled = false;
    this.#tellRefused();
    this.#writeNext();
  };

  constructor(options: GroupCommitOptions) {
    this.#options = options;
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
    if (this.#options.isSyncFlush && this.#deadline === undefined) this.#watch(this.#options.syncFlushTimeoutMs);
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
    this.#writePieces(batch, 0);
  }

  /** Writes the pieces from `index` on that belong into one file; then those of the next. */
  #writePieces(batch: AppendBatch, index: number): void {
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
    const { files, isSyncFlush } = this.#options;
    const hasImpatient = batch.impatientWaiters.length > 0;
    const done = (error: Error | undefined): void => {
      if (error !== undefined || this.#failure !== undefined) this.#endFailed(error);
      else if (!isLast) this.#writePieces(batch, next);
      else if (isSyncFlush && hasImpatient) this.#answerImpatientAndFlush(batch);
      else this.#finish(batch);
    };
    files.write(chunks, first.physicalOffset, sizeBytes, isSyncFlush && !hasImpatient, done);
  }

  #answerImpatientAndFlush(batch: AppendBatch): void {
    answer(batch, batch.impatientWaiters, 0, 'PUT_OK');
    batch.impatientWaiters.length = 0;
    this.#options.files.flush().then(
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
    const { clock, syncFlushTimeoutMs } = this.#options;
    const nowMs = clock.monotonic();
    let nextDeadlineMs = Number.POSITIVE_INFINITY;
    for (const batch of [this.#writing, this.#growing]) {
      if (batch === undefined) continue;
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
