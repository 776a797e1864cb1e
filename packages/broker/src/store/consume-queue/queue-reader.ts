/**
 * Entries of queues, from memory or from the files. Old entries are read in blocks that stay for a while: a consumer that
 * catches up needs one file read for some sixty pulls.
 */
import type { QueueEntry } from '../message-store.js';
import type { FilePool } from '../segment/file-pool.js';
import type { ConsumeQueue, EntryWindow } from './consume-queue.js';
import { queueEntryBytes, readQueueEntry } from './queue-entry.js';

const blockEntries = 2048;

interface ReadBlock {
  readonly queue: ConsumeQueue;
  readonly firstOffset: number;
  readonly bytes: Buffer;
}

export class QueueReader {
  readonly #pool: FilePool;
  readonly #blocksMax: number;
  /** By queue, then by the first entry's offset. */
  readonly #blocks = new Map<ConsumeQueue, Map<number, ReadBlock>>();
  /** In order of reading: the first is the oldest. */
  readonly #order: ReadBlock[] = [];

  constructor(pool: FilePool, blocksMax: number) {
    this.#pool = pool;
    this.#blocksMax = blocksMax;
  }

  get blockCount(): number {
    return this.#order.length;
  }

  /** Entries from `queueOffset` on that are in memory; undefined when that one is not. */
  window(queue: ConsumeQueue, queueOffset: number): EntryWindow | undefined {
    const recent = queue.window(queueOffset);
    if (recent !== undefined) return recent;
    const block = this.#blocks.get(queue)?.get(this.#blockStart(queue, queueOffset));
    if (block === undefined) return undefined;
    const at = (queueOffset - block.firstOffset) * queueEntryBytes;
    return at < block.bytes.length ? { bytes: block.bytes, at, count: (block.bytes.length - at) / queueEntryBytes } : undefined;
  }

  /** The same, read from the file when it has to be; undefined when there is no such entry. */
  async load(queue: ConsumeQueue, queueOffset: number): Promise<EntryWindow | undefined> {
    if (queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return undefined;
    const known = this.window(queue, queueOffset);
    if (known !== undefined) return known;
    const firstOffset = this.#blockStart(queue, queueOffset);
    const block = await this.#read(queue, firstOffset);
    this.#keep(block);
    const at = (queueOffset - firstOffset) * queueEntryBytes;
    if (at >= block.bytes.length) return undefined;
    return { bytes: block.bytes, at, count: (block.bytes.length - at) / queueEntryBytes };
  }

  async entry(queue: ConsumeQueue, queueOffset: number): Promise<QueueEntry | undefined> {
    const window = await this.load(queue, queueOffset);
    return window === undefined ? undefined : readQueueEntry(window.bytes, window.at, queueOffset);
  }

  /** Blocks begin at multiples of their size inside a file, so that none spans two. */
  #blockStart(queue: ConsumeQueue, queueOffset: number): number {
    const perFile = queue.files.sizeBytes / queueEntryBytes;
    const fileStart = Math.floor(queueOffset / perFile) * perFile;
    return fileStart + Math.floor((queueOffset - fileStart) / blockEntries) * blockEntries;
  }

  async #read(queue: ConsumeQueue, firstOffset: number): Promise<ReadBlock> {
    const { files } = queue;
    const startByte = firstOffset * queueEntryBytes;
    const fileStart = files.startOf(startByte);
    const endByte = Math.min(
      startByte + blockEntries * queueEntryBytes,
      fileStart + files.sizeBytes,
      queue.writtenOffset * queueEntryBytes,
    );
    if (!files.has(startByte) || endByte <= startByte) return { queue, firstOffset, bytes: Buffer.alloc(0) };
    const bytes = Buffer.allocUnsafeSlow(endByte - startByte);
    const read = this.#pool.use(files.pathOf(fileStart), (file) => file.read(bytes, startByte - fileStart));
    const readBytes = await read.catch((error: unknown) => {
      if (files.has(startByte)) throw error;
      // The file expired under the read.
      return 0;
    });
    const wholeBytes = readBytes - (readBytes % queueEntryBytes);
    return { queue, firstOffset, bytes: bytes.subarray(0, wholeBytes) };
  }

  #keep(block: ReadBlock): void {
    let ofQueue = this.#blocks.get(block.queue);
    if (ofQueue === undefined) {
      ofQueue = new Map();
      this.#blocks.set(block.queue, ofQueue);
    }
    const replaced = ofQueue.get(block.firstOffset);
    if (replaced !== undefined) this.#order.splice(this.#order.indexOf(replaced), 1);
    ofQueue.set(block.firstOffset, block);
    this.#order.push(block);
    if (this.#order.length <= this.#blocksMax) return;
    const oldest = this.#order.shift();
    const others = oldest === undefined ? undefined : this.#blocks.get(oldest.queue);
    if (oldest === undefined || others === undefined) return;
    others.delete(oldest.firstOffset);
    if (others.size === 0) this.#blocks.delete(oldest.queue);
  }
}
