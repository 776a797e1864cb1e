/**
 * What the broker counts of its traffic, by topic, group and in all (Java: BrokerStatsManager; page 34 §2). Invariants: the hot
 * paths add to counters that they hold and never build a key; all rings of a kind are sampled in one turn; no name of a client's
 * choice adds counters without bound.
 */
import type { Clock, Lifecycle, Timer, Timers } from '@orbitmq/core/kernel';
import { MessageInflow } from './message-inflow.js';
import { type StatsItem, samplePeriodsMs } from './stats-item.js';
import { StatsName } from './stats-name.js';
import { StatsTable } from './stats-table.js';
import { type BrokerGets, type BrokerTraffic, GroupGets, TopicPuts } from './traffic-counters.js';

export interface BrokerStatsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The key of what counts the whole broker. */
  readonly clusterName: string;
  readonly isSystemTopic: (topic: string) => boolean;
  /** Counters in all, at 1 to 2 KiB each after a day. Default: 30,000. */
  readonly itemsMax?: number | undefined;
  /** Puts are also counted by type and size of their messages, for who exports them. Default: false. */
  readonly countsByType?: boolean | undefined;
}

/** Of one group that could not handle messages of a topic. */
interface DeadLetterCount {
  readonly topic: string;
  readonly group: string;
  readonly count: number;
}

const itemsMaxDefault = 30_000;

export class BrokerStats implements Lifecycle {
  readonly #options: BrokerStatsOptions;
  readonly #table: StatsTable;
  readonly #puts: BrokerTraffic;
  readonly #gets: BrokerGets;
  readonly #topicPuts = new Map<string, TopicPuts>();
  /** Topic → group. */
  readonly #groupGets = new Map<string, Map<string, GroupGets>>();
  /** Keys of a topic's counters that are not by its name alone. */
  readonly #keysOfTopic = new Map<string, (readonly [StatsName, string, string])[]>();
  readonly #timers: Timer[] = [];

