/**
 * Files in the memory of the process: the store of an embedded broker without a directory, and the disk of unit tests.
 * Only pages that were written take memory, so a commit log file of 1 GiB costs what is in it. Nothing survives the process.
 * With a bound it is a disk of that size, which can be full; small files that are replaced as a whole (topics, offsets) do not
 * count, so that consumers can still commit what they have consumed.
 */
import { type Clock, StoreError } from '@orbitmq/core/kernel';
import type { DirectoryEntry, DiskUsage, File, FileLock, FileStat, FileSystem, IoCallback } from './file-system.js';
import { ioError } from './io-error.js';
import { MemoryBudget } from './memory-budget.js';
import { parentPath } from './paths.js';
import { SparseBytes } from './sparse-bytes.js';

interface MemoryInode {
  readonly bytes: SparseBytes;
  modifiedAt: number;
}

class MemoryFile implements File {
  readonly path: string;
  readonly #inode: MemoryInode;
  readonly #now: () => number;

  constructor(path: string, inode: MemoryInode, now: () => number) {
    this.path = path;
    this.#inode = inode;
    this.#now = now;
  }

  write(chunks: readonly Uint8Array[], position: number, done: IoCallback): void {
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (!this.#inode.bytes.hasRoomFor(position, sizeBytes)) {
      queueMicrotask(() => done(full(this.path)));
      return;
    }
    let at = position;
    for (const chunk of chunks) {
      this.#inode.bytes.write(chunk, at);
      at += chunk.length;
    }
    this.#inode.modifiedAt = this.#now();
    queueMicrotask(() => done(undefined));
  }

  datasync(done: IoCallback): void {
    queueMicrotask(() => done(undefined));
  }

  writeDurably(chunks: readonly Uint8Array[], position: number, done: IoCallback): void {
    this.write(chunks, position, done);
  }

  reserve(_position: number, _sizeBytes: number, done: IoCallback): void {
    queueMicrotask(() => done(undefined));
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    return this.#inode.bytes.read(target, position);
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#inode.bytes.resize(sizeBytes);
    this.#inode.modifiedAt = this.#now();
  }

  async size(): Promise<number> {
    return this.#inode.bytes.sizeBytes;
  }

  async close(): Promise<void> {
    // Nothing is held: the file system keeps the bytes.
  }
}

/** What a full disk says. */
function full(path: string): Error {
  return ioError('write', path, Object.assign(new Error('the memory for messages is used up'), { code: 'ENOSPC' }));
}

function missing(path: string): StoreError {
  return new StoreError('STORE_IO_FAILED', `Cannot open ${path}: there is no such file`, {
    details: { path, errorCode: 'ENOENT' },
  });
}

export class MemoryFileSystem implements FileSystem {
  /** Nobody else sees these files. */
  readonly processId = 0;
  readonly #files = new Map<string, MemoryInode>();
  readonly #directories = new Set<string>(['/']);
  readonly #locked = new Set<string>();
  readonly #now: () => number;
  readonly #budget: MemoryBudget | undefined;

  /**
   * `clock` dates the files, by which old messages expire; without one they have no date and never do. `sizeBytesMax` bounds
   * the memory for files; without it there is no bound.
   */
  constructor(options: { readonly clock?: Clock | undefined; readonly sizeBytesMax?: number | undefined } = {}) {
    const { clock, sizeBytesMax } = options;
    this.#budget = sizeBytesMax === undefined ? undefined : new MemoryBudget(sizeBytesMax);
    this.#now = clock === undefined ? () => 0 : () => clock.now();
  }

  async open(path: string, options: { readonly create: boolean }): Promise<File> {
    let inode = this.#files.get(path);
    if (inode === undefined) {
      if (!options.create || !this.#directories.has(parentPath(path))) throw missing(path);
      inode = { bytes: new SparseBytes(this.#budget), modifiedAt: this.#now() };
      this.#files.set(path, inode);
    }
    return new MemoryFile(path, inode, this.#now);
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    const inode = this.#files.get(path);
    if (inode === undefined) return undefined;
    const content = Buffer.alloc(inode.bytes.sizeBytes);
    inode.bytes.read(content, 0);
    return content;
  }

  async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
    if (!this.#directories.has(parentPath(path))) throw missing(path);
    const bytes = SparseBytes.of(content);
    this.#files.get(path)?.bytes.leaveBudget();
    this.#files.set(path, { bytes, modifiedAt: this.#now() });
  }

  async list(path: string): Promise<readonly DirectoryEntry[] | undefined> {
    if (!this.#directories.has(path)) return undefined;
    const entries: DirectoryEntry[] = [];
    for (const file of this.#files.keys()) {
      if (parentPath(file) === path) entries.push({ name: file.slice(file.lastIndexOf('/') + 1), isDirectory: false });
    }
    for (const directory of this.#directories) {
      if (directory !== path && parentPath(directory) === path) {
        entries.push({ name: directory.slice(directory.lastIndexOf('/') + 1), isDirectory: true });
      }
    }
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const inode = this.#files.get(path);
    if (inode !== undefined) return { sizeBytes: inode.bytes.sizeBytes, modifiedAt: inode.modifiedAt };
    return this.#directories.has(path) ? { sizeBytes: 0, modifiedAt: 0 } : undefined;
  }

  async makeDirectory(path: string): Promise<void> {
    for (let made = path; !this.#directories.has(made); made = parentPath(made)) this.#directories.add(made);
  }

  async remove(path: string): Promise<void> {
    this.#files.get(path)?.bytes.leaveBudget();
    this.#files.delete(path);
  }

  async removeDirectory(path: string): Promise<void> {
    const inside = `${path}/`;
    for (const file of this.#files.keys()) if (file.startsWith(inside)) await this.remove(file);
    for (const directory of this.#directories) {
      if (directory === path || directory.startsWith(inside)) this.#directories.delete(directory);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#files.get(from);
    if (inode === undefined) throw missing(from);
    this.#files.delete(from);
    this.#files.get(to)?.bytes.leaveBudget();
    this.#files.set(to, inode);
  }

  async usage(_path: string): Promise<DiskUsage | undefined> {
    if (this.#budget === undefined) return undefined;
    const { usedBytes, sizeBytesMax } = this.#budget;
    return { usedBytes, availableBytes: sizeBytesMax - usedBytes };
  }

  async syncDirectory(_path: string): Promise<void> {
    // Everything is as durable as it gets.
  }

  async lock(path: string): Promise<FileLock> {
    const directory = parentPath(path);
    if (this.#locked.has(directory)) {
      throw new StoreError('STORE_LOCKED', `The store ${directory} is in use by another broker of this process: stop it first`, {
        details: { path },
      });
    }
    this.#locked.add(directory);
    if (!this.#files.has(path)) await this.writeFileAtomically(path, Buffer.alloc(0));
    return {
      release: async () => {
        this.#locked.delete(directory);
      },
    };
  }
}
