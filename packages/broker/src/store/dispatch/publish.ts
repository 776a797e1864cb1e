import type { AppendBatch } from '../commit-log/append-batch.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ArrivalListener } from '../message-store.js';
import type { Dispatcher, DispatchRecord } from './dispatcher.js';

/** The one record object of the append path. */
class BatchRecord implements DispatchRecord {
  readonly #batch: AppendBatch;
  index = 0;

  constructor(batch: AppendBatch) {
    this.#batch = batch;
  }

  get queue(): ConsumeQueue {
    return this.#batch.queues[this.index] as ConsumeQueue;
  }

  get queueOffset(): number {
    return this.#batch.queueOffsets[this.index] as number;
  }

  get physicalOffset(): number {
    return this.#batch.physicalOffsets[this.index] as number;
  }

  get sizeBytes(): number {
    return this.#batch.sizes[this.index] as number;
  }

  get tagsCode(): number {
    return this.#batch.tagsCodes[this.index] as number;
  }

  get storeTimestamp(): number {
    return this.#batch.storeTimestamps[this.index] as number;
  }
}

/** Makes a durable batch visible: everything derived from its records is brought up to date, in log order. */
export function publishBatch(batch: AppendBatch, dispatchers: readonly Dispatcher[]): void {
  const record = new BatchRecord(batch);
  for (; record.index < batch.queues.length; record.index += 1) {
    for (const dispatcher of dispatchers) dispatcher.dispatch(record);
  }
}

export function notifyArrivals(batch: AppendBatch, listeners: readonly ArrivalListener[]): void {
  if (listeners.length === 0) return;
  for (let index = 0; index < batch.queues.length; index += 1) {
    const queue = batch.queues[index] as ConsumeQueue;
    const maxOffset = (batch.queueOffsets[index] as number) + 1;
    const tagsCode = batch.tagsCodes[index] as number;
    for (const listener of listeners) listener(queue.topic, queue.queueId, maxOffset, tagsCode);
  }
}
