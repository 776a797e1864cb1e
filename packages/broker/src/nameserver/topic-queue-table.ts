import type { QueueData } from '@orbitmq/protocol';

/**
 * Which brokers have queues of which topics (Java: RouteInfoManager.topicQueueTable). Invariants: no topic and no broker is without
 * an entry; both maps have the same entries. Whatever concerns one broker costs as much as it has topics.
 */
export class TopicQueueTable {
  /** Topic → broker name → its queues. */
  readonly #topics = new Map<string, Map<string, QueueData>>();
  readonly #topicsOfBrokers = new Map<string, Set<string>>();
  #entryCount = 0;

  /** Pairs of topic and broker. */
  get entryCount(): number {
    return this.#entryCount;
  }

  get topicCount(): number {
    return this.#topics.size;
  }

  topics(): IterableIterator<string> {
    return this.#topics.keys();
  }

  queuesOf(topic: string): ReadonlyMap<string, QueueData> | undefined {
    return this.#topics.get(topic);
  }

  has(topic: string, brokerName: string): boolean {
    return this.#topics.get(topic)?.has(brokerName) === true;
  }

  /** How many of them would be new for a broker. */
  newAmong(topics: readonly { readonly topic: string }[], brokerName: string): number {
    let count = 0;
    for (const { topic } of topics) if (!this.has(topic, brokerName)) count += 1;
    return count;
  }

  /** `prepared`: what holds the entry of a topic that has none; a map of nothing but `queue`. */
  set(topic: string, queue: QueueData, prepared?: Map<string, QueueData>): void {
    const { brokerName } = queue;
    const queues = this.#topics.get(topic);
    if (queues === undefined) {
      this.#topics.set(topic, prepared ?? new Map([[brokerName, queue]]));
    } else {
      const sizeBefore = queues.size;
      queues.set(brokerName, queue);
      if (queues.size === sizeBefore) return;
    }
    this.#entryCount += 1;
    const topics = this.#topicsOfBrokers.get(brokerName);
    if (topics === undefined) this.#topicsOfBrokers.set(brokerName, new Set([topic]));
    else topics.add(topic);
  }

  delete(topic: string, brokerName: string): void {
    const queues = this.#topics.get(topic);
    if (queues?.delete(brokerName) !== true) return;
    this.#entryCount -= 1;
    if (queues.size === 0) this.#topics.delete(topic);
    const topics = this.#topicsOfBrokers.get(brokerName);
    topics?.delete(topic);
    if (topics?.size === 0) this.#topicsOfBrokers.delete(brokerName);
  }

  deleteTopic(topic: string): void {
    for (const brokerName of this.#topics.get(topic)?.keys() ?? []) this.delete(topic, brokerName);
  }

  deleteBroker(brokerName: string): void {
    for (const topic of this.topicsOf(brokerName)) this.delete(topic, brokerName);
  }

  topicsOf(brokerName: string): string[] {
    return [...(this.#topicsOfBrokers.get(brokerName) ?? [])];
  }

  /** Changes the permission of all queues of a broker; the count of its topics, changed or not (as in Java). */
  changePermission(brokerName: string, change: (perm: number) => number): number {
    const topics = this.topicsOf(brokerName);
    for (const topic of topics) {
      const queues = this.#topics.get(topic);
      const queue = queues?.get(brokerName);
      if (queue !== undefined) queues?.set(brokerName, { ...queue, perm: change(queue.perm) });
    }
    return topics.length;
  }
}
