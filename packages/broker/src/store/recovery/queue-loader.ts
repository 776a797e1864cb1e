/**
 * Opens the consume queues that are on disk. Nothing is believed that was not flushed: a queue resumes at the end that the
 * queue-ends file names, and what its files have behind it counts as left over. Where there is no such file, as in a
 * directory written by Apache, the ends are searched, which is right after a clean stop only.
 */
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ConsumeQueueTable } from '../consume-queue/consume-queue-table.js';
import { isRecordEntry, isRecordSize, isWrittenEntry, queueEntryBytes, readQueueEntry } from '../consume-queue/queue-entry.js';
import { forEachConcurrently } from '../for-each-concurrently.js';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { QueueEntry } from '../message-store.js';
import type { FilePool } from '../segment/file-pool.js';
import { loadSegments } from '../segment/load-segments.js';
import type { QueueEnds, QueueRange } from './queue-ends-file.js';

/** Queues looked at at a time: as many as the thread pool has threads. */
const concurrency = 4;
/** Read at a time where entries of lost messages follow one another. */
const runEntries = 2048;

/** Why the queues have to be built anew from the whole log. */
export interface RebuildReason {
  readonly rebuild: string;
}

export interface LoadedQueues {
  /** Behind the last record that a queue entry points to; 0 without any. */
  readonly lastEntryEnd: number;
  /** Where the last record begins that a queue entry points to; -1 without any. */
  readonly lastEntryStart: number;
}

export interface QueueLoaderOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly directory: string;
  readonly table: ConsumeQueueTable;
  readonly minPhysicalOffset: number;
  /** For `loadBySearch`: no file is changed. Default: false. */
  readonly isReadOnly?: boolean | undefined;
}

interface FoundQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly directory: string;
}

export class QueueLoader {
  readonly #options: QueueLoaderOptions;

  constructor(options: QueueLoaderOptions) {
    this.#options = options;
  }

  /** Queues resume where the file of ends says. Queues it does not name hold later records only: they are removed. */
  async loadAt(ends: QueueEnds): Promise<LoadedQueues | RebuildReason> {
    for (const found of await this.#find()) {
      if (ends.queues.get(found.topic)?.has(found.queueId) === true) continue;
      await this.#options.fileSystem.removeDirectory(found.directory);
    }
    const named = [...ends.queues].flatMap(([topic, ranges]) =>
      [...ranges].map(([queueId, range]) => ({ topic, queueId, range })),
    );
    let rebuild: string | undefined;
    await forEachConcurrently(named, concurrency, async ({ topic, queueId, range }) => {
      if (rebuild !== undefined) return;
      const problem = await this.#loadQueueAt({ topic, queueId, directory: this.#pathOf(topic, queueId) }, range, ends);
      if (problem !== undefined) rebuild ??= `queue ${topic}/${queueId}: ${problem}`;
    });
    if (rebuild !== undefined) return { rebuild };
    return { lastEntryEnd: ends.mark.physicalEnd, lastEntryStart: ends.mark.lastPhysicalOffset };
  }

  /** Queues end at their last entry. */
  async loadBySearch(): Promise<LoadedQueues | RebuildReason> {
    let lastEntryEnd = 0;
    let lastEntryStart = -1;
    const found = await this.#find();
    if (found.length === 0) return { rebuild: 'there are no consume queues' };
    for (const place of found) {
      const { fileSystem, table } = this.#options;
      // Nothing tells what a file that is cut off had behind.
      const { list, damage } = await loadSegments(fileSystem, place.directory, table.fileSizeBytes, {
        mayEndAt: () => false,
        isReadOnly: this.#options.isReadOnly,
      });
      if (damage !== undefined) return { rebuild: `${damage.path}: ${damage.reason}` };
      const queue = this.#options.table.add(place.topic, place.queueId, list);
      if (list.isEmpty) continue;
      const firstOffset = list.firstOffset / queueEntryBytes;
      const endOffset = await this.#search(queue, firstOffset, list.endOffset / queueEntryBytes, (entry) =>
        isWrittenEntry(entry),
      );
      queue.resume(await this.#findMin(queue, firstOffset, endOffset, false), endOffset);
      queue.hasStaleTail = true;
      const last = endOffset > firstOffset ? await this.#entry(queue, endOffset - 1) : undefined;
      if (last === undefined || !isRecordEntry(last)) continue;
      lastEntryEnd = Math.max(lastEntryEnd, last.physicalOffset + last.sizeBytes);
      lastEntryStart = Math.max(lastEntryStart, last.physicalOffset);
    }
    return { lastEntryEnd, lastEntryStart };
  }

