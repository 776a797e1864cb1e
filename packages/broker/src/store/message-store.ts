import type { Lifecycle } from '@orbitmq/core/kernel';
import type { Loan, MessageExt } from '@orbitmq/protocol';
import type { QueryMessageRequest, QueryMessageResult } from './message-query.js';
import type { RecordFilter } from './record-filter.js';

/** A message as it goes into the log; the store adds queue offset, physical offset and store time (Java: MessageExtBrokerInner). */
export interface MessageToStore {
  readonly topic: string;
  readonly queueId: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  /** Address and int32 port in the record's own layout: 8 bytes (IPv4) or 20 (IPv6, with the bit in sysFlag). */
  readonly bornHost: Buffer;
  readonly storeHost: Buffer;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly body: Buffer;
  /** The property string as stored, UTF-8. */
  readonly properties: Buffer;
  /** False: the answer does not wait for the flush (property WAIT=false). */
  readonly waitStore: boolean;
}

export type PutStatus =
  | 'PUT_OK'
  /** Stored, but the flush took longer than syncFlushTimeout. */
  | 'FLUSH_DISK_TIMEOUT'
  /** Stored and visible, but its new topic could not be written: a crash may leave it in a topic that nobody knows. Not from the store itself. */
  | 'TOPIC_NOT_WRITTEN'
  /** Stopped, or refusing writes after a failure. Nothing was stored; after `onAppended`: the write failed, whether it survives is unknown. */
  | 'SERVICE_NOT_AVAILABLE'
  /** Too much is waiting for the disk (Java: OS_PAGE_CACHE_BUSY). Nothing was stored; the same put may succeed later. */
  | 'BUSY'
  /** No room on the disk. Nothing was stored, also after `onAppended`: it was taken back. The same put succeeds when there is room. */
  | 'DISK_FULL'
  /** Body, topic or record too large. Nothing was stored. */
  | 'MESSAGE_ILLEGAL'
  | 'PROPERTIES_SIZE_EXCEEDED';

/** Who put a message. One object serves the whole put, so that the hot path makes no closure. */
export interface PutWaiter {
  /** In the turn of the put, once per message in order: its place is fixed, but it is not yet durable nor visible. */
  onAppended(physicalOffset: number, queueOffset: number, storeTimestamp: number): void;
  /** Once, in a later turn: the configured durability is reached, or it failed. `onAppended` came before unless nothing was stored. */
  onDone(status: PutStatus): void;
  /**
   * True: something is built on the place as soon as `onAppended` names it. A full disk then does not take the put back: it is
   * kept and written when there is room.
   */
  readonly keepsPlace?: boolean;
}

export type GetMessageStatus =
  | 'FOUND'
  | 'NO_MATCHED_MESSAGE'
  | 'MESSAGE_WAS_REMOVING'
  | 'OFFSET_FOUND_NULL'
  /** An operator has moved the group (5.x). Not from the store itself. */
  | 'OFFSET_RESET'
  | 'OFFSET_OVERFLOW_BADLY'
  | 'OFFSET_OVERFLOW_ONE'
  | 'OFFSET_TOO_SMALL'
  | 'NO_MATCHED_LOGIC_QUEUE'
  | 'NO_MESSAGE_IN_QUEUE';

/** Decides by the tag code of a queue entry; may pass too much, never too little. */
export type TagsCodePredicate = (tagsCode: number) => boolean;

export interface GetMessageRequest {
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly maxCount: number;
  readonly matches: TagsCodePredicate | undefined;
  /** Decides after `matches`, by the record. A read that it lets nothing through ends early, with a next offset further on. */
  readonly filter?: RecordFilter | undefined;
  /** Whether somebody takes the answer; an answer that has to be read from files waits for that. Absent: yes. */
  readonly hasRoom?: (() => boolean) | undefined;
}

