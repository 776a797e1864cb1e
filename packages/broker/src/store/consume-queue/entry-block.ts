import { queueEntryBytes } from './queue-entry.js';

/** A run of consecutive entries of one queue in memory, in the file's own layout: written and read without conversion. */
export class EntryBlock {
  readonly firstOffset: number;
  readonly bytes: Buffer;
  count = 0;

  constructor(firstOffset: number, capacity: number) {
    this.firstOffset = firstOffset;
    // Not zeroed: only entries below `count` are ever read.
    this.bytes = Buffer.allocUnsafeSlow(capacity * queueEntryBytes);
  }

  get endOffset(): number {
    return this.firstOffset + this.count;
  }

  get isFull(): boolean {
    return (this.count + 1) * queueEntryBytes > this.bytes.length;
  }
}
