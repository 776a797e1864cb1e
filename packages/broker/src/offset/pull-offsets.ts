/**
 * Where the last pull of each group began (Java: the pullOffsetTable of ConsumerOffsetManager, 5.x): what lies between it and
 * the committed offset is with the clients. In memory only, and only shown to operators.
 */
import type { OffsetTable } from './consumer-offset-json.js';

/** Queues of all groups; what comes beyond is shown as nothing in flight. */
const entriesMaxDefault = 200_000;

export class PullOffsets {
  readonly #table: OffsetTable = new Map();
  readonly #entriesMax: number;
  #count = 0;

  constructor(entriesMax = entriesMaxDefault) {
    this.#entriesMax = entriesMax;
  }

  /** At every pull: three look-ups, and no allocation once the queue is known. */
  note(group: string, topic: string, queueId: number, queueOffset: number): void {
    const queues = this.#table.get(topic)?.get(group);
    if (queues?.has(queueId) === true) queues.set(queueId, queueOffset);
    else this.#add(group, topic, queueId, queueOffset);
  }

  /** -1 when nobody pulled. */
  get(group: string, topic: string, queueId: number): number {
    return this.#table.get(topic)?.get(group)?.get(queueId) ?? -1;
  }

  removeTopic(topic: string): void {
    for (const queues of this.#table.get(topic)?.values() ?? []) this.#count -= queues.size;
    this.#table.delete(topic);
  }

  removeGroup(group: string): void {
    for (const [topic, groups] of this.#table) {
      this.#count -= groups.get(group)?.size ?? 0;
      groups.delete(group);
      if (groups.size === 0) this.#table.delete(topic);
    }
  }

  #add(group: string, topic: string, queueId: number, queueOffset: number): void {
    if (this.#count >= this.#entriesMax) return;
    this.#count += 1;
    let groups = this.#table.get(topic);
    if (groups === undefined) {
      groups = new Map();
      this.#table.set(topic, groups);
    }
    const queues = groups.get(group);
    if (queues === undefined) groups.set(group, new Map([[queueId, queueOffset]]));
    else queues.set(queueId, queueOffset);
  }
}
