/**
 * Looks for keys in RocksDB's log format, which its write-ahead logs and manifests have: blocks of 32 KiB of physical records, each
 * `u32 checksum, u16 size, u8 type` (little-endian; a recyclable one goes on with the u32 number of its log) and as many bytes. What does not
 * fit its block goes on in the next one behind another header, as FIRST, MIDDLE and LAST; what no header fits into is zero. So a key
 * may lie over the edge of two blocks in pieces. Checksums are not looked at: a key that was ever written is found.
 */
export const rocksLogBlockBytes = 32_768;

const headerBytes = 7;
const recyclableHeaderBytes = 11;
/** Types with the longer header. */
const recyclable: ReadonlySet<number> = new Set([5, 6, 7, 8, 11, 131]);
/** First pieces, and those that go on what the one before began, each plain and recyclable. */
const FIRST: ReadonlySet<number> = new Set([2, 6]);
const MIDDLE: ReadonlySet<number> = new Set([3, 7]);
const LAST: ReadonlySet<number> = new Set([4, 8]);
const nothing = Buffer.alloc(0);

export class RocksLogSearch {
  readonly #keys: readonly Buffer[];
  /** So much of a piece may be the part of a key. */
  readonly #sharedBytes: number;
  /** The end of the record so far that goes on in the next block. */
  #carried = nothing;

  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
    this.#sharedBytes = Math.max(...keys.map((key) => key.length)) - 1;
  }

  /** Whether a key is in this block, or over the edge to the one before: to be called with all blocks of a file, in their order. */
  isIn(block: Buffer): boolean {
    return this.#has(block) || this.#isOverEdge(block);
  }

  #isOverEdge(block: Buffer): boolean {
    for (let at = 0; at + headerBytes <= block.length; ) {
      const type = block.readUInt8(at + 6);
      // The rest of the block is padding, or was not written yet.
      if (type === 0) return false;
      const start = at + (recyclable.has(type) ? recyclableHeaderBytes : headerBytes);
      const end = start + block.readUInt16LE(at + 4);
      const piece = block.subarray(start, end);
      const goesOn = MIDDLE.has(type) || LAST.has(type);
      const joined = goesOn ? Buffer.concat([this.#carried, piece.subarray(0, this.#sharedBytes)]) : nothing;
      if (this.#has(joined)) return true;
      // A copy: the caller's memory may be used for the next block.
      if (FIRST.has(type)) this.#carried = Buffer.from(piece.subarray(-this.#sharedBytes));
      else if (MIDDLE.has(type))
        this.#carried = Buffer.concat([joined, piece.subarray(this.#sharedBytes)]).subarray(-this.#sharedBytes);
      else this.#carried = nothing;
      at = end;
    }
    return false;
  }

  #has(bytes: Buffer): boolean {
    return this.#keys.some((key) => bytes.includes(key));
  }
}
