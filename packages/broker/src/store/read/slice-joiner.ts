import type { Loan } from '@orbitmq/protocol';
import type { LogBlock } from '../commit-log/log-block.js';
import type { LogReader } from '../commit-log/log-reader.js';
import { spanHas } from '../commit-log/log-span.js';
import type { RecordFilter } from '../record-filter.js';

/** Collects the records of one answer; those that lie side by side in memory become one slice. It has the blocks of its slices lent. */
export class SliceJoiner implements Loan {
  readonly #slices: Buffer[] = [];
  readonly #filter: RecordFilter | undefined;
  #lent: LogBlock[] = [];
  /** The slice that grows: a part of `#block`, in log offsets. */
  #block: LogBlock | undefined;
  #start = 0;
  #end = 0;
  messageCount = 0;
  sizeBytes = 0;
  /** Records that the filter did not let through. */
  refusedCount = 0;
  /** What the looks of the filter have cost. */
  filterCost = 0;

  constructor(filter: RecordFilter | undefined) {
    this.#filter = filter;
  }

  /** False when the record is neither in memory nor in `loaded`. It is collected when the filter lets it through. */
  add(log: LogReader, loaded: readonly LogBlock[], physicalOffset: number, sizeBytes: number): boolean {
    const block = log.blockOf(physicalOffset, sizeBytes) ?? blockIn(loaded, physicalOffset, sizeBytes);
    const copy = block === undefined ? log.overEdge(physicalOffset, sizeBytes) : undefined;
    if (block === undefined && copy === undefined) return false;
    if (this.#filter !== undefined) {
      const record = copy ?? block?.slice(physicalOffset, physicalOffset + sizeBytes);
      if (record !== undefined && !this.#isLetThrough(this.#filter, record)) return true;
    }
    if (block !== undefined) this.#extend(block, physicalOffset, sizeBytes);
    else if (copy !== undefined) {
      this.#close();
      this.#slices.push(copy);
    }
    this.messageCount += 1;
    this.sizeBytes += sizeBytes;
    return true;
  }

  finish(): readonly Buffer[] {
    this.#close();
    return this.#slices;
  }

  giveBack(): void {
    const lent = this.#lent;
    this.#lent = [];
    for (const block of lent) block.giveBack();
  }

  #isLetThrough(filter: RecordFilter, record: Buffer): boolean {
    const isMatch = filter.matches(record);
    this.filterCost += filter.lastCost;
    if (!isMatch) this.refusedCount += 1;
    return isMatch;
  }

  #extend(block: LogBlock, physicalOffset: number, sizeBytes: number): void {
    if (block !== this.#block || physicalOffset !== this.#end) {
      this.#close();
      this.#block = block;
      this.#start = physicalOffset;
    }
    this.#end = physicalOffset + sizeBytes;
  }

  #close(): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    this.#slices.push(block.slice(this.#start, this.#end));
    if (this.#lent[this.#lent.length - 1] === block) return;
    block.lend();
    this.#lent.push(block);
  }
}

function blockIn(blocks: readonly LogBlock[], physicalOffset: number, sizeBytes: number): LogBlock | undefined {
  for (const block of blocks) if (spanHas(block, physicalOffset, sizeBytes)) return block;
  return undefined;
}
