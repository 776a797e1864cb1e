/** Decides by the record itself whether a reader gets it (Java: MessageFilter.isMatchedByCommitLog). */
export interface RecordFilter {
  matches(record: Buffer): boolean;
  /** What the last look cost, in bytes looked at or the time of as many: a read ends when its looks have cost enough. */
  readonly lastCost: number;
  /** Characters of the expression it was made of, which its size is proportional to; 0 when it holds on to none. */
  readonly sizeChars: number;
}
