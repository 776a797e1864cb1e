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
  #pairCount = 0;

  constructor(pairsMax = forbiddenPairsMaxDefault) {
    this.#pairsMax = pairsMax;
  }

  /** Takes what a file holds; refuses another shape with a `StoreError`. */
  load(fields: JsonFields): void {
    for (const group of Object.keys(fields)) {
      const topics = objectField(fields, group);
      for (const topic of Object.keys(topics)) this.#set(group, topic, integerField(topics, topic, 0));
    }
  }

  isReadForbidden(group: string, topic: string): boolean {
    return ((this.#table.get(group)?.get(topic) ?? 0) & Permission.READ) !== 0;
  }

  setReadForbidden(group: string, topic: string, isForbidden: boolean): 'changed' | 'unchanged' | 'full' {
    const bits = this.#table.get(group)?.get(topic) ?? 0;
    const changed = isForbidden ? bits | Permission.READ : bits & ~Permission.READ;
    if (changed === bits) return 'unchanged';
    if (bits === 0 && this.#pairCount >= this.#pairsMax) return 'full';
    this.#set(group, topic, changed);
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

  toJson(): JsonFields {
    return Object.fromEntries([...this.#table].map(([group, topics]) => [group, Object.fromEntries(topics)]));
  }

  #set(group: string, topic: string, bits: number): void {
    const topics = this.#table.get(group) ?? new Map<string, number>();
    this.#pairCount -= topics.size;
    if (bits === 0) topics.delete(topic);
    else topics.set(topic, bits);
    this.#pairCount += topics.size;
    if (topics.size === 0) this.#table.delete(group);
    else this.#table.set(group, topics);
  }
}