  constructor(options: BrokerStatsOptions) {
    this.#options = options;
    this.#table = new StatsTable(options.itemsMax ?? itemsMaxDefault);
    const ofBroker = (name: StatsName): StatsItem => this.#table.ensure(name, options.clusterName);
    this.#puts = {
      all: ofBroker(StatsName.BROKER_PUT_NUMS),
      userTopics: ofBroker(StatsName.BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC),
    };
    this.#gets = {
      all: ofBroker(StatsName.BROKER_GET_NUMS),
      userTopics: ofBroker(StatsName.BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC),
      diskNums: ofBroker(StatsName.BROKER_GET_FROM_DISK_NUMS),
      diskSizes: ofBroker(StatsName.BROKER_GET_FROM_DISK_SIZE),
    };
  }

  async start(): Promise<void> {
    const { clock, timers } = this.#options;
    for (const ring of ['minute', 'hour', 'day'] as const) {
      const sample = (): void => this.#table.sample(ring, clock.monotonic());
      // At once, as Java: what comes next is measured from here.
      sample();
      this.#timers.push(timers.setInterval(sample, samplePeriodsMs[ring]).unref());
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  /** Messages of users, stored and delivered, since the start. */
  get totals(): { readonly put: number; readonly got: number } {
    return { put: this.#puts.userTopics.value, got: this.#gets.userTopics.value };
  }

  /** Undefined when nothing was counted under that name and key. */
  find(name: string, key: string): StatsItem | undefined {
    return this.#table.find(name, key);
  }

  topicPuts(topic: string): TopicPuts {
    const known = this.#topicPuts.get(topic);
    if (known !== undefined) return known;
    const wasFull = this.#table.isFull;
    const counters = {
      nums: this.#table.ensure(StatsName.TOPIC_PUT_NUMS, topic),
      sizes: this.#table.ensure(StatsName.TOPIC_PUT_SIZE, topic),
      inflow: this.#options.countsByType === true ? new MessageInflow() : undefined,
    };
    const puts = new TopicPuts(topic, this.#options.isSystemTopic(topic), counters, this.#puts);
    if (!wasFull) this.#topicPuts.set(topic, puts);
    return puts;
  }

  /** Of all topics that something was sent to. */
  get allTopicPuts(): Iterable<TopicPuts> {
    return this.#topicPuts.values();
  }

  /** Topic → group → what it was given. */
  get allGroupGets(): ReadonlyMap<string, ReadonlyMap<string, GroupGets>> {
    return this.#groupGets;
  }

  get allDeadLetters(): readonly DeadLetterCount[] {
    return [...this.#keysOfTopic].flatMap(([topic, keys]) =>
      keys.flatMap(([name, key, group]) => {
        const item = name === StatsName.DLQ_PUT_NUMS ? this.#table.find(name, key) : undefined;
        return item === undefined ? [] : [{ topic, group, count: item.value }];
      }),
    );
  }

  groupGets(topic: string, group: string): GroupGets {
    const known = this.#groupGets.get(topic)?.get(group);
    if (known !== undefined) return known;
    const wasFull = this.#table.isFull;
    const item = (name: StatsName, key = keyOf(topic, group)): StatsItem => this.#ensure(name, key, topic, group);
    const items = {
      nums: item(StatsName.GROUP_GET_NUMS),
      sizes: item(StatsName.GROUP_GET_SIZE),
      diskNums: () => item(StatsName.GROUP_GET_FROM_DISK_NUMS),
      diskSizes: () => item(StatsName.GROUP_GET_FROM_DISK_SIZE),
      latencyOf: (queueId: number) => item(StatsName.GROUP_GET_LATENCY, `${queueId}@${keyOf(topic, group)}`),
    };
    const gets = new GroupGets(this.#options.isSystemTopic(topic), items, this.#gets);
    if (!wasFull) {
      let ofTopic = this.#groupGets.get(topic);
      if (ofTopic === undefined) this.#groupGets.set(topic, (ofTopic = new Map<string, GroupGets>()));
      ofTopic.set(group, gets);
    }
    return gets;
  }

  /** A consumer sent a message of the topic back. */
  sentBack(topic: string, group: string): void {
    this.#ensure(StatsName.SNDBCK_PUT_NUMS, keyOf(topic, group), topic, group).add(1, 1);
  }

  /** A message of the topic, which the group failed on, went to the dead letters. */
  deadLettered(topic: string, group: string): void {
    this.#ensure(StatsName.DLQ_PUT_NUMS, keyOf(topic, group), topic, group).add(1, 1);
  }

  /** Messages per second of the last minute. */
  topicPutTps(topic: string): number {
    return this.#table.find(StatsName.TOPIC_PUT_NUMS, topic)?.minute.sum().tps ?? 0;
  }

  /** The same for what a group was given of a topic. */
  groupGetTps(topic: string, group: string): number {
    return this.#table.find(StatsName.GROUP_GET_NUMS, keyOf(topic, group))?.minute.sum().tps ?? 0;
  }

  /** Its counters go; what still is added to them is forgotten. */
  topicDeleted(topic: string): void {
    this.#topicPuts.delete(topic);
    this.#groupGets.delete(topic);
    this.#table.delete(StatsName.TOPIC_PUT_NUMS, topic);
    this.#table.delete(StatsName.TOPIC_PUT_SIZE, topic);
    for (const [name, key] of this.#keysOfTopic.get(topic) ?? []) this.#table.delete(name, key);
    this.#keysOfTopic.delete(topic);
  }

  groupDeleted(group: string): void {
    for (const ofTopic of this.#groupGets.values()) ofTopic.delete(group);
    for (const [topic, keys] of this.#keysOfTopic) {
      for (const [name, key, owner] of keys) {
        if (owner === group) this.#table.delete(name, key);
      }
      this.#keysOfTopic.set(
        topic,
        keys.filter(([, , owner]) => owner !== group),
      );
    }
  }

  #ensure(name: StatsName, key: string, topic: string, group: string): StatsItem {
    const known = this.#table.find(name, key);
    if (known !== undefined) return known;
    if (!this.#table.isFull) {
      const keys = this.#keysOfTopic.get(topic);
      if (keys === undefined) this.#keysOfTopic.set(topic, [[name, key, group]]);
      else keys.push([name, key, group]);
    }
    return this.#table.ensure(name, key);
  }
}

/** Java: buildStatsKey. */
function keyOf(topic: string, group: string): string {
  return `${topic}@${group}`;
}
