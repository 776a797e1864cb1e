/**
 * What the group subscribes to, as heartbeats say it, with the version of each topic (Java: RebalanceImpl's
 * subscriptionInner). Pulls carry the version that the brokers were last told, not a newer one: a pull that overtakes its
 * heartbeat would be refused with SUBSCRIPTION_NOT_LATEST.
 */
import type { ConsumerDefinition } from '@orbitmq/core';
import { type Clock, ConfigError } from '@orbitmq/core/kernel';
import { buildSubscription, retryTopic, type SubscriptionData } from '@orbitmq/protocol';

interface Entry {
  data: SubscriptionData;
  announcedVersion: number;
  /** Undefined: everything. */
  readonly tags: ReadonlySet<string> | undefined;
}

export class SubscriptionTable {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(definition: Pick<ConsumerDefinition, 'group' | 'subscriptions'>, clock: Clock) {
    this.#clock = clock;
    for (const { topic, filter } of definition.subscriptions) {
      if (this.#entries.has(topic)) {
        throw new ConfigError('CONFIG_INVALID', `the group "${definition.group}" subscribes to the topic "${topic}" twice`, {
          details: { group: definition.group, topic },
        });
      }
      const tags = filter.kind === 'all' ? undefined : new Set(filter.tags);
      this.#add(topic, tags === undefined ? '*' : [...tags].join(' || '), tags);
    }
    // Failed messages come back through the group's retry topic, whatever their tag.
    const retry = retryTopic(definition.group);
    if (!this.#entries.has(retry)) this.#add(retry, '*', undefined);
  }

  #add(topic: string, expression: string, tags: ReadonlySet<string> | undefined): void {
    const version = this.#clock.now();
    this.#entries.set(topic, { data: buildSubscription(topic, expression, version), announcedVersion: version, tags });
  }

  get topics(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** For a heartbeat. */
  get all(): readonly SubscriptionData[] {
    return Array.from(this.#entries.values(), (entry) => entry.data);
  }

  /** The tags that are wanted of a topic; undefined: all messages, also those without a tag. */
  tagsOf(topic: string): ReadonlySet<string> | undefined {
    return this.#entries.get(topic)?.tags;
  }

  /** For pulls. */
  announcedVersion(topic: string): number {
    return this.#entries.get(topic)?.announcedVersion ?? 0;
  }

  /** The topic's set of queues changed: the version grows, also when the clock went back. */
  raiseVersion(topic: string): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return;
    entry.data = { ...entry.data, subVersion: Math.max(entry.data.subVersion + 1, this.#clock.now()) };
  }

  /** Call it before a heartbeat, and what it returns after the heartbeat was answered. */
  beginAnnouncement(): () => void {
    const versions = Array.from(this.#entries.values(), (entry) => ({ entry, version: entry.data.subVersion }));
    return () => {
      for (const { entry, version } of versions) entry.announcedVersion = Math.max(entry.announcedVersion, version);
    };
  }
}