  async #loadQueueAt(found: FoundQueue, range: QueueRange, ends: QueueEnds): Promise<string | undefined> {
    const { fileSystem, table } = this.#options;
    const { deletedAt, endOffset } = range;
    // A part of an entry, with zeros behind it, would look like an entry.
    const mayEndAt = (end: number): boolean => range.minOffset >= endOffset || end >= endOffset * queueEntryBytes;
    const { list, damage } = await loadSegments(fileSystem, found.directory, table.fileSizeBytes, { mayEndAt });
    if (damage !== undefined) return damage.reason;
    const queue = table.add(found.topic, found.queueId, list);
    const problem = await this.#problemOf(queue, range, ends);
    if (problem !== undefined && range.minOffset < endOffset) return problem;
    if (problem !== undefined || deletedAt !== undefined) {
      // It has no message, and what is there says nothing: a deletion of its topic, or the making of its file, was cut short.
      await this.#dropFiles(queue);
      queue.beginAt(endOffset);
      if (deletedAt !== undefined) queue.wasDeletedAt(deletedAt);
      return undefined;
    }
    const firstOffset = list.firstOffset / queueEntryBytes;
    queue.resume(await this.#findMin(queue, Math.max(range.minOffset, firstOffset), endOffset, true), endOffset);
    queue.hasStaleTail = true;
    return undefined;
  }

  /** Why the files cannot be what the queue had when its end was written down. */
  async #problemOf(queue: ConsumeQueue, { endOffset }: QueueRange, ends: QueueEnds): Promise<string | undefined> {
    const { files } = queue;
    if (files.isEmpty) return 'its files are missing';
    const firstOffset = files.firstOffset / queueEntryBytes;
    if (endOffset === firstOffset) return undefined;
    if (endOffset < firstOffset || !files.has((endOffset - 1) * queueEntryBytes)) return 'its files do not reach its end';
    const last = await this.#entry(queue, endOffset - 1);
    const isInLog = !isRecordSize(last.sizeBytes) || last.physicalOffset + last.sizeBytes <= ends.mark.physicalEnd;
    return isWrittenEntry(last) && isInLog ? undefined : 'its last entry is damaged';
  }

  async #dropFiles({ files }: ConsumeQueue): Promise<void> {
    const { fileSystem, pool } = this.#options;
    for (const start of files.starts()) await pool.drop(files.pathOf(start));
    files.clear();
    await fileSystem.removeDirectory(files.directory);
  }

  /** First entry at or behind `fromOffset` whose record the log still has (Java: correctMinOffset). */
  async #findMin(queue: ConsumeQueue, fromOffset: number, endOffset: number, isMinKnown: boolean): Promise<number> {
    const { minPhysicalOffset } = this.#options;
    // The log still has all it ever had, and what was blank was behind the minimum when the ends were written.
    if (minPhysicalOffset === 0 && isMinKnown) return fromOffset;
    let low = fromOffset;
    let high = endOffset;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      // A blank entry, or one of a lost message, says nothing about the log: the next record does.
      const entry = await this.#recordFrom(queue, middle, endOffset);
      if (entry !== undefined && entry.physicalOffset < minPhysicalOffset) low = entry.queueOffset + 1;
      else high = middle;
    }
    return (await this.#recordFrom(queue, low, endOffset))?.queueOffset ?? endOffset;
  }

  /** The first entry of a record in `[from, end)`. */
  async #recordFrom(queue: ConsumeQueue, from: number, end: number): Promise<QueueEntry | undefined> {
    const { files } = queue;
    for (let offset = from, count = 1; offset < end; offset += count, count = runEntries) {
      const startByte = offset * queueEntryBytes;
      const fileStart = files.startOf(startByte);
      const bytes = Buffer.alloc(
        Math.min((end - offset) * queueEntryBytes, count * queueEntryBytes, fileStart + files.sizeBytes - startByte),
      );
      await this.#options.pool.use(files.pathOf(fileStart), (file) => file.read(bytes, startByte - fileStart));
      count = bytes.length / queueEntryBytes;
      for (let index = 0; index < count; index += 1) {
        const entry = readQueueEntry(bytes, index * queueEntryBytes, offset + index);
        if (isRecordEntry(entry)) return entry;
      }
    }
    return undefined;
  }

  /** First offset in `[from, to)` of which `isBefore` does not hold; it holds for a run from `from` on. */
  async #search(queue: ConsumeQueue, from: number, to: number, isBefore: (entry: QueueEntry) => boolean): Promise<number> {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBefore(await this.#entry(queue, middle))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #entry(queue: ConsumeQueue, queueOffset: number): Promise<QueueEntry> {
    const { files } = queue;
    const startByte = queueOffset * queueEntryBytes;
    const fileStart = files.startOf(startByte);
    const bytes = Buffer.alloc(queueEntryBytes);
    await this.#options.pool.use(files.pathOf(fileStart), (file) => file.read(bytes, startByte - fileStart));
    return readQueueEntry(bytes, 0, queueOffset);
  }

  /** Directories whose name is a number are queues; others are skipped (page 20 §1). */
  async #find(): Promise<readonly FoundQueue[]> {
    const { directory, fileSystem } = this.#options;
    const found: FoundQueue[] = [];
    const topics = ((await fileSystem.list(directory)) ?? []).filter((entry) => entry.isDirectory);
    await forEachConcurrently(topics, concurrency, async (topic) => {
      for (const queue of (await fileSystem.list(joinPath(directory, topic.name))) ?? []) {
        if (!queue.isDirectory || !/^\d{1,9}$/.test(queue.name)) continue;
        const queueId = Number(queue.name);
        found.push({ topic: topic.name, queueId, directory: this.#pathOf(topic.name, queueId) });
      }
    });
    return found;
  }

  #pathOf(topic: string, queueId: number): string {
    return joinPath(this.#options.directory, topic, String(queueId));
  }
}
