/**
 * The memory that output keeps which other ends do not take, over all connections of a server. An answer is often a small slice of
 * a large block, so the blocks count and not the bytes; one that several connections keep counts once. Invariant: after `hold`
 * no more than `bytesMax` is held, for the connection that has taken nothing for longest is cut while it is more. The limits
 * of each connection alone are no bound: there may be thousands.
 */
import type { Logger } from '@orbitmq/core/kernel';

/** A connection with output that the network has not taken. */
export interface OutputHolder {
  readonly remoteAddress: string;
  /** Closes the connection at once. What it held is forgotten already. */
  destroy(): void;
}

/** A stretch of a connection's output that lies in one block. */
interface HeldPiece {
  readonly block: ArrayBufferLike;
  /** Of the output, as a count of bytes since the connection began. */
  end: number;
}

export class HeldOutput {
  readonly #bytesMax: number;
  readonly #logger: Logger;
  /** How many pieces keep a block. */
  readonly #counts = new Map<ArrayBufferLike, number>();
  /** The pieces of each in the order of its output; the holders in the order in which they took something last: the first has waited longest. */
  readonly #holdings = new Map<OutputHolder, HeldPiece[]>();
  #sizeBytes = 0;

  constructor(bytesMax: number, logger: Logger) {
    this.#bytesMax = bytesMax;
    this.#logger = logger;
  }

  /** Of all blocks that are held. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The network has not taken all of `chunks`, which begin `startBytes` behind the beginning of all output. May destroy the holder, or others. */
  hold(holder: OutputHolder, chunks: readonly Buffer[], startBytes: number): void {
    let pieces = this.#holdings.get(holder);
    if (pieces === undefined) {
      pieces = [];
      this.#holdings.set(holder, pieces);
    }
    let end = startBytes;
    for (const { buffer, length } of chunks) {
      end += length;
      const last = pieces[pieces.length - 1];
      if (last?.block === buffer) {
        last.end = end;
        continue;
      }
      pieces.push({ block: buffer, end });
      const count = this.#counts.get(buffer) ?? 0;
      this.#counts.set(buffer, count + 1);
      if (count === 0) this.#sizeBytes += buffer.byteLength;
    }
    while (this.#sizeBytes > this.#bytesMax) this.#cutFirst();
  }

  /** The network has taken so many bytes of all output of the connection. */
  taken(holder: OutputHolder, takenBytes: number): void {
    const pieces = this.#holdings.get(holder);
    if (pieces === undefined) return;
    const untaken = pieces.findIndex(({ end }) => end > takenBytes);
    if (untaken === 0) return;
    const taken = pieces.splice(0, untaken < 0 ? pieces.length : untaken);
    for (const { block } of taken) this.#letGo(block);
    // Last in the order of those that wait.
    this.#holdings.delete(holder);
    if (pieces.length > 0) this.#holdings.set(holder, pieces);
  }

  /** The connection is gone. */
  release(holder: OutputHolder): void {
    this.taken(holder, Number.POSITIVE_INFINITY);
  }

  #letGo(block: ArrayBufferLike): void {
    const count = this.#counts.get(block) ?? 0;
    if (count > 1) {
      this.#counts.set(block, count - 1);
      return;
    }
    this.#counts.delete(block);
    this.#sizeBytes -= block.byteLength;
  }

  #cutFirst(): void {
    const [holder] = this.#holdings.keys();
    if (holder === undefined) return;
    this.#logger.warn('connection cut: answers that nobody reads take too much memory, and this one has waited longest', {
      remoteAddress: holder.remoteAddress,
      heldBytes: this.#sizeBytes,
    });
    this.release(holder);
    holder.destroy();
  }
}
