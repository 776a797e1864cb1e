/** The batch that is being written to the log (Java: what holds the put lock). */
export interface AppendUnderWay {
  /** Since when, monotonic ms. */
  readonly beganMs: number;
  /** Whether it ends on the device, not only in the page cache. */
  readonly includesFlush: boolean;
}
