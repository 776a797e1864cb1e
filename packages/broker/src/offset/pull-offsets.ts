/**
 * Where the last pull of each group began (Java: the pullOffsetTable of ConsumerOffsetManager, 5.x): what lies between it and
 * the committed offset is with the clients. In memory only, and only shown to operators.
 */
import { CountedOffsetTable } from './counted-offset-table.js';

/** Queues of all groups; what comes beyond is shown as nothing in flight. */
const entriesMaxDefault = 200_000;

export class PullOffsets {
  readonly #table = new CountedOffsetTable();
  readonly #entriesMax: number;

  constructor(entriesMax = entriesMaxDefault) {
    this.#entriesMax = entriesMax;
  }

  /** At every pull: a few look-ups, and no allocation once the queue is known. */
  note(group: string, topic: string, queueId: number, queueOffset: number): void {
    const hasPlace = this.#table.count < this.#entriesMax || this.#table.get(group, topic, queueId) !== undefined;
    if (hasPlace) this.#table.set(group, topic, queueId, queueOffset);
  }

  /** -1 when nobody pulled. */
  get(group: string, topic: string, queueId: number): number {
    return this.#table.get(group, topic, queueId) ?? -1;
  }

  removeTopic(topic: string): void {
    this.#table.removeTopic(topic);
  }

  removeGroup(group: string): void {
    this.#table.removeGroup(group);
  }
}
