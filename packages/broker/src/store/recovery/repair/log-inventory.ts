import { StoreError } from '@orbitmq/core/kernel';
import type { FileSystem } from '../../io/file-system.js';
import { joinPath } from '../../io/paths.js';
import { SegmentList } from '../../segment/segment-list.js';
import { parseSegmentName } from '../../segment/segment-name.js';

/** What the directory of the commit log has, whatever state it is in. */
export interface LogInventory {
  /** All files from the first to the last, those that are missing in between included. */
  readonly segments: SegmentList;
  readonly missing: ReadonlySet<number>;
  /** Starts of files that are shorter or longer than they have to be, with their lengths. */
  readonly misfits: ReadonlyMap<number, number>;
  /** Names of files that are none of the log's. */
  readonly strays: readonly string[];
}

/**
 * `knownEnd`: the log is known to have reached to here; files up to there that do not exist count as missing. Rejects with a
 * `StoreError` when there is no file at all, or when the names do not fit the file size.
 */
export async function takeInventory(
  fileSystem: FileSystem,
  directory: string,
  fileSizeBytes: number,
  knownEnd: number,
): Promise<LogInventory> {
  const found = new Map<number, number>();
  const strays: string[] = [];
  for (const { isDirectory, name } of (await fileSystem.list(directory)) ?? []) {
    if (isDirectory) continue;
    const start = parseSegmentName(name);
    if (start === undefined) strays.push(name);
    else found.set(start, (await fileSystem.stat(joinPath(directory, name)))?.sizeBytes ?? 0);
  }
  const starts = [...found.keys()].sort((left, right) => left - right);
  const first = starts[0];
  const last = starts[starts.length - 1];
  if (first === undefined || last === undefined) {
    throw new StoreError(
      'STORE_CORRUPT',
      `There is no commit log in ${directory}: check that the disk is mounted, or restore it`,
      {
        details: { path: directory },
      },
    );
  }
  const odd = starts.find((start) => (start - first) % fileSizeBytes !== 0);
  if (odd !== undefined) {
    throw new StoreError(
      'STORE_CORRUPT',
      `The commit log in ${directory} was not written with mappedFileSizeCommitLog=${fileSizeBytes}: set the value that its broker had`,
      { details: { path: directory, startOffset: odd } },
    );
  }
  const segments = new SegmentList(directory, fileSizeBytes);
  const missing = new Set<number>();
  const misfits = new Map<number, number>();
  for (let start = first; start <= last || start < knownEnd; start += fileSizeBytes) {
    segments.add(start);
    const sizeBytes = found.get(start);
    if (sizeBytes === undefined) missing.add(start);
    // The newest may be short after a crash: a start extends it.
    else if (sizeBytes > fileSizeBytes || (sizeBytes < fileSizeBytes && (start !== last || start + sizeBytes < knownEnd))) {
      misfits.set(start, sizeBytes);
    }
  }
  return { segments, missing, misfits, strays };
}
