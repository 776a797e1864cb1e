/**
 * `config/timercheck` (Java: TimerCheckpoint; page 25 §2.1): how far the timer is. The first 56 bytes of a file of 4096, and the
 * body of an answer to GET_TIMER_CHECK_POINT.
 */
import { type DataVersion, readInt64, writeInt64 } from '@orbitmq/protocol';

export const timerCheckFileBytes = 4096;
export const timerCheckBytes = 56;
/** Without a data version, as older brokers send it. */
const shortBytes = 32;

const At = {
  READ_TIME: 0,
  LOG_FLUSHED: 8,
  QUEUE_OFFSET: 16,
  MASTER_QUEUE_OFFSET: 24,
  STATE: 32,
  TIMESTAMP: 40,
  COUNTER: 48,
} as const;

export interface TimerCheck {
  /** The next tick to deliver, ms; all before it are. */
  readonly readTime: number;
  /** Up to here the timer log is on the device, and the wheel on the device knows of it. */
  readonly logFlushedEnd: number;
  /** The next offset of the timer topic's queue to be taken into the wheel. */
  readonly queueOffset: number;
  /** The master's; Apache starts at the smaller one. */
  readonly masterQueueOffset: number;
  readonly dataVersion: DataVersion;
}

export function encodeTimerCheck(check: TimerCheck): Buffer {
  const bytes = Buffer.alloc(timerCheckBytes);
  writeInt64(bytes, check.readTime, At.READ_TIME);
  writeInt64(bytes, check.logFlushedEnd, At.LOG_FLUSHED);
  writeInt64(bytes, check.queueOffset, At.QUEUE_OFFSET);
  writeInt64(bytes, check.masterQueueOffset, At.MASTER_QUEUE_OFFSET);
  writeInt64(bytes, check.dataVersion.stateVersion, At.STATE);
  writeInt64(bytes, check.dataVersion.timestamp, At.TIMESTAMP);
  writeInt64(bytes, check.dataVersion.counter, At.COUNTER);
  return bytes;
}

/** Undefined for what is too short, or holds what can be neither a time nor an offset. */
export function decodeTimerCheck(bytes: Buffer): TimerCheck | undefined {
  if (bytes.length < shortBytes) return undefined;
  const field = (at: number): number => (at + 8 <= bytes.length ? readInt64(bytes, at) : 0);
  const check: TimerCheck = {
    readTime: field(At.READ_TIME),
    logFlushedEnd: field(At.LOG_FLUSHED),
    queueOffset: field(At.QUEUE_OFFSET),
    masterQueueOffset: field(At.MASTER_QUEUE_OFFSET),
    dataVersion: { stateVersion: field(At.STATE), timestamp: field(At.TIMESTAMP), counter: field(At.COUNTER) },
  };
  const numbers = [check.readTime, check.logFlushedEnd, check.queueOffset];
  return numbers.every((value) => Number.isSafeInteger(value) && value >= 0) ? check : undefined;
}