/** Java: GetMessageResult; pages 04 §3 and 20 §11 say when which status and next offset are given. */
export interface GetMessageResult {
  readonly status: GetMessageStatus;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  /** Offset of the next message to become visible. */
  readonly maxOffset: number;
  /** The records, byte for byte as in the log, in order; neighbouring ones may share a slice. They stay unchanged until `loan` is given back. */
  readonly slices: readonly Buffer[];
  /** The memory of the slices. Whoever has no use for them any more may give it back, once; nobody has to. */
  readonly loan?: Loan | undefined;
  readonly messageCount: number;
  readonly sizeBytes: number;
  /** What the filter has cost, in bytes looked at. */
  readonly filterCost?: number | undefined;
}

/** One entry of a consume queue. */
export interface QueueEntry {
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  /** Tag hash; in the schedule topic the delivery time in ms. */
  readonly tagsCode: number;
}

/** Called when messages became visible: `maxOffset` is the queue's new end. */
export type ArrivalListener = (topic: string, queueId: number, maxOffset: number, tagsCode: number) => void;

/**
 * The log and its queues (Java: MessageStore). One writer, one event loop. A message is visible to every read only when it
 * has the configured durability. `start()` recovers; it rejects with a `StoreError`.
 */
export interface MessageStore extends Lifecycle {
  putMessage(message: MessageToStore, waiter: PutWaiter): void;
  /** All of one queue; contiguous, in one file, consecutive offsets; `onAppended` per message, `onDone` once. */
  putMessages(messages: readonly MessageToStore[], waiter: PutWaiter): void;
  /** Answers at once when the data is in memory. Limits of one answer: page 04 §3. */
  getMessage(request: GetMessageRequest): GetMessageResult | Promise<GetMessageResult>;
  /** Visible queue entries from `queueOffset` on, at most `maxCount`; empty beyond the end. */
  queueEntries(topic: string, queueId: number, queueOffset: number, maxCount: number): Promise<readonly QueueEntry[]>;
  /** The record at a physical offset; undefined when there is none (any number may be asked for). */
  lookMessage(physicalOffset: number): Promise<MessageExt | undefined>;
  /** The newest messages with a key, in log order; what is durable when it is called is found. Bounds: `maxMsgsNumBatch`, `queryAnswerBytesMax`. */
  queryMessage(request: QueryMessageRequest): Promise<QueryMessageResult>;
  /** Oldest readable offset of a queue; 0 for an unknown queue. */
  minOffset(topic: string, queueId: number): number;
  /** Offset of the next message to become visible; 0 for an unknown queue. */
  maxOffset(topic: string, queueId: number): number;
  /** First offset whose store time is at or after `timestamp` (5.x LOWER); the end when there is none. */
  offsetByTime(topic: string, queueId: number, timestamp: number): Promise<number>;
  /** Store time of the oldest readable message; -1 when there is none. */
  earliestStoreTime(topic: string, queueId: number): Promise<number>;
  /** Store time of the message at `queueOffset`; -1 when there is none to read. */
  storeTime(topic: string, queueId: number, queueOffset: number): Promise<number>;
  /** Whether the message at `queueOffset` counts as "in memory" (page 05 §4, code 14's rule). */
  isInMemory(topic: string, queueId: number, queueOffset: number): boolean;
  onArrival(listener: ArrivalListener): void;
  /**
   * Resolves when all that was put before this call is on the device, also with ASYNC_FLUSH and also what was answered with
   * FLUSH_DISK_TIMEOUT: for files that say how far something got, which must not outlive what they passed. Rejects with a
   * `StoreError` `STORE_IO_FAILED` when the store failed or was stopped before. While the disk hangs it waits: the caller has the deadline.
   */
  whenFlushed(): Promise<void>;
  readonly minPhysicalOffset: number;
  readonly maxPhysicalOffset: number;
  /** False after a failed write or flush, and while stopping. */
  readonly isWritable: boolean;
}
