/**
 * Open files of the store, at most `openFilesMax` of them idle or in use by reads and background writes: thousands of
 * queues need a handle only while they are worked on. The least recently used idle one is closed first.
 */
import type { File, FileSystem } from '../io/file-system.js';

interface PooledFile {
  readonly path: string;
  readonly opening: Promise<File>;
  userCount: number;
  isForgotten: boolean;
}

export class FilePool {
  readonly #fileSystem: FileSystem;
  readonly #openFilesMax: number;
  /** In order of use: the first is the oldest. */
  readonly #files = new Map<string, PooledFile>();

  constructor(fileSystem: FileSystem, openFilesMax: number) {
    this.#fileSystem = fileSystem;
    this.#openFilesMax = openFilesMax;
  }

  get openCount(): number {
    return this.#files.size;
  }

  /** Runs `work` with the open file; it must exist unless it may be created. */
  async use<Result>(path: string, work: (file: File) => Promise<Result>, options = { create: false }): Promise<Result> {
    const pooled = this.#take(path, options);
    try {
      return await work(await pooled.opening);
    } catch (error) {
      // The next user opens it anew: the failure may have been the opening's.
      this.#forget(pooled);
      throw error;
    } finally {
      await this.#giveBack(pooled);
    }
  }

  /** Closes the file as soon as nobody uses it; for files that are removed or replaced. */
  async drop(path: string): Promise<void> {
    const pooled = this.#files.get(path);
    if (pooled === undefined) return;
    this.#forget(pooled);
    if (pooled.userCount === 0) await closeQuietly(pooled);
  }

  async closeAll(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const pooled of files) {
      pooled.isForgotten = true;
      if (pooled.userCount === 0) await closeQuietly(pooled);
    }
  }

  #take(path: string, options: { readonly create: boolean }): PooledFile {
    const known = this.#files.get(path);
    const pooled = known ?? { path, opening: this.#fileSystem.open(path, options), userCount: 0, isForgotten: false };
    this.#files.delete(path);
    this.#files.set(path, pooled);
    pooled.userCount += 1;
    return pooled;
  }

  async #giveBack(pooled: PooledFile): Promise<void> {
    pooled.userCount -= 1;
    if (pooled.isForgotten) {
      if (pooled.userCount === 0) await closeQuietly(pooled);
      return;
    }
    if (this.#files.size <= this.#openFilesMax) return;
    for (const candidate of this.#files.values()) {
      if (candidate.userCount > 0) continue;
      this.#forget(candidate);
      await closeQuietly(candidate);
      return;
    }
  }

  #forget(pooled: PooledFile): void {
    pooled.isForgotten = true;
    if (this.#files.get(pooled.path) === pooled) this.#files.delete(pooled.path);
  }
}

/** Whoever used the file has its own error already; one of closing says nothing about what was flushed. */
async function closeQuietly(pooled: PooledFile): Promise<void> {
  await pooled.opening.then(
    (file) => file.close().catch(() => undefined),
    () => undefined,
  );
}
