/**
 * Committed offsets (Java: ConsumerOffsetManager). A commit changes the table in its turn and is on disk within
 * flushConsumerOffsetInterval; a crash repeats deliveries, it never skips any. Invariant: the file is never ahead of the log
 * on the disk, with ASYNC_FLUSH neither: an offset passes a message whose retry copy or dead letter was stored before, and a
 * power cut that takes the copy must not leave the offset behind it. So a snapshot is taken first, then everything put until
 * then is flushed, then the snapshot is written; a disk that hangs holds the offsets back, which repeats deliveries.
 * After recovery `clampTo` lowers offsets that are ahead of the log (promises I5), as in a directory of Apache's, whose
 * ASYNC_FLUSH loses messages that were consumed already.
 */
import { type Environment, StoreError } from '@orbitmq/core/kernel';
import type { DataVersion } from '@orbitmq/protocol';
import { ConfigFile } from '../metadata/config-file.js';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { FileSystem } from '../store/io/file-system.js';
import type { MessageStore } from '../store/message-store.js';
import { decodeOffsetTable, encodeOffsetTable, groupsOf, type OffsetTable } from './consumer-offset-json.js';
import type { ConsumerOffsetManager } from './consumer-offset-manager.js';
import { PendingResets } from './pending-resets.js';
import { PullOffsets } from './pull-offsets.js';

/** Commits per step of the data version (Java: consumerOffsetUpdateVersionStep). */
const commitsPerVersion = 500;

/**
 * Offsets in all up to which groups are given those of others: one request adds as many as the source has. The file with so many
 * is written as a text that is made in one turn. Commits go beyond it: their groups and topics are bounded by themselves.
 */
const entriesToCloneMaxDefault = 250_000;

const noOffsets: ReadonlyMap<number, number> = new Map();

export interface ConsumerOffsetManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** The store's `config` directory, absolute. */
  readonly directory: string;
  /** The log, whose messages the offsets pass. */
  readonly store: Pick<MessageStore, 'whenFlushed'>;
  /** Offsets in all that clones may lead to. Default: 250,000. */
  readonly entriesToCloneMax?: number | undefined;
}

/** Reads `consumerOffset.json` and resolves with the table. Rejects with a `StoreError`. */
export async function createConsumerOffsetManager(options: ConsumerOffsetManagerOptions): Promise<FileConsumerOffsetManager> {
  const manager = new FileConsumerOffsetManager(options);
  await manager.load();
  return manager;
}

export class FileConsumerOffsetManager implements ConsumerOffsetManager {
  readonly #environment: Environment;
  readonly #file: ConfigFile;
  readonly #store: Pick<MessageStore, 'whenFlushed'>;
  readonly #pulls = new PullOffsets();
  readonly #entriesToCloneMax: number;
  #table: OffsetTable = new Map();
  /** Of `#table`. */
  #entryCount = 0;
  #resets = new PendingResets();
  #dataVersion: DataVersion;
  #commitCount = 0;
  #isAbandoned = false;

