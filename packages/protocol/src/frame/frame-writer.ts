import type { RemotingCommand } from './remoting-command.js';

/**
 * Memory that a slice was made of and that its owner wants to write over. Told once, when nobody reads the slice any more; whoever loses sight
 * of that never tells, and the owner takes other memory.
 */
export interface Loan {
  giveBack(): void;
}

/**
 * Collects the frames of one connection and one turn of the event loop. Small pieces are written into one growing chunk;
 * large buffers (`appendSlice`) are kept by reference, so a stored message goes from the log's memory to the socket uncopied.
 * The chunks that `take` returns are not written again, unless `recycle` gives them back.
 */
export interface FrameWriter {
  /** Bytes collected since the last `take`. */
  readonly sizeBytes: number;
  /** Those of them that are kept by reference. */
  readonly referencedBytes: number;
  /** Slices that are less than this share of the memory they are a part of are copied, so that they do not keep it all alive. Default: 0. */
  copiedShareMax: number;
  /** Encodes a whole command. */
  writeCommand(command: RemotingCommand): void;
  /** Makes room for `lengthBytes` more bytes at `position` in `buffer`; both may change with this call. */
  reserve(lengthBytes: number): void;
  /** The current chunk; valid between `reserve` and the next call of any other method. */
  readonly buffer: Buffer;
  /** Where the next byte goes; the writer of bytes advances it. */
  position: number;
  /** Appends bytes that stay unchanged from now on: by reference when large, copied when small, or by `copiedShareMax`. */
  appendSlice(bytes: Buffer): void;
  /** Slices appended so far are of this memory: gives it back as soon as the network has copied them. */
  borrow(loan: Loan): void;
  /** Hands over what was collected, in order. */
  take(): Buffer[];
  /** Nobody reads what was taken any more: the network has copied it. The next frames may be written over its chunks, and loans go back. */
  recycle(): void;
  /** Lets go of the memory that `recycle` kept, and of loans that cannot be given back. */
  release(): void;
}

/** Something that writes its own frame: a hot answer that builds no `RemotingCommand`. */
export interface FrameSource {
  /** Response code of its frame, for who counts answers; absent: 0. */
  readonly code?: number;
  writeFrame(writer: FrameWriter): void;
}
