/**
 * The real disk behind the file seam; with its neighbours `node-file.ts`, `make-directories.ts` and `node-directory-lock.ts` the only code of the
 * broker that touches `node:fs`. Every call is asynchronous; errors are `StoreError`s that name the path and what to do.
 */
import fs, { promises as fsp } from 'node:fs';
import type { DirectoryEntry, DiskUsage, File, FileLock, FileStat, FileSystem } from './file-system.js';
import { errorCodeOf, ioError } from './io-error.js';
import { makeDirectories } from './make-directories.js';
import { lockDirectory } from './node-directory-lock.js';
import { NodeFile } from './node-file.js';
import { parentPath } from './paths.js';

function isMissing(error: unknown): boolean {
  return errorCodeOf(error) === 'ENOENT';
}

/** Runs one operation; a missing file gives `missing` when the caller allows it. */
async function attempt<Result>(action: string, path: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw ioError(action, path, error);
  }
}

async function unlessMissing<Result>(action: string, path: string, run: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ioError(action, path, error);
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; NTFS journals its entries itself.
  if (process.platform === 'win32') return;
  await attempt('flush the directory', path, async () => {
    const handle = await fsp.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

function openDescriptor(path: string, create: boolean): Promise<number> {
  const flags = fs.constants.O_RDWR | (create ? fs.constants.O_CREAT : 0);
  return new Promise((resolve, reject) => {
    fs.open(path, flags, 0o644, (error, fd) => {
      if (error === null) resolve(fd);
      else reject(ioError('open', path, error));
    });
  });
}

class NodeFileSystem implements FileSystem {
  readonly processId = process.pid;

  async open(path: string, options: { readonly create: boolean }): Promise<File> {
    return new NodeFile(path, await openDescriptor(path, options.create));
  }

  readFile(path: string): Promise<Buffer | undefined> {
    return unlessMissing('read', path, () => fsp.readFile(path));
  }

  async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
    const temporary = `${path}.tmp`;
    await attempt('write', path, async () => {
      try {
        // Who replaces a file that only its owner may read does not show it to others.
        const existing = await unlessMissing('read', path, () => fsp.stat(path));
        const handle = await fsp.open(temporary, 'w', 0o644);
        try {
          if (existing !== undefined) await handle.chmod(existing.mode & 0o777);
          await handle.writeFile(content);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await fsp.rename(temporary, path);
      } catch (error) {
        // On a full disk half a file must not stay in the way of those that come after it.
        await fsp.rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    });
    await syncDirectory(parentPath(path));
  }

  async list(path: string): Promise<readonly DirectoryEntry[] | undefined> {
    const entries = await unlessMissing('list', path, () => fsp.readdir(path, { withFileTypes: true }));
    return entries?.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const stats = await unlessMissing('read', path, () => fsp.stat(path));
    return stats === undefined ? undefined : { sizeBytes: stats.size, modifiedAt: stats.mtimeMs };
  }

  async makeDirectory(path: string, options: { readonly isDurable?: boolean } = {}): Promise<void> {
    const made = await makeDirectories(path);
    if (options.isDurable === false) return;
    for (const directory of made.toReversed()) await syncDirectory(parentPath(directory));
  }

  async remove(path: string): Promise<void> {
    await unlessMissing('remove', path, () => fsp.unlink(path));
  }

  async removeDirectory(path: string): Promise<void> {
    await attempt('remove', path, () => fsp.rm(path, { recursive: true, force: true }));
  }

  async rename(from: string, to: string): Promise<void> {
    await attempt('rename', from, () => fsp.rename(from, to));
  }

  async usage(path: string): Promise<DiskUsage | undefined> {
    const { bavail, bfree, blocks, bsize } = await attempt('ask for the space of', path, () => fsp.statfs(path));
    // Some network and virtual file systems have no size of their own.
    return blocks === 0 ? undefined : { usedBytes: (blocks - bfree) * bsize, availableBytes: bavail * bsize };
  }

  syncDirectory(path: string): Promise<void> {
    return syncDirectory(path);
  }

  lock(path: string): Promise<FileLock> {
    return lockDirectory(path);
  }
}

/** The file system of the machine. */
export function nodeFileSystem(): FileSystem {
  return new NodeFileSystem();
}
