/**
 * A disk on virtual time that loses what was not flushed: operations take time from a seed; at a power cut unflushed writes
 * survive in part, sector by sector, and unflushed names in part, in order or not. Operations fail when told to, a full disk
 * takes part of a write, a failed flush is believed by the system (promises §0.7), and bytes at rest can be changed. Equal
 * seeds and equal calls give equal runs. What `datasync`, `writeDurably`, `syncDirectory` and `writeFileAtomically` have
 * called back for survives always.
 */
import type { DirectoryEntry, DiskUsage, File, FileLock, FileStat, FileSystem, IoCallback } from '@orbitmq/broker';
import { StoreError, type Timers } from '@orbitmq/core/kernel';
import type { SeededRandom } from '@orbitmq/testing';
import { SimulatedInode, type Survival } from './simulated-inode.js';
import { parentOf, SimulatedNames } from './simulated-names.js';

export type { Survival } from './simulated-inode.js';

export interface SimulatedDiskOptions {
  readonly timers: Timers;
  readonly random: SeededRandom;
  /** Duration of an operation, milliseconds, evenly spread. Default: 1 to 3. */
  readonly latencyMs?: { readonly min: number; readonly max: number } | undefined;
}

/** One operation of the program under test, as a test that injects failures sees it. */
export interface DiskOperation {
  /** From 1 on. */
  readonly index: number;
  readonly kind: string;
  readonly path: string;
}

/** Between two of these nothing on the disk changes. */
export interface DiskEvent extends DiskOperation {
  /** `begun`: it was issued, a crash may leave any part of it. `done`: it has its effect, its caller does not know yet. */
  readonly phase: 'begun' | 'done';
}

/** The injected failure of a device, as the real file system reports it. */
export function diskFailure(code: string, path: string): StoreError {
  return new StoreError('STORE_IO_FAILED', `Cannot write ${path}: ${code}`, { details: { path, errorCode: code } });
}

export class SimulatedDisk implements FileSystem {
  readonly processId = 1;
  readonly #timers: Timers;
  readonly #random: SeededRandom;
  readonly #options: SimulatedDiskOptions;
  readonly #latency: { readonly min: number; readonly max: number };
  readonly #locks = new Set<string>();
  #names = new SimulatedNames();
  #operationCount = 0;
  #isDead = false;
  /** The process dies when it issues this operation; operations under way end no more. */
  crashAt = Number.POSITIVE_INFINITY;
  /** Makes an operation fail. A write has a part of its effect then; after a failed flush the bytes are seen, but lost. */
  failure: ((operation: DiskOperation) => Error | undefined) | undefined;
  /** Added to the duration of an operation, milliseconds. */
  delayMs: ((operation: DiskOperation) => number) | undefined;
  /** Space for the content of files, in blocks of 4 KiB; what was never written takes none. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** When every file was written last, as `stat` tells it; 0: it does not tell. */
  modifiedAt = 0;
  /** Sees each event in its turn; may take an `image`. */
  onEvent: ((event: DiskEvent) => void) | undefined;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
    this.#timers = options.timers;
    this.#random = options.random;
    this.#latency = options.latencyMs ?? { min: 1, max: 3 };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Space that the content of files takes. */
  get takenBytes(): number {
    let takenBytes = 0;
    for (const node of new Set(this.#names.current.values())) if (node !== 'directory') takenBytes += node.takenBytes;
    return takenBytes;
  }

  get operationCount(): number {
    return this.#operationCount;
  }

  /** The process is gone: nothing that it started ends any more. */
  kill(): void {
    this.#isDead = true;
  }

  /** What the next process finds, on its own timers. This disk is dead from here on. */
  crash(survival: Survival, options: SimulatedDiskOptions = this.#options): SimulatedDisk {
    this.#isDead = true;
    return this.image(survival, options, this.#random);
  }

  /** What a process would find if this one died now; `random` decides what survives. This disk goes on. */
  image(survival: Survival, options: SimulatedDiskOptions, random: SeededRandom): SimulatedDisk {
    const next = new SimulatedDisk(options);
    next.capacityBytes = this.capacityBytes;
    next.#names =
      survival === 'everything'
        ? this.#names.map((inode) => inode.afterKill(random))
        : this.#names.afterPowerCut(survival, random).map((inode) => inode.afterPowerCut(survival, random));
    return next;
  }

  /** This moment, to take images of later. */
  snapshot(): SimulatedDisk {
    const copy = new SimulatedDisk(this.#options);
    copy.#names = this.#names.map((inode) => inode.copy());
    copy.capacityBytes = this.capacityBytes;
    copy.#operationCount = this.#operationCount;
    copy.#isDead = true;
    return copy;
  }

  /** Damage at rest: changes bytes of a file where nobody looks. */
  edit(path: string, change: (content: Buffer) => void): void {
    const node = this.#names.current.get(path);
    if (node === undefined || node === 'directory') throw diskFailure('ENOENT', path);
    node.edit(change);
  }

  /** The same for a file's length. */
  cutFile(path: string, sizeBytes: number): void {
    const node = this.#names.current.get(path);
    if (node === undefined || node === 'directory') throw diskFailure('ENOENT', path);
    node.truncate(sizeBytes);
    node.flush(node.completed());
  }

  /** The same for names: a file, or a directory with all in it, is gone. */
  erase(path: string): void {
    this.#names.erase(path);
  }

  /** Content of all files, for a look from outside. */
  *files(): Generator<readonly [string, Buffer]> {
    for (const [path, node] of this.#names.current) if (node !== 'directory') yield [path, node.content()];
  }

  open(path: string, options: { readonly create: boolean }): Promise<File> {
    return this.#operation('open', path, () => {
      let node = this.#names.current.get(path);
      if (node === undefined && options.create && this.#names.current.get(parentOf(path)) === 'directory') {
        node = SimulatedInode.empty();
        this.#names.change([{ path, node }]);
      }
      if (node === undefined || node === 'directory') throw diskFailure('ENOENT', path);
      return this.#file(path, node);
    });
  }

  readFile(path: string): ReturnType<FileSystem['readFile']> {
    return this.#operation('readFile', path, () => {
      const node = this.#names.current.get(path);
      return node === undefined || node === 'directory' ? undefined : node.content();
    });
  }

  /** Temporary file, flush, rename, flush of the directory: the same steps as on a real disk. */
  async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
    const temporary = `${path}.tmp`;
    const file = await this.open(temporary, { create: true });
    await file.truncate(0);
    await settled((done) => file.write([content], 0, done));
    await settled((done) => file.datasync(done));
    await this.rename(temporary, path);
    await this.syncDirectory(parentOf(path));
  }

