/** Searches a queue by store time (Java: ConsumeQueue.getOffsetInQueueByTime, boundary LOWER; page 05). */
import { recordBytesToStoreTimestampMax, storeTimestampOf } from '@orbitmq/protocol';
import type { LogReader } from '../commit-log/log-reader.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import { isRecordEntry } from '../consume-queue/queue-entry.js';
import type { QueueReader } from '../consume-queue/queue-reader.js';

/** Store time of the record at a place; undefined when there is none. */
async function storeTimeAt(log: LogReader, physicalOffset: number): Promise<number | undefined> {
  const head = await log.read(physicalOffset, recordBytesToStoreTimestampMax);
  return head.length < recordBytesToStoreTimestampMax ? undefined : storeTimestampOf(head);
}

export class TimeSearch {
  readonly #entries: QueueReader;
  readonly #log: LogReader;

  constructor(entries: QueueReader, log: LogReader) {
    this.#entries = entries;
    this.#log = log;
  }

  /** First offset whose store time is at or after `timestamp`; the queue's end when there is none. Store times never go back. */
  async offsetByTime(queue: ConsumeQueue, timestamp: number): Promise<number> {
    let low = queue.minOffset;
    let high = queue.maxOffset;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const storeTime = await this.storeTime(queue, middle);
      // What cannot be read any more is older than everything that can.
      if (storeTime === undefined || storeTime < timestamp) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async storeTime(queue: ConsumeQueue, queueOffset: number): Promise<number | undefined> {
    const entry = await this.#entries.entry(queue, queueOffset);
    if (entry === undefined || !isRecordEntry(entry)) return undefined;
    return storeTimeAt(this.#log, entry.physicalOffset);
  }
}
