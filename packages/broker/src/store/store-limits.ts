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
  /** Room, in bytes, that must be found behind the log's end before puts are taken again after the disk was full. */
  readonly resumeRoomBytes: number;
  /** Queue entries in memory, in bytes; what is on file is dropped first. */
  readonly queueEntriesBytesMax: number;
  /** Pieces of the log read from files for consumers that lag, in bytes. */
  readonly readCacheBytesMax: number;
  /** Size of one such piece: one read. */
  readonly readBlockBytes: number;
  /** Answers that are put together from files at once; each holds a few such pieces. Others wait for their turn. */
  readonly coldReadsMax: number;
  /** Pieces of queues read from files, as a count of 40 KiB each. */
  readonly queueBlocksMax: number;
  /** Open files beside the one that is written. */
  readonly openFilesMax: number;
  /** Log written since the queues were flushed, in bytes; beyond it they are flushed ahead of time, which bounds recovery. */
  readonly recoveryBytesMax: number;
  /** Index entries that are not on file yet, in bytes; beyond it indexing waits for the disk and falls behind. */
  readonly indexPendingBytesMax: number;
  /** Index entries looked at for one query; what lies further back in a chain is not found. */
  readonly queryEntriesMax: number;
  /** Messages in the answer to one query by key, in bytes; one message always has a place. */
  readonly queryAnswerBytesMax: number;
  /** Checksums of blocks of 16 KiB that wait for the flush; beyond it blocks stay without. */
  readonly checksumsWaitingMax: number;
  /** End of the log whose checksums are verified at a start after a clean stop, in bytes. */
  readonly startCheckBytes: number;
  /** Distance from the log's end within which messages count as "in memory" (Java: 40 % of the physical memory). */
  readonly inMemoryDistanceBytes: number;
}

const mebibyte = 1_048_576;
/** Java: accessMessageInMemoryMaxRatio. */
const inMemoryRatio = 0.4;

export const defaultStoreLimits: StoreLimits = {
  pendingBytesMax: 64 * mebibyte,
  pendingMessagesMax: 100_000,
  tailBytesMax: 32 * mebibyte,
  tailChunkBytes: 2 * mebibyte,
  reserveAheadBytes: mebibyte,
  resumeRoomBytes: 8 * mebibyte,
  queueEntriesBytesMax: 8 * mebibyte,
  readCacheBytesMax: 32 * mebibyte,
  readBlockBytes: mebibyte / 2,
  coldReadsMax: 16,
  queueBlocksMax: 256,
  openFilesMax: 256,
  recoveryBytesMax: 256 * mebibyte,
  indexPendingBytesMax: mebibyte / 4,
  queryEntriesMax: 1_000_000,
  queryAnswerBytesMax: 8 * mebibyte,
  checksumsWaitingMax: 65_536,
  startCheckBytes: 64 * mebibyte,
  inMemoryDistanceBytes: Math.floor(totalmem() * inMemoryRatio),
};
