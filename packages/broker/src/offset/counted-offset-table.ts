/** Topic → group → queue id → offset. */
export type OffsetTable = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<number, number>>>;

type Offsets = ReadonlyMap<number, number>;

/** The table as it was, while it changes. To be released, since it makes the changes cost more. */
export interface OffsetSnapshot {
  /** Topic and group of each pair that has offsets. */
  readonly topics: readonly string[];
  readonly groups: readonly string[];
  /** Their offsets of now: what they were then says `offsetsOf`. */
  readonly offsets: readonly Offsets[];
  /** Queue → offset, as it was, of one of `offsets`. */
  readonly offsetsOf: (offsets: Offsets) => Offsets;
  readonly release: () => void;
}

/** The offsets of a group in a topic → as they were before they changed. */
type KeptOffsets = Map<Offsets, Offsets>;

/**
 * Offsets by topic, group and queue, with their number, so that a bound costs no walk. Set and looked up at every commit and pull:
 * nothing is allocated for a queue that is known. Invariant: `count` is what a walk through `topics` would find.
 */
export class CountedOffsetTable {
  readonly #topics = new Map<string, Map<string, Map<number, number>>>();
  #count = 0;
  /** Of each snapshot that is in use, what has changed since it was taken. */
  readonly #snapshots = new Set<KeptOffsets>();

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
    if (before === offset) return before;
    if (before === undefined) this.#count += 1;
    if (this.#snapshots.size > 0) this.#keep(offsets);
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
    if (this.#snapshots.size > 0) this.#keep(offsets);
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

  /**
   * A list of who has offsets, not of the offsets: those of a group in a topic are copied when they change. So it costs what there
   * are of such pairs, and a change once what the pair has.
   */
  snapshot(): OffsetSnapshot {
    const kept: KeptOffsets = new Map();
    this.#snapshots.add(kept);
    // Three lists, and no object of each pair: there may be some hundred thousand.
    const topics: string[] = [];
    const groups: string[] = [];
    const offsets: Offsets[] = [];
    for (const [topic, ofTopic] of this.#topics) {
      for (const [group, ofGroup] of ofTopic) {
        topics.push(topic);
        groups.push(group);
        offsets.push(ofGroup);
      }
    }
    const offsetsOf = (of: Offsets): Offsets => kept.get(of) ?? of;
    return { topics, groups, offsets, offsetsOf, release: () => this.#snapshots.delete(kept) };
  }

  #keep(offsets: Offsets): void {
    for (const kept of this.#snapshots) if (!kept.has(offsets)) kept.set(offsets, new Map(offsets));
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
