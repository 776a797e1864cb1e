/**
 * Which brokers have which queues of static topics (Java: RouteInfoManager.topicQueueMappingInfoTable, 5.x; page 02 §7). Invariant:
 * no topic is without an entry. All mapped queues together are bounded, for one topic may name some ten thousand, and those of
 * one topic, for they are in each of its routes.
 */
import type { TopicQueueMapping } from '@orbitmq/protocol';

export class QueueMappingTable {
  /** Topic → broker name → its queues. */
  readonly #topics = new Map<string, Map<string, TopicQueueMapping>>();
  /** Topic → its mapped queues on all brokers. */
  readonly #queueCounts = new Map<string, number>();
  #queueCount = 0;

  /** Mapped queues of all brokers. */
  get queueCount(): number {
    return this.#queueCount;
  }

  of(topic: string): ReadonlyMap<string, TopicQueueMapping> | undefined {
    return this.#topics.get(topic);
  }

  /** How many mapped queues more there would be. */
  growth(mappings: readonly TopicQueueMapping[]): number {
    let count = 0;
    for (const { topic, brokerName, queueIds } of mappings) {
      count += queueIds.size - this.#queuesOf(topic, brokerName);
    }
    return count;
  }

  /** How many queues the topic would have on all brokers with this mapping of one. */
  countWith({ topic, brokerName, queueIds }: TopicQueueMapping): number {
    return (this.#queueCounts.get(topic) ?? 0) - this.#queuesOf(topic, brokerName) + queueIds.size;
  }

  set(mapping: TopicQueueMapping): void {
    this.delete(mapping.topic, mapping.brokerName);
    const mappings = this.#topics.get(mapping.topic);
    if (mappings === undefined) this.#topics.set(mapping.topic, new Map([[mapping.brokerName, mapping]]));
    else mappings.set(mapping.brokerName, mapping);
    this.#count(mapping.topic, mapping.queueIds.size);
  }

  delete(topic: string, brokerName: string): void {
    const mappings = this.#topics.get(topic);
    this.#count(topic, -this.#queuesOf(topic, brokerName));
    mappings?.delete(brokerName);
    if (mappings?.size !== 0) return;
    this.#topics.delete(topic);
    this.#queueCounts.delete(topic);
  }

  deleteTopic(topic: string): void {
    for (const brokerName of this.#topics.get(topic)?.keys() ?? []) this.delete(topic, brokerName);
  }

  deleteBroker(brokerName: string): void {
    for (const topic of this.#topics.keys()) this.delete(topic, brokerName);
  }

  #queuesOf(topic: string, brokerName: string): number {
    return this.#topics.get(topic)?.get(brokerName)?.queueIds.size ?? 0;
  }

  #count(topic: string, growth: number): void {
    if (growth === 0) return;
    this.#queueCount += growth;
    this.#queueCounts.set(topic, (this.#queueCounts.get(topic) ?? 0) + growth);
  }
}
