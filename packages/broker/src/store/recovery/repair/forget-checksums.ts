/**
 * Checksums that a bridge would belie. It changes whole blocks too, where what it bridges begins or ends in them: without their
 * checksums, which go first, a repair after a crash takes them for what they are. That of a damaged block stays until the bridge is
 * durable: nothing else may tell of the damage.
 */
import { blockStart, checksumBlockBytes, checksumEntryBytes } from '../../integrity/block-checksum.js';
import type { FileSystem } from '../../io/file-system.js';
import { datasyncFile, writeFile } from '../../io/io-promise.js';
import type { DamagedStretch } from './log-survey.js';

/** Removes them durably from the file `path`, which is that of the log file that begins at `fileStart` and has these `stretches`. */
export async function forgetWholeBlocks(
  fileSystem: FileSystem,
  path: string,
  fileStart: number,
  stretches: readonly DamagedStretch[],
): Promise<void> {
  const stat = await fileSystem.stat(path);
  if (stat === undefined) return;
  const damaged = new Set<number>();
  for (const { damagedTo } of stretches) if (damagedTo !== undefined) damaged.add(blockStart(damagedTo - 1 - fileStart));
  const file = await fileSystem.open(path, { create: false });
  try {
    for (const { from, to } of stretches) {
      for (let block = blockStart(from - fileStart); block < to - fileStart; block += checksumBlockBytes) {
        const position = (block / checksumBlockBytes) * checksumEntryBytes;
        if (damaged.has(block) || position >= stat.sizeBytes) continue;
        await writeFile(file, [Buffer.alloc(checksumEntryBytes)], position);
      }
    }
    await datasyncFile(file);
  } finally {
    await file.close();
  }
}
