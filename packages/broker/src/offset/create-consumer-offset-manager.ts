/**
 * Committed offsets (Java: ConsumerOffsetManager). A commit changes the table in its turn and is on disk within
 * flushConsumerOffsetInterval; a crash repeats deliveries, it never skips any. Invariant: the file is never ahead of the log
 * on the disk, with ASYNC_FLUSH neither: an offset passes a message whose retry copy or dead letter was stored before, and a
 * power cut that takes the copy must not leave the offset behind it. So a snapshot is taken first, then everything put until
 * then and while it was encoded is flushed, then the snapshot is written; a disk that hangs holds the offsets back, which repeats deliveries.
 * After recovery `clampTo` lowers offsets that are ahead of the log (promises I5), as in a directory of Apache's, whose
 * ASYNC_FLUSH loses messages that were consumed already.
 */
import type { Environment, StopOptions } from '@orbitmq/core/kernel';
import type { DataVersion, Steps } from '@orbitmq/protocol';
import { ConfigFile } from '../metadata/config-file.js';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { FileSystem } from '../store/io/file-system.js';
import type { MessageStore } from '../store/message-store.js';
import { decodeOffsetTable, offsetTableSteps } from './consumer-offset-json.js';
import type { ConsumerOffsetManager } from './consumer-offset-manager.js';
import { CountedOffsetTable } from './counted-offset-table.js';
import { PendingResets } from './pending-resets.js';
import { PullOffsets } from './pull-offsets.js';

/** Commits per step of the data version (Java: consumerOffsetUpdateVersionStep). */
const commitsPerVersion = 500;

/**
 * Offsets in all up to which groups are given those of others: one request adds as many as the source has. Commits go beyond it: their groups and topics are bounded by themselves.
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
  #table = new CountedOffsetTable();
  #resets = new PendingResets();
  #dataVersion: DataVersion;
  #commitCount = 0;

  constructor(options: ConsumerOffsetManagerOptions) {
    this.#environment = options.environment;
    this.#store = options.store;
    this.#entriesToCloneMax = options.entriesToCloneMax ?? entriesToCloneMaxDefault;
    this.#dataVersion = initialDataVersion(options.environment.clock);
    this.#file = new ConfigFile({
      ...options,
      name: 'consumerOffset.json',
      encode: () =>
        offsetTableSteps(() => ({ dataVersion: this.#dataVersion, table: this.#table, pendingResets: this.#resets.table })),
      beforeWrite: () => this.#store.whenFlushed(),
    });
  }

  async load(): Promise<void> {
    const loaded = await this.#file.load(decodeOffsetTable);
    if (loaded === undefined) return;
    this.#table = loaded.table;
    this.#resets = new PendingResets(loaded.pendingResets);
    this.#dataVersion = loaded.dataVersion ?? this.#dataVersion;
  }

  query(group: string, topic: string, queueId: number): number {
    return this.#table.get(group, topic, queueId) ?? -1;
  }

  commit(group: string, topic: string, queueId: number, offset: number): void {
    if (this.#table.set(group, topic, queueId, offset) === offset) return;
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
    return [...this.#table.topics].filter(([, groups]) => groups.has(group)).map(([topic]) => topic);
  }

  offsetsOf(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#table.offsetsOf(group, topic) ?? noOffsets;
  }

  get entryCount(): number {
    return this.#table.count;
  }

  canClone(sourceGroup: string, group: string, topic: string): boolean {
    const added = this.offsetsOf(sourceGroup, topic).size - this.offsetsOf(group, topic).size;
    return added <= 0 || this.#table.count + added <= this.#entriesToCloneMax;
  }

  clone(sourceGroup: string, group: string, topic: string): boolean {
    const offsets = this.#table.offsetsOf(sourceGroup, topic);
    if (offsets === undefined) return false;
    this.#table.replace(group, topic, offsets);
    this.#restructured();
    return true;
  }

  describeSteps(): Steps<readonly Buffer[]> {
    return offsetTableSteps(() => ({ dataVersion: this.#dataVersion, table: this.#table }));
  }

  groupsWithOffsets(topic: string): readonly string[] {
    return [...(this.#table.topics.get(topic)?.keys() ?? [])];
  }

  removeTopic(topic: string): void {
    this.#pulls.removeTopic(topic);
    this.#resets.removeTopic(topic);
    if (this.#table.removeTopic(topic)) this.#restructured();
  }

  removeGroup(group: string): void {
    this.#pulls.removeGroup(group);
    this.#resets.removeGroup(group);
    if (this.#table.removeGroup(group)) this.#restructured();
  }

  persist(): Promise<void> {
    return this.#file.persist();
  }

  close(options?: StopOptions): Promise<void> {
    return this.#file.close(options);
  }

  /** More than a commit has changed. */
  #restructured(): void {
    this.#nextVersion();
    this.#file.changed();
  }

  /**
   * Lowers every offset beyond its queue's end to that end, since the next message there will get it; awaited before clients are
   * served. It is on disk then: after a kill the old one would lie beyond an end that has moved, and pass the messages up to there.
   */
  async clampTo(maxOffsetOf: (topic: string, queueId: number) => number): Promise<void> {
    const wasLowered = this.#clampTable(this.#table, maxOffsetOf);
    if (!this.#clampTable(this.#resets.table, maxOffsetOf) && !wasLowered) return;
    try {
      await this.persist();
    } catch (error) {
      // A full disk: reads are served all the same, and the offsets are written as soon as there is room.
      this.#file.persistSoon();
      this.#environment.logger.error('consumer offsets that were lowered are not on disk yet', { error });
    }
  }

  #clampTable(table: CountedOffsetTable, maxOffsetOf: (topic: string, queueId: number) => number): boolean {
    let wasLowered = false;
    for (const [topic, groups] of table.topics) {
      for (const [group, offsets] of groups) {
        for (const [queueId, offset] of offsets) {
          const maxOffset = maxOffsetOf(topic, queueId);
          if (offset <= maxOffset) continue;
          table.set(group, topic, queueId, maxOffset);
          wasLowered = true;
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
    return wasLowered;
  }

  #nextVersion(): void {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#environment.clock);
  }
}
