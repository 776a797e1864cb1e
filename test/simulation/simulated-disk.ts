/**
 * A disk on virtual time that loses what was not flushed: operations take time from a seed; at a power cut unflushed writes
 * survive in part, sector by sector, and unflushed names survive up to some operation of their directory. Equal seeds and
 * equal calls give equal runs. What `datasync`, `writeDurably`, `syncDirectory` and `writeFileAtomically` have called back
 * for survives always.
 */
import type { DirectoryEntry, File, FileLock, FileStat, FileSystem, IoCallback } from '@orbitmq/broker';
import { StoreError, type Timers } from '@orbitmq/core/kernel';
import type { SeededRandom } from '@orbitmq/testing';
import { SimulatedInode, type Survival } from './simulated-inode.js';

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

type Node = SimulatedInode | 'directory';

interface NameChange {
  readonly path: string;
  readonly node: Node | undefined;
  /** Changes of one rename live or die together. */
  readonly operation: number;
}

function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
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
  readonly #names = new Map<string, Node>([['/', 'directory']]);
  readonly #durableNames = new Map<string, Node>([['/', 'directory']]);
  readonly #locks = new Set<string>();
  #changes: NameChange[] = [];
  #operationCount = 0;
  /** The process dies when it issues this operation; operations under way end no more. */
  crashAt = Number.POSITIVE_INFINITY;
  /** Makes an operation fail; it then has no effect, but that of a write that the device lost is seen by readers. */
  failure: ((operation: DiskOperation) => Error | undefined) | undefined;
  /** Added to the duration of an operation, milliseconds. */
  delayMs: ((operation: DiskOperation) => number) | undefined;
  #isDead = false;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
    this.#timers = options.timers;
    this.#random = options.random;
    this.#latency = options.latencyMs ?? { min: 1, max: 3 };
  }

  get isDead(): boolean {
    return this.#isDead;
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
    const next = new SimulatedDisk(options);
    if (survival === 'everything') {
      this.#handOver(next);
      return next;
    }
    const names = this.#namesAfterPowerCut(survival);
    const survivors = new Map<SimulatedInode, SimulatedInode>();
    for (const [path, node] of names) {
      if (!hasAllParents(names, path)) continue;
      let survivor: Node = node;
      if (node !== 'directory') {
        survivor = survivors.get(node) ?? node.afterPowerCut(survival, this.#random);
        survivors.set(node, survivor);
      }
      next.#names.set(path, survivor);
      next.#durableNames.set(path, survivor);
    }
    return next;
  }

  /** The system lives on: the next process sees what this one saw, and a power cut may still take what is not flushed. */
  #handOver(next: SimulatedDisk): void {
    for (const [path, node] of this.#names) next.#names.set(path, node === 'directory' ? node : node.afterKill(this.#random));
    for (const [path, node] of this.#durableNames) next.#durableNames.set(path, node);
    next.#changes = this.#changes.map((change) => ({ ...change, operation: 0 }));
  }

  #namesAfterPowerCut(survival: 'nothing' | 'random'): ReadonlyMap<string, Node> {
    const names = new Map(this.#durableNames);
    const keptPerDirectory = new Map<string, number>();
    for (const change of this.#changes) {
      const parent = parentOf(change.path);
      const kept = keptPerDirectory.get(parent) ?? this.#keptChanges(survival, parent);
      keptPerDirectory.set(parent, kept);
      if (change.operation > kept) continue;
      if (change.node === undefined) names.delete(change.path);
      else names.set(change.path, change.node);
    }
    return names;
  }

  async open(path: string, options: { readonly create: boolean }): Promise<File> {
    await this.#operation('open', path);
    let node = this.#names.get(path);
    if (node === undefined && options.create && this.#names.get(parentOf(path)) === 'directory') {
      node = new SimulatedInode();
      this.#change([{ path, node }]);
    }
    if (node === undefined || node === 'directory') throw diskFailure('ENOENT', path);
    return this.#file(path, node);
  }

  async readFile(path: string): ReturnType<FileSystem['readFile']> {
    await this.#operation('readFile', path);
    const node = this.#names.get(path);
    return node === undefined || node === 'directory' ? undefined : node.content();
  }

  async writeFileAtomically(path: string, content: Uint8Array): Promise<void> {
    await this.#operation('writeFileAtomically', path);
    if (this.#names.get(parentOf(path)) !== 'directory') throw diskFailure('ENOENT', path);
    this.#change([{ path, node: SimulatedInode.of(content) }]);
    await this.#operation('writeFileAtomically-sync', path);
    this.#flushNames(parentOf(path));
  }

  async list(path: string): Promise<readonly DirectoryEntry[] | undefined> {
    await this.#operation('list', path);
    if (this.#names.get(path) !== 'directory') return undefined;
    const entries: DirectoryEntry[] = [];
    for (const [name, node] of this.#names) {
      if (name !== '/' && parentOf(name) === path) entries.push({ name: nameOf(name), isDirectory: node === 'directory' });
    }
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    await this.#operation('stat', path);
    const node = this.#names.get(path);
    if (node === undefined) return undefined;
    return { sizeBytes: node === 'directory' ? 0 : node.sizeBytes, modifiedAt: 0 };
  }

  async makeDirectory(path: string, options: { readonly isDurable?: boolean } = {}): Promise<void> {
    await this.#operation('makeDirectory', path);
    const made: string[] = [];
    for (let missing = path; !this.#names.has(missing); missing = parentOf(missing)) made.unshift(missing);
    for (const directory of made) this.#change([{ path: directory, node: 'directory' }]);
    if (made.length === 0 || options.isDurable === false) return;
    await this.#operation('makeDirectory-sync', path);
    for (const directory of made) this.#flushNames(parentOf(directory));
  }

  async remove(path: string): Promise<void> {
    await this.#operation('remove', path);
    if (this.#names.has(path)) this.#change([{ path, node: undefined }]);
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#operation('removeDirectory', path);
    const inside = [...this.#names.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
    for (const name of inside.sort().reverse()) this.#change([{ path: name, node: undefined }]);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation('rename', from);
    const node = this.#names.get(from);
    if (node === undefined) throw diskFailure('ENOENT', from);
    this.#change([
      { path: from, node: undefined },
      { path: to, node },
    ]);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#operation('syncDirectory', path);
    this.#flushNames(path);
  }

  async lock(path: string): Promise<FileLock> {
    await this.#operation('lock', path);
    if (this.#locks.has(path)) throw new StoreError('STORE_LOCKED', `${path} is locked`);
    this.#locks.add(path);
    return {
      release: async () => {
        this.#locks.delete(path);
      },
    };
  }

  #file(path: string, inode: SimulatedInode): File {
    return {
      path,
      write: (chunks, position, done) => {
        const write = inode.issue(Buffer.concat(chunks), position);
        this.#finish('write', path, done, () => inode.complete(write));
      },
      datasync: (done) => {
        const covered = inode.completedCount;
        this.#finish('datasync', path, done, () => inode.flush(covered));
      },
      writeDurably: (chunks, position, done) => {
        const write = inode.issue(Buffer.concat(chunks), position);
        const lost = (): void => inode.loseFailed(write);
        this.#finish('writeDurably', path, done, () => inode.completeDurably(write), lost);
      },
      reserve: (position, sizeBytes, done) => {
        const write = inode.issue(Buffer.alloc(sizeBytes), position);
        this.#finish('reserve', path, done, () => inode.complete(write));
      },
      read: async (target, position) => {
        await this.#operation('read', path);
        return inode.read(target, position);
      },
      truncate: async (sizeBytes) => {
        await this.#operation('truncate', path);
        inode.truncate(sizeBytes);
      },
      size: async () => {
        await this.#operation('size', path);
        return inode.sizeBytes;
      },
      close: () => this.#operation('close', path),
    };
  }

  /** A callback operation: takes its time, then has its effect and calls back, unless the process is dead by then. */
  #finish(kind: string, path: string, done: IoCallback, effect: () => void, failedEffect?: () => void): void {
    const operation = this.#begin(kind, path);
    if (operation === undefined) return;
    this.#timers.setTimeout(() => {
      if (this.#isDead) return;
      const error = this.failure?.(operation);
      if (error === undefined) effect();
      else failedEffect?.();
      done(error);
    }, this.#duration(operation));
  }

  #operation(kind: string, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finish(
        kind,
        path,
        (error) => {
          if (error === undefined) resolve();
          else reject(error);
        },
        () => undefined,
      );
    });
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

  #change(changes: readonly { readonly path: string; readonly node: Node | undefined }[]): void {
    const operation = this.#operationCount;
    for (const { path, node } of changes) {
      if (node === undefined) this.#names.delete(path);
      else this.#names.set(path, node);
      this.#changes.push({ path, node, operation });
    }
  }

  #flushNames(directory: string): void {
    for (const { path, node } of this.#changes) {
      if (parentOf(path) !== directory) continue;
      if (node === undefined) this.#durableNames.delete(path);
      else this.#durableNames.set(path, node);
    }
    this.#changes = this.#changes.filter((change) => parentOf(change.path) !== directory);
  }

  /** Index of the last operation whose name changes in a directory survive. */
  #keptChanges(survival: 'nothing' | 'random', directory: string): number {
    if (survival === 'nothing') return Number.NEGATIVE_INFINITY;
    const operations = this.#changes.filter((change) => parentOf(change.path) === directory).map((change) => change.operation);
    return [Number.NEGATIVE_INFINITY, ...operations][this.#random.int(operations.length + 1)] ?? 0;
  }
}

function hasAllParents(names: ReadonlyMap<string, Node>, path: string): boolean {
  for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
    if (names.get(parent) !== 'directory') return false;
  }
  return true;
}
