/**
 * The real disk behind the file seam; with its neighbours `node-file.ts` and `node-directory-lock.ts` the only code of the
 * broker that touches `node:fs`. Every call is asynchronous; errors are `StoreError`s that name the path and what to do.
 */
import fs, { promises as fsp } from 'node:fs';
import type { DirectoryEntry, File, FileLock, FileStat, FileSystem } from './file-system.js';
import { errorCodeOf, ioError } from './io-error.js';
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
      const handle = await fsp.open(temporary, 'w', 0o644);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fsp.rename(temporary, path);
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
    const first = await attempt('create the directory', path, () => fsp.mkdir(path, { recursive: true }));
    // `mkdir` names the first directory it made: what is new from there down is made durable in its parent.
    if (first === undefined || options.isDurable === false) return;
    for (let made = path; ; made = parentPath(made)) {
      await syncDirectory(parentPath(made));
      if (made === first || made === parentPath(made)) return;
    }
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
