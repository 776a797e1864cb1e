/**
 * Offsets that an operator has set and the group's readers have not heard of yet (Java: the resetOffsetTable of
 * ConsumerOffsetManager, 5.x). The next pull of the queue is told to move there; until then what the group commits for the
 * queue is what it consumed before the reset, and does not count.
 *
 * Kept in `consumerOffset.json` beside the offsets, under a name that Apache's brokers leave out when they read it: a reader
 * that never stopped would otherwise take a reset back that a restart forgot.
 */
import { CountedOffsetTable } from './counted-offset-table.js';

/** Queues of all groups that may have a reset pending; an operator's requests are all that fills the table. */
const pendingMax = 100_000;

export class PendingResets {
  readonly #table: CountedOffsetTable;

  constructor(table = new CountedOffsetTable()) {
    this.#table = table;
  }

  get table(): CountedOffsetTable {
    return this.#table;
  }

  get count(): number {
    return this.#table.count;
  }

  /** Whether so many more find room. */
  hasRoom(count: number): boolean {
    return this.#table.count + count <= pendingMax;
  }

  set(group: string, topic: string, queueId: number, offset: number): void {
    this.#table.set(group, topic, queueId, offset);
  }

  has(group: string, topic: string, queueId: number): boolean {
    // Asked at every pull and commit, and nearly always empty.
    return this.#table.count > 0 && this.#table.get(group, topic, queueId) !== undefined;
  }

  /** The offset, which is pending no longer; undefined when none was. */
  take(group: string, topic: string, queueId: number): number | undefined {
    return this.#table.count === 0 ? undefined : this.#table.remove(group, topic, queueId);
  }

  removeTopic(topic: string): void {
    this.#table.removeTopic(topic);
  }

  removeGroup(group: string): void {
    this.#table.removeGroup(group);
  }
}
