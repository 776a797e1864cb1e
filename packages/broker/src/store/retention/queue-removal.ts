/**
 * Deletes whole queues (Java: deleteTopics, cleanUnusedTopic, cleanExpiredConsumerQueue of DefaultMessageStore). The records
 * stay in the log until their file expires. Invariants: the file of queue ends says that they are gone before their files go,
 * so no start brings them back; the offsets of a deleted queue are not given again while the log may hold a record of it
 * (Java begins again at 0, and a consumer that still has an old offset then passes new messages); a store that has failed deletes
 * nothing, since what is written after a failure may not be true.
 */
import { StoreError } from '@orbitmq/core/kernel';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { ConsumeQueueTable } from '../consume-queue/consume-queue-table.js';
import type { QueueFlusher } from '../consume-queue/queue-flusher.js';
import type { FileSystem } from '../io/file-system.js';
import { parentPath } from '../io/paths.js';
import type { FilePool } from '../segment/file-pool.js';

export interface QueueRemovalOptions {
  readonly fileSystem: FileSystem;
  readonly pool: FilePool;
  readonly table: ConsumeQueueTable;
  readonly flusher: QueueFlusher;
  /** End of the log, with what is not written yet. */
  readonly physicalEnd: () => number;
  /** The store has failed. */
  readonly hasFailed: () => boolean;
}

export class QueueRemoval {
  readonly #options: QueueRemovalOptions;

  constructor(options: QueueRemovalOptions) {
    this.#options = options;
  }

  /** All queues of the topics; unknown names are passed. Durable when it resolves. `onRemoval`: see `StoreMaintenance`. */
  deleteTopics(topics: Iterable<string>, onRemoval?: () => void): Promise<void> {
    const { table } = this.#options;
    const names = [...topics];
    return this.#delete(() => {
      onRemoval?.();
      return names.flatMap((topic) => table.ofTopic(topic));
    });
  }

  /** All queues of topics that are not retained. Resolves with the names. */
  async cleanUnusedTopics(isRetained: (topic: string) => boolean): Promise<readonly string[]> {
    const { table } = this.#options;
    let unused: readonly string[] = [];
    await this.#delete(() => {
      unused = table.topics().filter((topic) => !isRetained(topic) && table.ofTopic(topic).some((queue) => !queue.isUnused));
      return unused.flatMap((topic) => table.ofTopic(topic));
    });
    return unused;
  }

  /** Queues of which every message has expired. Resolves with their count. */
  async cleanExpiredQueues(isRetained: (topic: string) => boolean): Promise<number> {
    let expired: readonly ConsumeQueue[] = [];
    await this.#delete(() => {
      expired = [...this.#options.table.all()].filter(
        (queue) => !queue.isUnused && queue.minOffset === queue.nextOffset && !isRetained(queue.topic),
      );
      return expired;
    });
    return expired.length;
  }

  /** `choose` is called in the turn of the removal: a put that came until then counts. */
  async #delete(choose: () => readonly ConsumeQueue[]): Promise<void> {
    const { fileSystem, flusher, hasFailed, physicalEnd, pool } = this.#options;
    const paths: string[] = [];
    let queues: readonly ConsumeQueue[] = [];
    const change = (): boolean => {
      if (hasFailed())
        throw new StoreError('STORE_IO_FAILED', 'No queue was deleted: the store has failed, and takes no change any more');
      queues = choose();
      for (const queue of queues) {
        for (const start of queue.deleteAll(physicalEnd())) paths.push(queue.files.pathOf(start));
      }
      return queues.length > 0;
    };
    await flusher.exclusively(change, async () => {
      for (const path of paths) await pool.drop(path);
      const topicDirectories = new Set<string>();
      for (const { files } of queues) {
        await fileSystem.removeDirectory(files.directory);
        topicDirectories.add(parentPath(files.directory));
      }
      for (const directory of topicDirectories) {
        const entries = await fileSystem.list(directory);
        if (entries === undefined) continue;
        if (entries.length > 0) await fileSystem.syncDirectory(directory);
        else {
          await fileSystem.removeDirectory(directory);
          await fileSystem.syncDirectory(parentPath(directory));
        }
      }
    });
  }
}
