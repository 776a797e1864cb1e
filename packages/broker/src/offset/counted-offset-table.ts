/** Topic → group → queue id → offset. */
export type OffsetTable = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<number, number>>>;

/**
 * Offsets by topic, group and queue, with their number, so that a bound costs no walk. Set and looked up at every commit and pull:
 * nothing is allocated for a queue that is known. Invariant: `count` is what a walk through `topics` would find.
 */
export class CountedOffsetTable {
  readonly #topics = new Map<string, Map<string, Map<number, number>>>();
  #count = 0;

  get topics(): OffsetTable {
    return this.#topics;
  }

  /** Queues of all groups in all topics. */
  get count(): number {
    return this.#count;
  }

  get(group: string, topic: string, queueId: number): number | undefined {
    return this.#topics.get(topic)?.get(group)?.get(queueId);
  }

  offsetsOf(group: string, topic: string): ReadonlyMap<number, number> | undefined {
    return this.#topics.get(topic)?.get(group);
  }

  /** Returns the offset that was there before. */
  set(group: string, topic: string, queueId: number, offset: number): number | undefined {
    const groups = this.#groupsOf(topic);
    let offsets = groups.get(group);
    if (offsets === undefined) {
      offsets = new Map();
      groups.set(group, offsets);
    }
    const before = offsets.get(queueId);
    if (before === undefined) this.#count += 1;
    offsets.set(queueId, offset);
    return before;
  }

  /** Puts a copy of the offsets in place of all that the group has in the topic. The group is known there also when there are none. */
  replace(group: string, topic: string, offsets: ReadonlyMap<number, number>): void {
    const groups = this.#groupsOf(topic);
    this.#count += offsets.size - (groups.get(group)?.size ?? 0);
    groups.set(group, new Map(offsets));
  }

  /** Returns the offset that was there; its group and its topic go with their last one. */
  remove(group: string, topic: string, queueId: number): number | undefined {
    const groups = this.#topics.get(topic);
    const offsets = groups?.get(group);
    const offset = offsets?.get(queueId);
    if (groups === undefined || offsets === undefined || offset === undefined) return undefined;
    offsets.delete(queueId);
    this.#count -= 1;
    if (offsets.size === 0) groups.delete(group);
    if (groups.size === 0) this.#topics.delete(topic);
    return offset;
  }

  /** Returns whether the topic was known. */
  removeTopic(topic: string): boolean {
    for (const offsets of this.#topics.get(topic)?.values() ?? []) this.#count -= offsets.size;
    return this.#topics.delete(topic);
  }

  /** Returns whether the group was known in any topic. */
  removeGroup(group: string): boolean {
    let isRemoved = false;
    for (const [topic, groups] of this.#topics) {
      const offsets = groups.get(group);
      if (offsets === undefined) continue;
      isRemoved = true;
      this.#count -= offsets.size;
      groups.delete(group);
      if (groups.size === 0) this.#topics.delete(topic);
    }
    return isRemoved;
  }

  #groupsOf(topic: string): Map<string, Map<number, number>> {
    let groups = this.#topics.get(topic);
    if (groups === undefined) {
      groups = new Map();
      this.#topics.set(topic, groups);
    }
    return groups;
  }
}
