/**
 * Brings queue entries to their files in the background (Java: FlushConsumeQueueService). A frequent round writes the queues
 * that have a few pages waiting, and with too much in memory those whose entries are there longest; a thorough round writes and
 * flushes all of them and then records up to where the log need not be dispatched again. Rounds never overlap. The log is the
 * truth: a round that never ran costs time at recovery only, and one that found no room on the disk is repeated.
 */
import type { Clock } from '@orbitmq/core/kernel';
import { forEachConcurrently } from '../for-each-concurrently.js';
import { isOutOfSpace } from '../io/out-of-space.js';
import type { LogMark } from '../log-mark.js';
import type { ConsumeQueue } from './consume-queue.js';
import type { ConsumeQueueTable } from './consume-queue-table.js';
import { queueEntryBytes } from './queue-entry.js';
import type { QueueWriter } from './queue-writer.js';

const pageBytes = 4096;
/** Queues worked on at a time: the thread pool has four threads, and while the store runs the log needs one at once. */
const concurrency = 2;
const concurrencyAtStop = 4;

/** What a thorough round covers: all queue entries of records before `mark`. */
export interface QueueSnapshot {
  readonly mark: LogMark;
  readonly ends: ReadonlyMap<ConsumeQueue, number>;
}

export interface QueueFlusherOptions {
  readonly clock: Clock;
  readonly table: ConsumeQueueTable;
  readonly writer: QueueWriter;
  readonly leastPages: number;
  readonly thoroughIntervalMs: number;
  readonly recoveryBytesMax: number;
  /** The log up to here is in the queues. */
  readonly dispatchedTo: () => LogMark;
  /** The entries of the snapshot are on the device. */
  readonly onFlushed: (snapshot: QueueSnapshot) => Promise<void>;
}

export class QueueFlusher {
  readonly #options: QueueFlusherOptions;
  #dirty: ConsumeQueue[] = [];
  /** Written by a frequent round, not flushed yet. */
  #unflushed = new Set<ConsumeQueue>();
  #thoroughAt: number;
  #thoroughTo: number;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: QueueFlusherOptions) {
    this.#options = options;
    this.#thoroughAt = options.clock.monotonic();
    this.#thoroughTo = options.dispatchedTo().physicalEnd;
    // What recovery left to do.
    for (const queue of options.table.all()) {
      if (queue.isDirty) this.#dirty.push(queue);
      if (queue.unflushedFiles.size > 0) this.#unflushed.add(queue);
    }
  }

  /** The queue got an entry. */
  markDirty(queue: ConsumeQueue): void {
    if (queue.isDirty) return;
    queue.isDirty = true;
    this.#dirty.push(queue);
  }

  /** The last round, when nothing is appended any more. */
  finish(): Promise<void> {
    return this.run({ isThorough: true, concurrency: concurrencyAtStop });
  }

  /** One round; joins one that is running, unless it has to be thorough. Rejects with the first I/O error. */
  async run(options: { readonly isThorough?: boolean; readonly concurrency?: number } = {}): Promise<void> {
    while (this.#running !== undefined) {
      await this.#running;
      if (options.isThorough !== true) return;
    }
    const isThorough = options.isThorough === true || this.#isThoroughDue();
    const round = isThorough ? this.#runThorough(options.concurrency ?? concurrency) : this.#runFrequent();
    this.#running = round.finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /**
   * Makes a change to queues that no round may meet half done, records it with a thorough round, and then does what that must
   * precede, for example removing files. `change` returns whether there was one. What it goes by it has to look at itself, in
   * its one turn: puts go on until then.
   */
  exclusively(change: () => boolean, afterwards: () => Promise<void>): Promise<void> {
    return this.#alone(async () => {
      if (!change()) return;
      await this.#runThorough(concurrency);
      await afterwards();
    });
  }

  /**
   * Forgets queues for good: first on the device, then here, so that none begins anew while its old end is noted. One that got
   * a put meanwhile stays, and goes on at its offsets.
   */
  forget(isForgotten: (queue: ConsumeQueue) => boolean): Promise<void> {
    const { table } = this.#options;
    return this.#alone(async () => {
      const forgotten = new Set<ConsumeQueue>();
      for (const queue of table.all()) if (isForgotten(queue)) forgotten.add(queue);
      if (forgotten.size === 0) return;
      await this.#runThorough(concurrency, forgotten);
      for (const queue of forgotten) if (isForgotten(queue)) table.remove(queue);
    });
  }

  /** Beside no other round. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    this.#running = work().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  #isThoroughDue(): boolean {
    const { clock, dispatchedTo, recoveryBytesMax, thoroughIntervalMs } = this.#options;
    const waitingBytes = dispatchedTo().physicalEnd - this.#thoroughTo;
    if (waitingBytes === 0) return false;
    return clock.monotonic() - this.#thoroughAt >= thoroughIntervalMs || waitingBytes >= recoveryBytesMax;
  }

  async #runFrequent(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const { table, leastPages, writer } = this.#options;
    const entriesMin = Math.ceil((leastPages * pageBytes) / queueEntryBytes);
    const inTheWay = table.memory.ownersInTheWay();
    const waiting = this.#dirty;
    this.#dirty = [];
    const due: ConsumeQueue[] = [];
    for (const queue of waiting) {
      if (queue.maxOffset - queue.writtenOffset >= entriesMin || inTheWay.has(queue)) due.push(queue);
      else this.#dirty.push(queue);
    }
    for (const queue of due) queue.isDirty = false;
    try {
      await forEachConcurrently(due, concurrency, async (queue) => {
        this.#unflushed.add(queue);
        await writer.write(queue, queue.maxOffset);
      });
    } catch (error) {
      this.#failed(error);
      this.#comeBackTo(due);
      throw error;
    }
    table.memory.trim();
  }

  /** `leftOut`: queues that the snapshot does not name. */
  async #runThorough(queuesAtATime: number, leftOut?: ReadonlySet<ConsumeQueue>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const { clock, dispatchedTo, onFlushed, table, writer } = this.#options;
    this.#thoroughAt = clock.monotonic();
    const ends = new Map<ConsumeQueue, number>();
    for (const queue of table.all()) if (leftOut?.has(queue) !== true) ends.set(queue, queue.maxOffset);
    const snapshot: QueueSnapshot = { mark: dispatchedTo(), ends };
    const due = new Set([...this.#dirty, ...this.#unflushed]);
    this.#dirty = [];
    this.#unflushed = new Set();
    for (const queue of ends.keys()) if (queue.hasStaleTail) due.add(queue);
    for (const queue of due) queue.isDirty = false;
    try {
      await forEachConcurrently([...due], queuesAtATime, async (queue) => {
        await writer.write(queue, queue.maxOffset);
        await writer.flush(queue);
      });
      await writer.flushDirectories();
      await onFlushed(snapshot);
    } catch (error) {
      this.#failed(error);
      this.#comeBackTo([...due]);
      throw error;
    }
    this.#thoroughTo = snapshot.mark.physicalEnd;
    table.memory.trim();
  }

  /** Only for want of room a round is tried again: after a failed flush nobody knows what the files hold (promises R2). */
  #failed(error: unknown): void {
    if (!isOutOfSpace(error)) this.#failure ??= { error };
  }

  /** A round ended early: what it took is taken again. */
  #comeBackTo(queues: readonly ConsumeQueue[]): void {
    for (const queue of queues) {
      this.#unflushed.add(queue);
      this.markDirty(queue);
    }
  }
}
