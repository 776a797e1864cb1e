/**
 * Looks at a store directory as another program would (page 20 §1, §2, §4): files of full size under their names, records
 * one behind the other with a blank record at the end of each full file, queue entries that say where each message is, and
 * zeros behind all ends. Knows nothing of the store's code.
 */
import { storeRoot } from '../store/store-fixture.js';
import type { LogEntry } from './reference-model.js';
import type { RetentionModel } from './retention-model.js';
import { Violation } from './violation.js';

const blankMagic = 0xcbd43194;
const queueEntryBytes = 20;

export interface StoreFilesOptions {
  readonly files: ReadonlyMap<string, Buffer>;
  /** All that ever was, also what is gone since. */
  readonly log: readonly LogEntry[];
  readonly retention: RetentionModel;
  readonly logFileBytes: number;
  readonly queueFileBytes: number;
}

function wrong(path: string, what: string): never {
  throw new Violation(`${path}: ${what}`);
}

/** Files of a directory by their start; each has its full size. */
function family(options: StoreFilesOptions, directory: string, sizeBytes: number): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (const [path, content] of options.files) {
    if (!path.startsWith(`${directory}/`)) continue;
    const name = path.slice(directory.length + 1);
    if (!/^\d{20}$/.test(name)) wrong(path, 'is not named after an offset');
    if (content.length !== sizeBytes) wrong(path, `has ${content.length} bytes`);
    found.set(Number(name), content);
  }
  return found;
}

function checkZeros(path: string, content: Buffer, from: number): void {
  const at = content.subarray(from).findIndex((byte) => byte !== 0);
  if (at >= 0) wrong(path, `has bytes at ${from + at}, behind its end ${from}`);
}

function checkLog(options: StoreFilesOptions): void {
  const { logFileBytes, retention } = options;
  const log = options.log.filter(({ physicalOffset }) => physicalOffset >= retention.logBegin);
  const directory = `${storeRoot}/commitlog`;
  const files = family(options, directory, logFileBytes);
  let next = 0;
  for (const [start, content] of [...files].sort(([left], [right]) => left - right)) {
    let at = 0;
    for (; log[next] !== undefined && (log[next]?.physicalOffset ?? 0) < start + logFileBytes; next += 1) {
      const entry = log[next] as LogEntry;
      if (entry.physicalOffset !== start + at)
        wrong(directory, `a message is at ${entry.physicalOffset}, the one before ends at ${start + at}`);
      if (content.readInt32BE(at) !== entry.sizeBytes) wrong(directory, `no record of ${entry.sizeBytes} bytes at ${start + at}`);
      if (Number(content.readBigInt64BE(at + 28)) !== start + at)
        wrong(directory, `the record at ${start + at} names another place`);
      at += entry.sizeBytes;
    }
    if (at + 8 > logFileBytes) wrong(directory, `file ${start} has no room for its blank record`);
    const hasBlank = content.readUInt32BE(at + 4) === blankMagic;
    if (hasBlank && content.readInt32BE(at) !== logFileBytes - at)
      wrong(directory, `the blank record at ${start + at} has another size`);
    if (!hasBlank && log[next] !== undefined) wrong(directory, `file ${start} ends at ${at} without a blank record`);
    checkZeros(`${directory}/${start}`, content, hasBlank ? at + 8 : at);
  }
  if (log[next] !== undefined) wrong(directory, `no file has ${log[next]?.physicalOffset}`);
}

function checkQueues(options: StoreFilesOptions): void {
  const { files, log, queueFileBytes, retention } = options;
  const directory = `${storeRoot}/consumequeue`;
  const names = new Set(log.filter(({ queueOffset }) => queueOffset >= 0).map(({ queueId, topic }) => `${topic}/${queueId}`));
  for (const path of files.keys()) {
    if (path.startsWith(`${directory}/`)) names.add(path.slice(directory.length + 1, path.lastIndexOf('/')));
  }
  for (const name of names) {
    const entries = log.filter((entry) => `${entry.topic}/${entry.queueId}` === name && entry.queueOffset >= 0);
    const queueFiles = family(options, `${directory}/${name}`, queueFileBytes);
    for (const entry of entries) {
      if (retention.mayBeGone(name, entry.queueOffset, entry.physicalOffset)) continue;
      const at = entry.queueOffset * queueEntryBytes;
      const start = Math.floor(at / queueFileBytes) * queueFileBytes;
      const content = queueFiles.get(start);
      if (content === undefined) wrong(`${directory}/${name}`, `has no file ${start}`);
      const physicalOffset = Number(content.readBigInt64BE(at - start));
      if (physicalOffset !== entry.physicalOffset || content.readInt32BE(at - start + 8) !== entry.sizeBytes) {
        wrong(`${directory}/${name}`, `entry ${entry.queueOffset} names ${physicalOffset} instead of ${entry.physicalOffset}`);
      }
    }
    const end = entries.length * queueEntryBytes;
    for (const [start, content] of queueFiles)
      checkZeros(`${directory}/${name}/${start}`, content, Math.min(content.length, Math.max(0, end - start)));
  }
}

/** What a store that was stopped in order, and had no trouble with its disk, has left. */
export function checkStoreFiles(options: StoreFilesOptions): void {
  if (options.files.has(`${storeRoot}/abort`)) wrong(`${storeRoot}/abort`, 'is left behind');
  if (options.files.get(`${storeRoot}/checkpoint`)?.length !== 4096) wrong(`${storeRoot}/checkpoint`, 'has not 4096 bytes');
  checkLog(options);
  checkQueues(options);
}