  list(path: string): Promise<readonly DirectoryEntry[] | undefined> {
    return this.#operation('list', path, () => {
      if (this.#names.current.get(path) !== 'directory') return undefined;
      const entries: DirectoryEntry[] = [];
      for (const [name, node] of this.#names.current) {
        if (name === '/' || parentOf(name) !== path) continue;
        entries.push({ name: name.slice(name.lastIndexOf('/') + 1), isDirectory: node === 'directory' });
      }
      return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
    });
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#operation('stat', path, () => {
      const node = this.#names.current.get(path);
      if (node === undefined) return undefined;
      return { sizeBytes: node === 'directory' ? 0 : node.sizeBytes, modifiedAt: this.modifiedAt };
    });
  }

  async makeDirectory(path: string, options: { readonly isDurable?: boolean } = {}): Promise<void> {
    const made = await this.#operation('makeDirectory', path, () => {
      const missing: string[] = [];
      for (let at = path; !this.#names.current.has(at); at = parentOf(at)) missing.unshift(at);
      for (const directory of missing) this.#names.change([{ path: directory, node: 'directory' }]);
      return missing;
    });
    if (options.isDurable === false) return;
    for (const directory of made) await this.syncDirectory(parentOf(directory));
  }

  remove(path: string): Promise<void> {
    return this.#operation('remove', path, () => this.#removeName(path));
  }

  /** One name after the other: a crash may come in between. */
  async removeDirectory(path: string): Promise<void> {
    const inside = await this.#operation('removeDirectory', path, () =>
      [...this.#names.current.keys()].filter((name) => name === path || name.startsWith(`${path}/`)),
    );
    for (const name of inside.sort().reverse()) {
      await this.#operation('removeDirectory-entry', name, () => this.#removeName(name));
    }
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operation('rename', from, () => {
      const node = this.#names.current.get(from);
      if (node === undefined) throw diskFailure('ENOENT', from);
      this.#names.change([
        { path: from, node: undefined },
        { path: to, node },
      ]);
    });
  }

  usage(path: string): Promise<DiskUsage | undefined> {
    return this.#operation('usage', path, () => {
      const availableBytes = this.#freeBytes();
      return Number.isFinite(availableBytes) ? { usedBytes: this.capacityBytes - availableBytes, availableBytes } : undefined;
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#operation('syncDirectory', path, () => this.#names.flush(path));
  }

  lock(path: string): Promise<FileLock> {
    return this.#operation('lock', path, () => {
      if (this.#locks.has(path)) throw new StoreError('STORE_LOCKED', `${path} is locked`);
      this.#locks.add(path);
      return {
        release: async () => {
          this.#locks.delete(path);
        },
      };
    });
  }

  #file(path: string, inode: SimulatedInode): File {
    const write = (kind: string, chunks: readonly Uint8Array[], position: number, done: IoCallback): void => {
      const bytes = Buffer.concat(chunks);
      const fittingBytes = inode.fitting(position, bytes.length, this.#freeBytes());
      const pending = inode.issue(bytes, position);
      const full = fittingBytes < bytes.length ? diskFailure('ENOSPC', path) : undefined;
      const isDurable = kind === 'writeDurably';
      this.#finish(kind, path, done, full, (error) => {
        if (error === undefined && isDurable) inode.completeDurably(pending);
        else if (error === undefined) inode.complete(pending);
        else if (error === full) inode.completeInPart(pending, fittingBytes);
        else if (isDurable) inode.loseFailed(pending, this.#random);
        else inode.completeInPart(pending, this.#random.int(bytes.length + 1));
      });
    };
    return {
      path,
      write: (chunks, position, done) => write('write', chunks, position, done),
      writeDurably: (chunks, position, done) => write('writeDurably', chunks, position, done),
      reserve: (position, sizeBytes, done) => write('reserve', [Buffer.alloc(sizeBytes)], position, done),
      datasync: (done) => {
        const covered = inode.completed();
        this.#finish('datasync', path, done, undefined, (error) => {
          if (error === undefined) inode.flush(covered);
          else inode.loseUnflushed(covered, this.#random);
        });
      },
      read: (target, position) => this.#operation('read', path, () => inode.read(target, position)),
      truncate: (sizeBytes) => this.#operation('truncate', path, () => inode.truncate(sizeBytes)),
      size: () => this.#operation('size', path, () => inode.sizeBytes),
      close: () => this.#operation('close', path, () => undefined),
    };
  }

  #removeName(path: string): void {
    if (this.#names.current.has(path)) this.#names.change([{ path, node: undefined }]);
  }

  #freeBytes(): number {
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.capacityBytes - this.takenBytes);
  }

  /** An operation takes its time, then has its effect and calls back, unless the process is dead by then. */
  #finish(
    kind: string,
    path: string,
    done: IoCallback,
    refusal: Error | undefined,
    effect: (error: Error | undefined) => void,
  ): void {
    const operation = this.#begin(kind, path);
    if (operation === undefined) return;
    this.onEvent?.({ ...operation, phase: 'begun' });
    this.#timers.setTimeout(() => {
      if (this.#isDead) return;
      const error = this.failure?.(operation) ?? refusal;
      effect(error);
      this.onEvent?.({ ...operation, phase: 'done' });
      done(error);
    }, this.#duration(operation));
  }

  async #operation<Result>(kind: string, path: string, effect: () => Result): Promise<Result> {
    let result: { readonly value: Result } | { readonly thrown: unknown } | undefined;
    await settled((done) => {
      this.#finish(kind, path, done, undefined, (error) => {
        if (error !== undefined) return;
        try {
          result = { value: effect() };
        } catch (thrown) {
          result = { thrown };
        }
      });
    });
    if (result !== undefined && 'value' in result) return result.value;
    throw result?.thrown;
  }

  #begin(kind: string, path: string): DiskOperation | undefined {
    if (this.#isDead) return undefined;
    this.#operationCount += 1;
    if (this.#operationCount >= this.crashAt) {
      this.#isDead = true;
      return undefined;
    }
    return { index: this.#operationCount, kind, path };
  }

  #duration(operation: DiskOperation): number {
    const { max, min } = this.#latency;
    return min + this.#random.next() * (max - min) + (this.delayMs?.(operation) ?? 0);
  }
}

function settled(run: (done: IoCallback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
