import { invariant, ProtocolError } from '@orbitmq/core/kernel';
import { frameMaxLengthBytesDefault } from './frame-decoder.js';
import type { FrameWriter, Loan } from './frame-writer.js';
import { type RemotingCommand, SerializeType } from './remoting-command.js';
import { binaryHeaderBytesMax, fitsBinaryHeader, writeBinaryHeader } from './write-binary-header.js';
import { jsonHeaderBytesMax, writeJsonHeader } from './write-json-header.js';
import { writeWord } from './write-text.js';

/** Slices of at least this many bytes go by reference; below, a copy costs less than one more entry of a gathered write. */
export const sliceByReferenceBytesMin = 2048;
/** When so much was copied since the last `take`, slices go by reference: many answers of one turn must not fill the memory. */
const copiedBytesMax = 1024 * 1024;
const chunkBytesMin = 256;
const chunkBytesMax = 64 * 1024;
const headerBytesMax = 0xffffff;
const prefixBytes = 8;
const noBytes = Buffer.alloc(0);
/** A connection whose output never runs dry gives no more back than that: it would keep the memory from being freed as well. */
const takenLoansMax = 64;

/**
 * One growing chunk and a list of finished pieces. A chunk is as large as the last turn's output suggests and is let go with
 * `take`; `recycle` keeps one for the next turn, since fresh memory costs page faults and makes the collector run, and `release`
 * lets it go, so that an idle connection holds nothing.
 */
class ChunkFrameWriter implements FrameWriter {
  buffer: Buffer = noBytes;
  position = 0;
  referencedBytes = 0;
  copiedShareMax = 0;
  readonly #maxFrameBytes: number;
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  /** Where the part of `buffer` begins that is in no piece yet. */
  #start = 0;
  #chunkBytes = chunkBytesMin;
  /** The chunk of the last `take`, whose bytes somebody may still read. */
  #taken: Buffer | undefined;
  /** A chunk that nobody reads any more. */
  #spare: Buffer | undefined;
  readonly #loans: Loan[] = [];
  /** Of what was taken since the last `recycle`. */
  readonly #takenLoans: Loan[] = [];

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  get sizeBytes(): number {
    return this.#piecesBytes + this.position - this.#start;
  }

  reserve(lengthBytes: number): void {
    if (this.buffer.length - this.position >= lengthBytes) return;
    this.#closePiece();
    const chunkBytes = Math.max(lengthBytes, this.#chunkBytes);
    const spare = this.#spare;
    this.#spare = undefined;
    this.buffer = spare !== undefined && spare.length >= chunkBytes ? spare : Buffer.allocUnsafe(chunkBytes);
    this.#chunkBytes = Math.min(this.#chunkBytes * 2, chunkBytesMax);
    this.position = 0;
    this.#start = 0;
  }

  appendSlice(bytes: Buffer): void {
    if (bytes.length < sliceByReferenceBytesMin || this.#isSmallPart(bytes)) {
      this.reserve(bytes.length);
      this.buffer.set(bytes, this.position);
      this.position += bytes.length;
      return;
    }
    this.#closePiece();
    this.#pieces.push(bytes);
    this.#piecesBytes += bytes.length;
    this.referencedBytes += bytes.length;
  }

  writeCommand(command: RemotingCommand): void {
    const { extFields, body } = command;
    const isBinary = command.serializeType === SerializeType.ROCKETMQ && fitsBinaryHeader(command, extFields);
    this.reserve(prefixBytes + (isBinary ? binaryHeaderBytesMax(command, extFields) : jsonHeaderBytesMax(command, extFields)));
    const { buffer, position } = this;
    const write = isBinary ? writeBinaryHeader : writeJsonHeader;
    const end = write(buffer, position + prefixBytes, command, extFields);
    finishFrame(
      buffer,
      position,
      end,
      isBinary ? SerializeType.ROCKETMQ : SerializeType.JSON,
      body?.length ?? 0,
      this.#maxFrameBytes,
    );
    this.position = end;
    if (body !== undefined) this.appendSlice(body);
  }

  borrow(loan: Loan): void {
    this.#loans.push(loan);
  }

  take(): Buffer[] {
    this.#chunkBytes = Math.min(Math.max(chunkBytesMin, roundUp(this.sizeBytes - this.referencedBytes)), chunkBytesMax);
    this.#closePiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.referencedBytes = 0;
    this.#taken = this.buffer.length > 0 && this.buffer.length <= chunkBytesMax ? this.buffer : undefined;
    this.buffer = noBytes;
    this.position = 0;
    this.#start = 0;
    if (this.#loans.length > 0) this.#takeLoans();
    return pieces;
  }

  recycle(): void {
    for (const loan of this.#takenLoans) loan.giveBack();
    this.#takenLoans.length = 0;
    if (this.#taken !== undefined) this.#spare = this.#taken;
    this.#taken = undefined;
  }

  release(): void {
    this.#takenLoans.length = 0;
    this.#taken = undefined;
    this.#spare = undefined;
  }

  #takeLoans(): void {
    for (const loan of this.#loans) this.#takenLoans.push(loan);
    this.#loans.length = 0;
    if (this.#takenLoans.length > takenLoansMax) this.#takenLoans.length = 0;
  }

  #isSmallPart(bytes: Buffer): boolean {
    const copiedBytes = this.sizeBytes - this.referencedBytes;
    return bytes.length < bytes.buffer.byteLength * this.copiedShareMax && copiedBytes < copiedBytesMax;
  }

  #closePiece(): void {
    const { buffer, position } = this;
    if (position === this.#start) return;
    this.#pieces.push(this.#start === 0 && position === buffer.length ? buffer : buffer.subarray(this.#start, position));
    this.#piecesBytes += position - this.#start;
    this.#start = position;
  }
}

function roundUp(sizeBytes: number): number {
  return (sizeBytes + 255) & ~255;
}

/**
 * Fills in the prefix of the frame that begins at `start` and whose header ends at `headerEnd`; `bodyBytes` follow. Throws
 * before anything counts as written when the frame is larger than a peer would read.
 */
export function finishFrame(
  buffer: Buffer,
  start: number,
  headerEnd: number,
  serializeType: SerializeType,
  bodyBytes: number,
  maxFrameBytes = frameMaxLengthBytesDefault,
): void {
  invariant(headerEnd <= buffer.length, 'a header was written beyond its reserve');
  const headerBytes = headerEnd - start - prefixBytes;
  const length = 4 + headerBytes + bodyBytes;
  if (headerBytes > headerBytesMax || length + 4 > maxFrameBytes) {
    throw new ProtocolError('FRAME_TOO_LARGE', `the frame would have ${length + 4} bytes, allowed are ${maxFrameBytes}`, {
      details: { sizeBytes: length + 4, maxFrameBytes },
    });
  }
  writeWord(buffer, start, length);
  writeWord(buffer, start + 4, (serializeType << 24) | headerBytes);
}

/** A writer for one connection. `maxFrameBytes` counts the length word; default `frameMaxLengthBytesDefault`. */
export function createFrameWriter(options: { readonly maxFrameBytes?: number | undefined } = {}): FrameWriter {
  return new ChunkFrameWriter(options.maxFrameBytes ?? frameMaxLengthBytesDefault);
}