  constructor(options: ConsumerOffsetManagerOptions) {
    this.#environment = options.environment;
    this.#store = options.store;
    this.#entriesToCloneMax = options.entriesToCloneMax ?? entriesToCloneMaxDefault;
    this.#dataVersion = initialDataVersion(options.environment.clock);
    this.#file = new ConfigFile({
      ...options,
      name: 'consumerOffset.json',
      encode: () => encodeOffsetTable(this.#dataVersion, this.#table, this.#resets.table),
      beforeWrite: () => this.#flushLog(),
    });
  }

  async load(): Promise<void> {
    const loaded = await this.#file.load(decodeOffsetTable);
    if (loaded === undefined) return;
    this.#table = loaded.table;
    this.#entryCount = 0;
    for (const groups of this.#table.values()) this.#entryCount += entriesOf(groups);
    this.#resets = new PendingResets(loaded.pendingResets);
    this.#dataVersion = loaded.dataVersion ?? this.#dataVersion;
  }

  query(group: string, topic: string, queueId: number): number {
    return this.#table.get(topic)?.get(group)?.get(queueId) ?? -1;
  }

  commit(group: string, topic: string, queueId: number, offset: number): void {
    const groups = groupsOf(this.#table, topic);
    let offsets = groups.get(group);
    if (offsets === undefined) {
      offsets = new Map();
      groups.set(group, offsets);
    }
    const before = offsets.get(queueId);
    if (before === offset) return;
    if (before === undefined) this.#entryCount += 1;
    offsets.set(queueId, offset);
    this.#commitCount += 1;
    if (this.#commitCount % commitsPerVersion === 0) this.#nextVersion();
    this.#file.changed();
  }

  reset(group: string, topic: string, queueId: number, offset: number): void {
    this.commit(group, topic, queueId, offset);
    this.#resets.set(group, topic, queueId, offset);
    this.#restructured();
  }

  canReset(queueCount: number): boolean {
    return this.#resets.hasRoom(queueCount);
  }

  isResetPending(group: string, topic: string, queueId: number): boolean {
    return this.#resets.has(group, topic, queueId);
  }

  takeReset(group: string, topic: string, queueId: number): number | undefined {
    const offset = this.#resets.take(group, topic, queueId);
    if (offset !== undefined) this.#file.changed();
    return offset;
  }

  notePull(group: string, topic: string, queueId: number, queueOffset: number): void {
    this.#pulls.note(group, topic, queueId, queueOffset);
  }

  pullOffset(group: string, topic: string, queueId: number): number {
    return this.#pulls.get(group, topic, queueId);
  }

  topicsWithOffsets(group: string): readonly string[] {
    return [...this.#table].filter(([, groups]) => groups.has(group)).map(([topic]) => topic);
  }

  offsetsOf(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#table.get(topic)?.get(group) ?? noOffsets;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  canClone(sourceGroup: string, group: string, topic: string): boolean {
    const added = this.offsetsOf(sourceGroup, topic).size - this.offsetsOf(group, topic).size;
    return added <= 0 || this.#entryCount + added <= this.#entriesToCloneMax;
  }

  clone(sourceGroup: string, group: string, topic: string): boolean {
    const groups = this.#table.get(topic);
    const offsets = groups?.get(sourceGroup);
    if (groups === undefined || offsets === undefined) return false;
    this.#entryCount += offsets.size - (groups.get(group)?.size ?? 0);
    groups.set(group, new Map(offsets));
    this.#restructured();
    return true;
  }

  describe(): string {
    return encodeOffsetTable(this.#dataVersion, this.#table);
  }

  groupsWithOffsets(topic: string): readonly string[] {
    return [...(this.#table.get(topic)?.keys() ?? [])];
  }

  removeTopic(topic: string): void {
    this.#pulls.removeTopic(topic);
    this.#resets.removeTopic(topic);
    const groups = this.#table.get(topic);
    if (groups === undefined) return;
    this.#entryCount -= entriesOf(groups);
    this.#table.delete(topic);
    this.#restructured();
  }

  removeGroup(group: string): void {
    this.#pulls.removeGroup(group);
    this.#resets.removeGroup(group);
    let isRemoved = false;
    for (const [topic, groups] of this.#table) {
      this.#entryCount -= groups.get(group)?.size ?? 0;
      if (!groups.delete(group)) continue;
      isRemoved = true;
      if (groups.size === 0) this.#table.delete(topic);
    }
    if (isRemoved) this.#restructured();
  }

  persist(): Promise<void> {
    return this.#file.persist();
  }

  /** More than a commit has changed. */
  #restructured(): void {
    this.#nextVersion();
    this.#file.changed();
  }

  /** Lowers every offset beyond its queue's end to that end, since the next message there will get it. Before clients are served. */
  clampTo(maxOffsetOf: (topic: string, queueId: number) => number): void {
    for (const [topic, groups] of [...this.#table, ...this.#resets.table]) {
      for (const [group, offsets] of groups) {
        for (const [queueId, offset] of offsets) {
          const maxOffset = maxOffsetOf(topic, queueId);
          if (offset <= maxOffset) continue;
          offsets.set(queueId, maxOffset);
          this.#nextVersion();
          this.#file.changed();
          this.#environment.logger.warn('a consumer offset was ahead of the recovered log', {
            group,
            topic,
            queueId,
            offset,
            maxOffset,
          });
        }
      }
    }
  }

  abandon(): void {
    this.#isAbandoned = true;
  }

  async #flushLog(): Promise<void> {
    await this.#store.whenFlushed();
    if (this.#isAbandoned) throw new StoreError('STORE_IO_FAILED', 'Consumer offsets are not written after the stop');
  }

  #nextVersion(): void {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#environment.clock);
  }
}

function entriesOf(groups: ReadonlyMap<string, ReadonlyMap<number, number>>): number {
  let count = 0;
  for (const offsets of groups.values()) count += offsets.size;
  return count;
}
