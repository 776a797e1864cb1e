/**
 * The KV configuration of this NameServer (Java: KVConfigManager). Invariants: a change is seen by nobody before it is on the
 * disk, and answered after; changes are applied in the order in which they came; one write is under way at a time and takes all
 * that wait. Without a file it lives as long as the process.
 */
import type { KeptFile } from './kept-file.js';
import { decodeKvConfigFile, encodeKvConfigFile } from './kv-config-file.js';
import { type KvConfigChange, type KvConfigLimits, KvConfigTable, kvConfigLimits } from './kv-config-table.js';

/** Changes that wait for a write. */
export const waitingKvChangesMax = 1000;

export type KvChangeResult =
  | { readonly status: 'done' }
  | { readonly status: 'refused'; readonly reason: string }
  /** More than `waitingKvChangesMax` wait already. */
  | { readonly status: 'busy' };

interface WaitingChange extends KvConfigChange {
  resolve(result: KvChangeResult): void;
  reject(error: unknown): void;
}

export class KvConfigStore {
  readonly #file: KeptFile | undefined;
  readonly #limits: KvConfigLimits;
  #table = KvConfigTable.empty;
  #waiting: WaitingChange[] = [];
  #writing: Promise<void> | undefined;

  constructor(file: KeptFile | undefined, limits: KvConfigLimits = kvConfigLimits) {
    this.#file = file;
    this.#limits = limits;
  }

  /** As it is on the disk. */
  get table(): KvConfigTable {
    return this.#table;
  }

  /** Rejects with a `StoreError` `STORE_CORRUPT` when the file and its backup cannot be read. */
  async load(): Promise<void> {
    this.#table = (await this.#file?.read((text) => decodeKvConfigFile(text, this.#limits))) ?? KvConfigTable.empty;
  }

  /** Resolves when the change is durable; rejects when it could not be written, and is then not made. */
  async change(change: KvConfigChange): Promise<KvChangeResult> {
    if (this.#waiting.length >= waitingKvChangesMax) return { status: 'busy' };
    const result = new Promise<KvChangeResult>((resolve, reject) => {
      this.#waiting.push({ ...change, resolve, reject });
    });
    this.#writing ??= this.#writeAll();
    return result;
  }

  /** Resolves when nothing waits to be written. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const { table, refusals } = this.#table.changed(batch, this.#limits);
      try {
        await this.#file?.write(encodeKvConfigFile(table));
        this.#table = table;
        for (const [index, change] of batch.entries()) {
          const reason = refusals[index];
          change.resolve(reason === undefined ? { status: 'done' } : { status: 'refused', reason });
        }
      } catch (error) {
        for (const change of batch) change.reject(error);
      }
    }
    this.#writing = undefined;
  }
}
