import { StoreError } from '@orbitmq/core/kernel';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import { SegmentList } from './segment-list.js';
import { parseSegmentName } from './segment-name.js';

interface FoundFile {
  readonly startOffset: number;
  readonly path: string;
}

/** What keeps a family of files from being used; the caller decides whether it can be rebuilt. */
export interface SegmentDamage {
  readonly path: string;
  readonly reason: string;
}

export interface LoadOptions {
  /** Whether nothing was in the newest file behind the offset where it ends. Default: always. */
  readonly mayEndAt?: ((endOffset: number) => boolean) | undefined;
  /** Nothing on the disk is changed, and a newest file that is cut off is damage. Default: false. */
  readonly isReadOnly?: boolean | undefined;
}

export type LoadedSegments = { readonly list: SegmentList; readonly damage: SegmentDamage | undefined };

async function findFiles(fileSystem: FileSystem, directory: string): Promise<readonly FoundFile[] | SegmentDamage> {
  const files: FoundFile[] = [];
  for (const entry of (await fileSystem.list(directory)) ?? []) {
    if (entry.isDirectory) continue;
    const path = joinPath(directory, entry.name);
    const startOffset = parseSegmentName(entry.name);
    if (startOffset === undefined) return { path, reason: 'its name is not an offset of 20 digits' };
    files.push({ startOffset, path });
  }
  return files.sort((left, right) => left.startOffset - right.startOffset);
}

/**
 * Reads which files a directory has (Java: MappedFileQueue.load; page 20 §1.1). The newest one may be shorter: a crash came
 * between its creation and its extension, or between the two halves of a truncation. It is removed when empty, else extended,
 * unless `mayEndAt` knows that more was in it.
 */
export async function loadSegments(
  fileSystem: FileSystem,
  directory: string,
  sizeBytes: number,
  { mayEndAt = () => true, isReadOnly = false }: LoadOptions = {},
): Promise<LoadedSegments> {
  const list = new SegmentList(directory, sizeBytes);
  const files = await findFiles(fileSystem, directory);
  if ('reason' in files) return { list, damage: files };
  for (const [index, file] of files.entries()) {
    const stat = await fileSystem.stat(file.path);
    const isNewest = index === files.length - 1;
    if (isNewest && stat?.sizeBytes === 0) {
      if (!isReadOnly) {
        await fileSystem.remove(file.path);
        await fileSystem.syncDirectory(directory);
      }
      continue;
    }
    const isShort = isNewest && stat !== undefined && stat.sizeBytes < sizeBytes;
    if (isShort && !isReadOnly && mayEndAt(file.startOffset + stat.sizeBytes)) await extend(fileSystem, file.path, sizeBytes);
    else if (stat?.sizeBytes !== sizeBytes) {
      return { list, damage: { path: file.path, reason: `it has ${stat?.sizeBytes ?? 0} bytes instead of ${sizeBytes}` } };
    }
    if (!list.isEmpty && file.startOffset !== list.endOffset) {
      return { list, damage: { path: file.path, reason: `the file before it, at ${list.endOffset}, is missing` } };
    }
    list.add(file.startOffset);
  }
  return { list, damage: undefined };
}

async function extend(fileSystem: FileSystem, path: string, sizeBytes: number): Promise<void> {
  const file = await fileSystem.open(path, { create: false });
  try {
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

export function segmentDamageError(damage: SegmentDamage, sizeKey: string): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `Cannot use ${damage.path}: ${damage.reason}. If the store was written with another ${sizeKey}, set that value; else restore or remove the file`,
    { details: { path: damage.path, reason: damage.reason } },
  );
}
