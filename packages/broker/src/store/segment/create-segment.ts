import type { File, FileSystem } from '../io/file-system.js';
import { datasyncFile } from '../io/io-promise.js';
import { parentPath } from '../io/paths.js';

/** Creates a file of its full size (sparse) and makes it, its length and its name durable before anyone uses it. */
export async function createSegment(fileSystem: FileSystem, path: string, sizeBytes: number): Promise<File> {
  const file = await fileSystem.open(path, { create: true });
  try {
    // A file left by an earlier attempt may have content.
    await file.truncate(0);
    await file.truncate(sizeBytes);
    await datasyncFile(file);
    await fileSystem.syncDirectory(parentPath(path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}
