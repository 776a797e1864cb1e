/**
 * The counters that the hot paths add to, looked up once per topic (or topic and group) and then held, so that a message costs
 * additions and no string.
 */
import type { MessageInflow } from './message-inflow.js';
import { MessageType } from './message-type.js';
import type { StatsItem } from './stats-item.js';

/** What all topics together get. `userTopics` leaves the broker's own out. */
export interface BrokerTraffic {
  readonly all: StatsItem;
  readonly userTopics: StatsItem;
}

/** Messages that were sent to a topic (Java: incTopicPutNums, incTopicPutSize, incBrokerPutNums). */
export class TopicPuts {
  readonly topic: string;
  readonly isSystem: boolean;
  readonly nums: StatsItem;
  readonly sizes: StatsItem;
  /** Undefined where nobody exports it. */
  readonly inflow: MessageInflow | undefined;
  readonly #broker: BrokerTraffic;

  constructor(
    topic: string,
    isSystem: boolean,
    counters: { readonly nums: StatsItem; readonly sizes: StatsItem; readonly inflow: MessageInflow | undefined },
    broker: BrokerTraffic,
  ) {
    this.topic = topic;
    this.isSystem = isSystem;
    this.nums = counters.nums;
    this.sizes = counters.sizes;
    this.inflow = counters.inflow;
    this.#broker = broker;
  }

  /** Messages of one type that are stored, with the bytes of their records. */
  add(messageCount: number, sizeBytes: number, type: MessageType = MessageType.NORMAL): void {
    this.inflow?.add(type, messageCount, sizeBytes);
    this.addMoved(messageCount, sizeBytes);
  }

  /** The same for those that came to the broker before, and were counted by type then (Java: TimerMessageStore.doPut). */
  addMoved(messageCount: number, sizeBytes: number): void {
    this.nums.add(messageCount, 1);
    this.sizes.add(sizeBytes, 1);
    this.#broker.all.add(messageCount, 1);
    if (!this.isSystem) this.#broker.userTopics.add(messageCount, 1);
  }
}

/** What a group is given of a topic (Java: incGroupGetNums, incGroupGetSize, incBrokerGetNums). */
export interface GroupGetItems {
  readonly nums: StatsItem;
  readonly sizes: StatsItem;
  /** Of reads that had to wait for files. */
  readonly diskNums: () => StatsItem;
  readonly diskSizes: () => StatsItem;
  readonly latencyOf: (queueId: number) => StatsItem;
}

export interface BrokerGets extends BrokerTraffic {
  readonly diskNums: StatsItem;
  readonly diskSizes: StatsItem;
}

export class GroupGets {
  readonly isSystem: boolean;
  readonly #items: GroupGetItems;
  readonly #broker: BrokerGets;
  readonly #latencies: (StatsItem | undefined)[] = [];

  constructor(isSystem: boolean, items: GroupGetItems, broker: BrokerGets) {
    this.isSystem = isSystem;
    this.#items = items;
    this.#broker = broker;
  }

  get nums(): StatsItem {
    return this.#items.nums;
  }

  get sizes(): StatsItem {
    return this.#items.sizes;
  }

  /** One answer with messages. `elapsedMs`: from the request, or its waking, to the answer; undefined: read from memory, in no time. */
  add(queueId: number, messageCount: number, sizeBytes: number, elapsedMs: number | undefined): void {
    this.#items.nums.add(messageCount, 1);
    this.#items.sizes.add(sizeBytes, 1);
    this.#broker.all.add(messageCount, 1);
    if (!this.isSystem) this.#broker.userTopics.add(messageCount, 1);
    this.#latencyOf(queueId).add(elapsedMs ?? 0, 1);
    if (elapsedMs === undefined) return;
    this.#items.diskNums().add(messageCount, 1);
    this.#items.diskSizes().add(sizeBytes, 1);
    this.#broker.diskNums.add(messageCount, 1);
    this.#broker.diskSizes.add(sizeBytes, 1);
  }

  #latencyOf(queueId: number): StatsItem {
    const known = this.#latencies[queueId];
    if (known !== undefined) return known;
    const item = this.#items.latencyOf(queueId);
    this.#latencies[queueId] = item;
    return item;
  }
}
