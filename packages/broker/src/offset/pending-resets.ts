/**
 * Offsets that an operator has set and the group's readers have not heard of yet (Java: the resetOffsetTable of
 * ConsumerOffsetManager, 5.x). The next pull of the queue is told to move there; until then what the group commits for the
 * queue is what it consumed before the reset, and does not count.
 *
 * Kept in `consumerOffset.json` beside the offsets, under a name that Apache's brokers leave out when they read it: a reader
 * that never stopped would otherwise take a reset back that a restart forgot.
 */
import type { OffsetTable } from './consumer-offset-json.js';

/** Queues of all groups that may have a reset pending; an operator's requests are all that fills the table. */
const pendingMax = 100_000;

export class PendingResets {
  /** Topic → group → queue id → offset. */
  readonly #table: OffsetTable;
  #count: number;

  constructor(table: OffsetTable = new Map()) {
    this.#table = table;
    this.#count = 0;
    for (const groups of table.values()) for (const queues of groups.values()) this.#count += queues.size;
  }

  get table(): OffsetTable {
    return this.#table;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether so many more find room. */
  hasRoom(count: number): boolean {
    return this.#count + count <= pendingMax;
  }

  set(group: string, topic: string, queueId: number, offset: number): void {
    let groups = this.#table.get(topic);
    if (groups === undefined) {
      groups = new Map();
      this.#table.set(topic, groups);
    }
    let queues = groups.get(group);
    if (queues === undefined) {
      queues = new Map();
      groups.set(group, queues);
    }
    if (!queues.has(queueId)) this.#count += 1;
    queues.set(queueId, offset);
  }

  has(group: string, topic: string, queueId: number): boolean {
    // Asked at every pull and commit, and nearly always empty.
    return this.#count > 0 && this.#table.get(topic)?.get(group)?.has(queueId) === true;
  }

  /** The offset, which is pending no longer; undefined when none was. */
  take(group: string, topic: string, queueId: number): number | undefined {
    if (this.#count === 0) return undefined;
    const groups = this.#table.get(topic);
    const queues = groups?.get(group);
    const offset = queues?.get(queueId);
    if (groups === undefined || queues === undefined || offset === undefined) return undefined;
    queues.delete(queueId);
    this.#count -= 1;
    if (queues.size === 0) groups.delete(group);
    if (groups.size === 0) this.#table.delete(topic);
    return offset;
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
}
