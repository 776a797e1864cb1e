import { totalmem } from 'node:os';

/** Bounds of the store that RocketMQ has no key for. Each is tested at its edge. */
export interface StoreLimits {
  /** Records that wait for the disk, in bytes; beyond it puts are refused as BUSY. */
  readonly pendingBytesMax: number;
  /** The same in messages. */
  readonly pendingMessagesMax: number;
  /** Newest part of the log that stays in memory, in bytes. */
  readonly tailBytesMax: number;
  /** Size of one piece of that memory; a larger record gets a piece of its own. */
  readonly tailChunkBytes: number;
  /** Space that is made ready ahead of the log's end while writes are small, in bytes; 0: none. */
  readonly reserveAheadBytes: number;
  /** Queue entries in memory, in bytes; what is on file is dropped first. */
  readonly queueEntriesBytesMax: number;
  /** Pieces of the log read from files for consumers that lag, in bytes. */
  readonly readCacheBytesMax: number;
  /** Size of one such piece: one read. */
  readonly readBlockBytes: number;
  /** Pieces of queues read from files, as a count of 40 KiB each. */
  readonly queueBlocksMax: number;
  /** Open files beside the one that is written. */
  readonly openFilesMax: number;
  /** Log written since the queues were flushed, in bytes; beyond it they are flushed ahead of time, which bounds recovery. */
  readonly recoveryBytesMax: number;
  /** Distance from the log's end within which messages count as "in memory" (Java: 40 % of the physical memory). */
  readonly inMemoryDistanceBytes: number;
}

const mebibyte = 1_048_576;
/** Java: accessMessageInMemoryMaxRatio. */
const inMemoryRatio = 0.4;

export const defaultStoreLimits: StoreLimits = {
  pendingBytesMax: 64 * mebibyte,
  pendingMessagesMax: 100_000,
  tailBytesMax: 64 * mebibyte,
  tailChunkBytes: 4 * mebibyte,
  reserveAheadBytes: mebibyte,
  queueEntriesBytesMax: 32 * mebibyte,
  readCacheBytesMax: 32 * mebibyte,
  readBlockBytes: mebibyte / 2,
  queueBlocksMax: 256,
  openFilesMax: 256,
  recoveryBytesMax: 256 * mebibyte,
  inMemoryDistanceBytes: Math.floor(totalmem() * inMemoryRatio),
};
