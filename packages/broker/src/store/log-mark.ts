/** A place between two records of the log, and what is before it. */
export interface LogMark {
  /** Where the next record begins. */
  readonly physicalEnd: number;
  /** Where the last record begins; 0 when there is none. */
  readonly lastPhysicalOffset: number;
  /** Store time of the last record; 0 when there is none. */
  readonly lastStoreTimestamp: number;
}
