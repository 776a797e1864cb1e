/**
 * The durable log as the index builder reads it: the newest part from memory, without a copy, the rest from the files in
 * blocks of its own. Holds one block, whatever the distance to the log's end.
 */
import type { TailBuffer } from '../commit-log/tail-buffer.js';
import type { SegmentList } from '../segment/segment-list.js';

const blockBytes = 1_048_576;
const noBytes = Buffer.alloc(0);

export interface RecordSourceOptions {
  readonly segments: SegmentList;
  readonly tail: TailBuffer;
  /** Bytes from a place to `end`, in one file; fewer where they are damaged. */
  readonly readFile: (physicalOffset: number, end: number) => Promise<Buffer>;
  /** Nothing at or behind it is read. */
  readonly durableEnd: () => number;
}

export class RecordSource {
  readonly #options: RecordSourceOptions;
  #block: Buffer = noBytes;
  #blockStart = 0;
  #blockEnd = 0;
  /** The bytes found by `seek`, valid in its turn only. */
  bytes: Buffer = noBytes;
  /** Log offset of the first of them. */
  start = 0;
  /** Log offset behind the last one that may be read. */
  end = 0;

  constructor(options: RecordSourceOptions) {
    this.#options = options;
  }

  /** Finds the bytes from `physicalOffset` on; false when they must be loaded first. */
  seek(physicalOffset: number): boolean {
    const { durableEnd, tail } = this.#options;
    const chunk = tail.find(physicalOffset, 1);
    if (chunk !== undefined) {
      this.bytes = chunk.bytes;
      this.start = chunk.physicalStart;
      this.end = Math.min(chunk.physicalEnd, durableEnd());
      return true;
    }
    if (physicalOffset < this.#blockStart || physicalOffset >= this.#blockEnd) return false;
    this.bytes = this.#block;
    this.start = this.#blockStart;
    this.end = this.#blockEnd;
    return true;
  }

  /** Reads a block that begins at `physicalOffset`, of `bytesMin` at least where its file has them; false when there is no such file. */
  async load(physicalOffset: number, bytesMin: number): Promise<boolean> {
    const { durableEnd, readFile, segments } = this.#options;
    this.release();
    if (!segments.has(physicalOffset)) return false;
    const fileEnd = segments.startOf(physicalOffset) + segments.sizeBytes;
    const end = Math.min(fileEnd, durableEnd(), physicalOffset + Math.max(bytesMin, blockBytes));
    this.#block = await readFile(physicalOffset, end);
    this.#blockStart = physicalOffset;
    this.#blockEnd = physicalOffset + this.#block.length;
    return true;
  }

  /** Lets go of the block. */
  release(): void {
    this.#block = noBytes;
    this.#blockEnd = this.#blockStart;
  }
}
