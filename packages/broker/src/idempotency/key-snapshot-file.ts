import { crc32 } from 'node:zlib';
import type { Clock, Timers } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import type { FileSystem } from '../store/io/file-system.js';
import { joinPath } from '../store/io/paths.js';
import type { LogBytes } from '../store/log-bytes.js';
import { storePaths } from '../store/store-paths.js';
import { decodeKeySnapshot, encodeKeySnapshot, type KeySnapshot, type LogAnchor } from './key-snapshot.js';
import type { KeyColumns } from './key-table.js';

export interface KeySnapshotFileDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fileSystem: FileSystem;
  readonly config: BrokerConfig;
  readonly log: LogBytes;
}

/** So much log at most, and a round of the look, is read at a start after a crash … */
const distanceBytes = 67_108_864;
/** … or so many times the size of the file, so that writing it costs little beside the log. */
const distanceSizes = 8;
const anchorBytesMax = 65_536;

/** Writes and reads the snapshot, and knows when one is due. */
export class KeySnapshotFile {
  readonly #deps: KeySnapshotFileDeps;
  readonly #path: string;
  readonly #nextTurn: () => Promise<void>;
  #end = 0;
  #sizeBytes = 0;
  #keys = 0;

  constructor(deps: KeySnapshotFileDeps) {
    this.#deps = deps;
    this.#path = joinPath(storePaths(deps.config).own, 'idempotency-keys');
    this.#nextTurn = () => new Promise((resolve) => void deps.timers.setImmediate(resolve));
  }

  isDue(end: number): boolean {
    return end - this.#end >= Math.max(distanceBytes, this.#sizeBytes * distanceSizes);
  }

  /** A log without keys that is read in no time needs none. */
  isWorthWritingAtStop(keys: number, end: number): boolean {
    return keys > 0 || this.#keys > 0 || end - this.#end >= distanceBytes;
  }

  /** The snapshot when it is whole and its log is this one; `end` is the log's. */
  async read(begin: number, end: number): Promise<KeySnapshot | undefined> {
    const bytes = await this.#deps.fileSystem.readFile(this.#path);
    const snapshot = bytes === undefined ? undefined : await decodeKeySnapshot(bytes, this.#nextTurn);
    if (bytes === undefined || snapshot === undefined) return undefined;
    const { anchor } = snapshot;
    if (anchor.end > end || anchor.end - anchor.sizeBytes < begin) return undefined;
    const found = await this.#anchorAt(anchor.end, anchor.sizeBytes);
    if (found?.crc !== anchor.crc) return undefined;
    this.#end = anchor.end;
    this.#sizeBytes = bytes.length;
    this.#keys = snapshot.columns.count;
    return snapshot;
  }

  /** `columns` were copied in the turn of this call and hold every key of a record before `end`. */
  async write(columns: KeyColumns, end: number): Promise<void> {
    const { clock, config, fileSystem } = this.#deps;
    const wallMs = clock.now();
    const monotonicMs = clock.monotonic();
    if (end === 0) return;
    const inFile = end % config.mappedFileSizeCommitLog || config.mappedFileSizeCommitLog;
    const anchor = await this.#anchorAt(end, Math.min(anchorBytesMax, inFile, end));
    if (anchor === undefined) return;
    const bytes = await encodeKeySnapshot({ anchor, wallMs, monotonicMs, columns }, this.#nextTurn);
    await fileSystem.writeFileAtomically(this.#path, bytes);
    this.#end = end;
    this.#sizeBytes = bytes.length;
    this.#keys = columns.count;
  }

  async #anchorAt(end: number, sizeBytes: number): Promise<LogAnchor | undefined> {
    const bytes = await this.#deps.log.readLog(end - sizeBytes, sizeBytes);
    return bytes.length === sizeBytes ? { end, sizeBytes, crc: crc32(bytes) } : undefined;
  }
}
