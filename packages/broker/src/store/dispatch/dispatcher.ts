import type { ConsumeQueue } from '../consume-queue/consume-queue.js';

/** A record of the log as those see it who derive something from it (Java: DispatchRequest). One object is reused: copy what is kept. */
export interface DispatchRecord {
  readonly queue: ConsumeQueue;
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  readonly tagsCode: number;
  readonly storeTimestamp: number;
}

/**
 * Something derived from the log (Java: CommitLogDispatcher). It gets each durable record in log order: in the turn in which
 * it becomes durable, and at recovery again from the last point that is known to be derived on disk. So a repeated record
 * must be recognised.
 */
export interface Dispatcher {
  dispatch(record: DispatchRecord): void;
}
