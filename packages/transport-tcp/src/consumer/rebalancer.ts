/**
 * Brings the assignment up to date (Java: RebalanceService and RebalanceImpl; page 05 §3): every 20 s, at start, when the
 * broker tells of a change, when a route changes. One round at a time; requests during a round are one more round. A round
 * that changed the set of queues raises the version of the topic's subscription and heartbeats before the first pull, so
 * that no pull meets a broker that knows an older one.
 */
import { setMaxListeners } from 'node:events';
import { type Environment, InvariantError, type Timer } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import { assignmentDifference } from './assignment-difference.js';
import type { ConsumerClient } from './consumer-client.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import { type AskedBrokers, MemberLists } from './member-lists.js';
import { PeriodicTask } from './periodic-task.js';
import type { SubscriptionTable } from './subscription-table.js';

/** What a round works on. */
export interface Assignments {
  heldKeys(topic: string): readonly string[];
  /** False when it is being dropped already. */
  drop(key: string): boolean;
  /** False when some of them could not be taken now. Never rejects. */
  take(queues: readonly MessageQueue[]): Promise<boolean>;
}

export interface RebalancerOptions {
  readonly environment: Environment;
  readonly group: string;
  readonly instance: Pick<ConsumerClient, 'clientId' | 'subscribeQueues' | 'brokersThatKnow'>;
  readonly requests: Pick<ConsumerRequests, 'consumerIds'>;
  readonly subscriptions: SubscriptionTable;
  readonly assignments: Assignments;
  /** Heartbeats all brokers; resolves when they know the subscriptions. Never rejects. */
  readonly announce: () => Promise<void>;
  readonly tuning: ConsumerTuning;
}

export class Rebalancer {
  readonly #options: RebalancerOptions;
  readonly #interval: PeriodicTask;
  readonly #stopping = new AbortController();
  readonly #members: MemberLists;
  #retryTimer: Timer | undefined;
  #current: Promise<void> | undefined;
  #isWantedAgain = false;
  #isStarted = false;

  constructor(options: RebalancerOptions) {
    this.#options = options;
    // Every question to a broker listens to it, and Node would take more than ten for a leak.
    setMaxListeners(0, this.#stopping.signal);
    const { environment, group, instance, requests } = options;
    this.#members = new MemberLists({
      environment,
      clientId: instance.clientId,
      brokersOf: (topic) => instance.brokersThatKnow(group, topic),
      ask: (address, signal) => requests.consumerIds(address, signal),
      signal: this.#stopping.signal,
    });
    const { rebalanceIntervalMs } = options.tuning;
    this.#interval = new PeriodicTask(options.environment.timers, rebalanceIntervalMs, rebalanceIntervalMs, () => this.request());
  }

  /** Resolves after the first round. */
  async start(): Promise<void> {
    this.#isStarted = true;
    this.#interval.start();
    this.request();
    await this.#current;
  }

  /** No round begins; resolves when the running one has ended. */
  async stop(reason: unknown): Promise<void> {
    this.#isStarted = false;
    this.#interval.stop();
    this.#retryTimer?.cancel();
    this.#stopping.abort(reason);
    await this.#current;
  }

  /** A round soon: now, or after the running one. */
  request(): void {
    if (!this.#isStarted) return;
    if (this.#current !== undefined) {
      this.#isWantedAgain = true;
      return;
    }
    this.#current = this.#rounds();
  }

  async #rounds(): Promise<void> {
    try {
      do {
        this.#isWantedAgain = false;
        await this.#round();
      } while (this.#isWantedAgain && this.#isStarted);
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.#options.environment.logger.error('a rebalance failed', { error });
      this.#retrySoon();
    } finally {
      this.#current = undefined;
    }
  }

  async #round(): Promise<void> {
    const { subscriptions, assignments, announce } = this.#options;
    const topics = subscriptions.topics.filter((topic) => this.#queuesOf(topic).length > 0);
    // A member that the brokers do not list becomes one again by its heartbeat.
    if (!topics.every((topic) => this.#members.canAsk(topic))) await announce();
    const lists = await this.#memberLists(topics);
    if (!this.#isStarted) return;
    const added: MessageQueue[] = [];
    let needsHeartbeat = false;
    let isBalanced = true;
    for (const topic of topics) {
      const consumerIds = lists.get(topic);
      if (consumerIds === undefined) isBalanced = false;
      else if (this.#applyTopic(topic, this.#queuesOf(topic), consumerIds, added)) needsHeartbeat = true;
    }
    if (needsHeartbeat || !isBalanced) await announce();
    if (!this.#isStarted) return;
    if (added.length > 0 && !(await assignments.take(added))) isBalanced = false;
    if (!isBalanced) this.#retrySoon();
  }

  #queuesOf(topic: string): readonly MessageQueue[] {
    return this.#options.instance.subscribeQueues(topic) ?? [];
  }

  /** All topics at once, so that a broker that hangs delays only its own. */
  async #memberLists(topics: readonly string[]): Promise<ReadonlyMap<string, readonly string[] | undefined>> {
    const asked: AskedBrokers = new Map();
    const lists = new Map<string, readonly string[] | undefined>();
    await Promise.all(topics.map(async (topic) => lists.set(topic, await this.#members.of(topic, asked))));
    return lists;
  }

  /** Drops what is not ours any more, and adds to `added` what is; true when the set changes. */
  #applyTopic(topic: string, queues: readonly MessageQueue[], consumerIds: readonly string[], added: MessageQueue[]): boolean {
    const { assignments, subscriptions, instance } = this.#options;
    const heldKeys = assignments.heldKeys(topic);
    const difference = assignmentDifference({ queues, consumerIds, ownId: instance.clientId, heldKeys });
    if (difference === undefined) return false;
    let isChanged = difference.added.length > 0;
    for (const key of difference.droppedKeys) if (assignments.drop(key)) isChanged = true;
    added.push(...difference.added);
    if (isChanged) subscriptions.raiseVersion(topic);
    return isChanged;
  }

  #retrySoon(): void {
    if (!this.#isStarted) return;
    this.#retryTimer?.cancel();
    this.#retryTimer = this.#options.environment.timers.setTimeout(() => this.request(), this.#options.tuning.unbalancedRetryMs);
  }
}
