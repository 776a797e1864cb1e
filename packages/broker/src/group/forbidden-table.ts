/**
 * What groups may not do with topics (Java: forbiddenTable of SubscriptionGroupManager): group → topic → bits. Only the bit of
 * reading has a meaning; others are kept for brokers that look at them.
 */
import { Permission } from '@orbitmq/protocol';
import { integerField, type JsonFields, objectField } from '../metadata/json-fields.js';

/** Pairs of group and topic. */
const forbiddenPairsMaxDefault = 100_000;

export class ForbiddenTable {
  readonly #pairsMax: number;
  readonly #table = new Map<string, Map<string, number>>();
  /** Topics of groups that somebody was given, and that stay as they are: a change is made in a copy. */
  #given = new WeakSet<ReadonlyMap<string, number>>();
  #pairCount = 0;

  constructor(pairsMax = forbiddenPairsMaxDefault) {
    this.#pairsMax = pairsMax;
  }

  /** Takes what a file holds; refuses another shape with a `StoreError`. */
  load(fields: JsonFields): void {
    for (const group of Object.keys(fields)) {
      const topics = objectField(fields, group);
      const bits = Object.keys(topics).map((topic) => [topic, integerField(topics, topic, 0)] as const);
      const topicsOfGroup = new Map(bits.filter(([, forbidden]) => forbidden !== 0));
      if (topicsOfGroup.size === 0) continue;
      this.#table.set(group, topicsOfGroup);
      this.#pairCount += topicsOfGroup.size;
    }
  }

  get pairCount(): number {
    return this.#pairCount;
  }

  isReadForbidden(group: string, topic: string): boolean {
    return ((this.#table.get(group)?.get(topic) ?? 0) & Permission.READ) !== 0;
  }

  setReadForbidden(group: string, topic: string, isForbidden: boolean): 'changed' | 'unchanged' | 'full' {
    const bits = this.#table.get(group)?.get(topic) ?? 0;
    const changed = isForbidden ? bits | Permission.READ : bits & ~Permission.READ;
    if (changed === bits) return 'unchanged';
    if (bits === 0 && this.#pairCount >= this.#pairsMax) return 'full';
    const topics = this.#ownTopics(group);
    if (changed === 0) topics.delete(topic);
    else topics.set(topic, changed);
    this.#pairCount += Number(changed !== 0) - Number(bits !== 0);
    if (topics.size === 0) this.#table.delete(group);
    else this.#table.set(group, topics);
    return 'changed';
  }

  /** False when nothing was forbidden to it. */
  delete(group: string): boolean {
    this.#pairCount -= this.#table.get(group)?.size ?? 0;
    return this.#table.delete(group);
  }

  ofGroup(group: string): JsonFields | undefined {
    const topics = this.#table.get(group);
    return topics === undefined ? undefined : Object.fromEntries(topics);
  }

  groups(): readonly string[] {
    return [...this.#table.keys()];
  }

  /** Group → topic → bits, as it is now and stays. */
  entries(): readonly (readonly [group: string, topics: ReadonlyMap<string, number>])[] {
    this.#given = new WeakSet(this.#table.values());
    return [...this.#table];
  }

  #ownTopics(group: string): Map<string, number> {
    const topics = this.#table.get(group);
    return topics === undefined || this.#given.has(topics) ? new Map(topics) : topics;
  }
}
