/**
 * Where things are in an index file (Java: IndexFile, IndexHeader; page 20 §5): a header, a table of hash slots, and entries
 * in the order of the log. Every file has its full size from its creation; entry 0 is never used.
 */
export const indexHeaderBytes = 40;
export const indexSlotBytes = 4;
export const indexEntryBytes = 20;

/** Offsets inside an entry. */
export const IndexEntryAt = { KEY_HASH: 0, PHYSICAL_OFFSET: 4, SECONDS: 12, PREVIOUS: 16 } as const;

export class IndexLayout {
  readonly slotCount: number;
  /** RocketMQ's maxIndexNum: a file is full when the number of its next entry reaches it. */
  readonly indexCountMax: number;
  readonly sizeBytes: number;

  constructor(config: { readonly maxHashSlotNum: number; readonly maxIndexNum: number }) {
    this.slotCount = config.maxHashSlotNum;
    this.indexCountMax = config.maxIndexNum;
    this.sizeBytes = indexHeaderBytes + this.slotCount * indexSlotBytes + this.indexCountMax * indexEntryBytes;
  }

  slotAt(slot: number): number {
    return indexHeaderBytes + slot * indexSlotBytes;
  }

  entryAt(number: number): number {
    return indexHeaderBytes + this.slotCount * indexSlotBytes + number * indexEntryBytes;
  }
}
