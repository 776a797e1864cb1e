import type { FileSystem } from '../io/file-system.js';
import { datasyncFile } from '../io/io-promise.js';

/**
 * Zeros a file from `keptBytes` to its end by shrinking and extending it, and makes that durable: what an old record or entry
 * left behind the cut must never become reachable again (promises R3).
 */
export async function zeroTail(fileSystem: FileSystem, path: string, keptBytes: number, sizeBytes: number): Promise<void> {
  const file = await fileSystem.open(path, { create: false });
  try {
    await file.truncate(keptBytes);
    await file.truncate(sizeBytes);
    await datasyncFile(file);
  } finally {
    await file.close();
  }
}
