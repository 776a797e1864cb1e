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

/** Commits per step of the data version (Java: consumerOffsetUpdateVersionStep). */
const commitsPerVersion = 500;

export interface ConsumerOffsetManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** The store's `config` directory, absolute. */
  readonly directory: string;
  /** The log, whose messages the offsets pass. */
  readonly store: Pick<MessageStore, 'whenFlushed'>;
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
  #table: OffsetTable = new Map();
  #dataVersion: DataVersion;
  #commitCount = 0;
  #isAbandoned = false;

  constructor(options: ConsumerOffsetManagerOptions) {
    this.#environment = options.environment;
    this.#store = options.store;
    this.#dataVersion = initialDataVersion(options.environment.clock);
    this.#file = new ConfigFile({
      ...options,
      name: 'consumerOffset.json',
      encode: () => encodeOffsetTable(this.#dataVersion, this.#table),
      beforeWrite: () => this.#flushLog(),
    });
  }

  async load(): Promise<void> {
    const loaded = await this.#file.load(decodeOffsetTable);
    if (loaded === undefined) return;
    this.#table = loaded.table;
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
    if (offsets.get(queueId) === offset) return;
    offsets.set(queueId, offset);
    this.#commitCount += 1;
    if (this.#commitCount % commitsPerVersion === 0) this.#nextVersion();
    this.#file.changed();
  }

  groupsWithOffsets(topic: string): readonly string[] {
    return [...(this.#table.get(topic)?.keys() ?? [])];
  }

  removeTopic(topic: string): void {
    if (this.#table.delete(topic)) this.#removed();
  }

  removeGroup(group: string): void {
    let isRemoved = false;
    for (const [topic, groups] of this.#table) {
      if (!groups.delete(group)) continue;
      isRemoved = true;
      if (groups.size === 0) this.#table.delete(topic);
    }
    if (isRemoved) this.#removed();
  }

  persist(): Promise<void> {
    return this.#file.persist();
  }

  #removed(): void {
    this.#nextVersion();
    this.#file.changed();
  }

  /** Lowers every offset beyond its queue's end to that end, since the next message there will get it. Before clients are served. */
  clampTo(maxOffsetOf: (topic: string, queueId: number) => number): void {
    for (const [topic, groups] of this.#table) {
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
