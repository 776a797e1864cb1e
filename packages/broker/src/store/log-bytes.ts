/** The durable log as bytes, for what is derived from it outside the store. Works while the store runs. */
export interface LogBytes {
  /**
   * Up to `sizeBytes` bytes from a place on: fewer at the end of its file, at the end of what is readable and where the file
   * is damaged; none outside the log. They are the caller's and stay unchanged.
   */
  readLog(physicalOffset: number, sizeBytes: number): Promise<Buffer>;
}
