/**
 * The file seam: everything the broker keeps goes through it, so that tests can lose, tear and refuse writes, and so that
 * a broker without a directory runs in memory. Callbacks are never called in the turn of the call. Paths are absolute.
 */
export interface FileSystem {
  /** Id of the process that works on the files, for people: the file `abort` names it. */
  readonly processId: number;
  /** Opens for reading and writing; creates an empty file when asked to. */
  open(path: string, options: { readonly create: boolean }): Promise<File>;
  /** Whole content of a small file; undefined when there is none. */
  readFile(path: string): Promise<Buffer | undefined>;
  /** Temporary file, flush, rename over `path`, flush of the directory: readers see the old or the new content, also after a power cut. */
  writeFileAtomically(path: string, content: Uint8Array): Promise<void>;
  /** Names in a directory; undefined when there is none. */
  list(path: string): Promise<readonly DirectoryEntry[] | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  /** Makes the directory and those above it, durably unless `isDurable` is false; one that is there is no error. */
  makeDirectory(path: string, options?: { readonly isDurable?: boolean }): Promise<void>;
  /** Removes a file; a missing one is no error. */
  remove(path: string): Promise<void>;
  /** Removes a directory and all below it. */
  removeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Space of the partition that holds `path`, which must exist; undefined where there is no bound that could be told. */
  usage(path: string): Promise<DiskUsage | undefined>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Takes the exclusive lock of a store directory by its file; rejects with a `StoreError` `STORE_LOCKED` when another process (or broker) has it. */
  lock(path: string): Promise<FileLock>;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

export interface FileStat {
  readonly sizeBytes: number;
  /** Of the last write, milliseconds since the epoch; 0 when it is not known. */
  readonly modifiedAt: number;
}

export interface DiskUsage {
  readonly usedBytes: number;
  /** What this process may still take: without what the system keeps for its administrator. */
  readonly availableBytes: number;
}

export interface FileLock {
  release(): Promise<void>;
}

export type IoCallback = (error: Error | undefined) => void;

/** An open file. Writes to one file are issued one at a time by its single writer. */
export interface File {
  readonly path: string;
  /** Writes all bytes of all chunks at `position` (short writes are continued), then calls back. The chunks stay unchanged until then. */
  write(chunks: readonly Uint8Array[], position: number, done: IoCallback): void;
  /** Flushes written data to the device (fdatasync). */
  datasync(done: IoCallback): void;
  /** `write` and `datasync` in one trip, for these bytes only, where the platform can; calls back when they are on the device. */
  writeDurably(chunks: readonly Uint8Array[], position: number, done: IoCallback): void;
  /**
   * Makes later writes into the range cheaper and their space certain, where the platform can (by writing zeros: an
   * overwritten block needs no journal commit). The range was never written. May run beside a write outside the range.
   */
  reserve(position: number, sizeBytes: number, done: IoCallback): void;
  /** Reads up to `target.length` bytes at `position`; resolves with the count, which is short only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Sets the length; bytes beyond the old end read as zeros. */
  truncate(sizeBytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}
