import { joinPath } from '../io/paths.js';
import { SegmentList } from '../segment/segment-list.js';
import { ConsumeQueue } from './consume-queue.js';
import { EntryMemory } from './entry-memory.js';
import { queueEntryBytes } from './queue-entry.js';

interface TopicQueues {
  readonly topicBytes: Buffer;
  readonly queues: Map<number, ConsumeQueue>;
}

/** All consume queues (Java: consumeQueueTable), by topic and queue id. */
export class ConsumeQueueTable {
  readonly memory: EntryMemory;
  readonly #directory: string;
  readonly #fileSizeBytes: number;
  readonly #topics = new Map<string, TopicQueues>();

  /** `fileSizeBytes` is rounded up to whole entries, as RocketMQ does. */
  constructor(options: { readonly directory: string; readonly fileSizeBytes: number; readonly entriesBytesMax: number }) {
    this.#directory = options.directory;
    this.#fileSizeBytes = Math.ceil(options.fileSizeBytes / queueEntryBytes) * queueEntryBytes;
    this.memory = new EntryMemory(options.entriesBytesMax);
  }

  get fileSizeBytes(): number {
    return this.#fileSizeBytes;
  }

  find(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.get(topic)?.queues.get(queueId);
  }

  findOrCreate(topic: string, queueId: number): ConsumeQueue {
    let topicQueues = this.#topics.get(topic);
    if (topicQueues === undefined) {
      topicQueues = { topicBytes: Buffer.from(topic), queues: new Map() };
      this.#topics.set(topic, topicQueues);
    }
    let queue = topicQueues.queues.get(queueId);
    if (queue === undefined) {
      const files = new SegmentList(joinPath(this.#directory, topic, String(queueId)), this.#fileSizeBytes);
      queue = new ConsumeQueue(topic, topicQueues.topicBytes, queueId, files, this.memory);
      topicQueues.queues.set(queueId, queue);
    }
    return queue;
  }

  /** Takes a queue whose files were found at start. */
  add(topic: string, queueId: number, files: SegmentList): ConsumeQueue {
    const topicBytes = this.#topics.get(topic)?.topicBytes ?? Buffer.from(topic);
    const queue = new ConsumeQueue(topic, topicBytes, queueId, files, this.memory);
    const topicQueues = this.#topics.get(topic) ?? { topicBytes, queues: new Map<number, ConsumeQueue>() };
    topicQueues.queues.set(queueId, queue);
    this.#topics.set(topic, topicQueues);
    return queue;
  }

  ofTopic(topic: string): readonly ConsumeQueue[] {
    return [...(this.#topics.get(topic)?.queues.values() ?? [])];
  }

  /** Names of all topics that have queues. */
  topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  /** Forgets a queue that has nothing. */
  remove(queue: ConsumeQueue): void {
    const topicQueues = this.#topics.get(queue.topic);
    if (topicQueues?.queues.get(queue.queueId) !== queue) return;
    topicQueues.queues.delete(queue.queueId);
    if (topicQueues.queues.size === 0) this.#topics.delete(queue.topic);
  }

  *all(): Generator<ConsumeQueue> {
    for (const { queues } of this.#topics.values()) yield* queues.values();
  }
}
