/**
 * Brings the assignment up to date (Java: RebalanceService and RebalanceImpl; page 05 §3): every 20 s, at start, when the
 * broker tells of a change, when a route changes. One round at a time; requests during a round are one more round. A round
 * that changed the set of queues raises the version of the topic's subscription and heartbeats before the first pull, so
 * that no pull meets a broker that knows an older one.
 */
import { setMaxListeners } from 'node:events';
import { type Environment, InvariantError, isMqError, type Timer } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import { assignmentDifference } from './assignment-difference.js';
import type { ConsumerClient } from './consumer-client.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
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
  readonly instance: Pick<ConsumerClient, 'clientId' | 'subscribeQueues' | 'anyBrokerOf'>;
  readonly requests: Pick<ConsumerRequests, 'consumerIds'>;
  readonly subscriptions: SubscriptionTable;
  readonly assignments: Assignments;
  /** Heartbeats all brokers; resolves when they know the subscriptions. Never rejects. */
  readonly announce: () => Promise<void>;
  readonly tuning: ConsumerTuning;
}

type MemberLists = Map<string, Promise<readonly string[] | undefined>>;

export class Rebalancer {
  readonly #options: RebalancerOptions;
  readonly #interval: PeriodicTask;
  readonly #stopping = new AbortController();
  #retryTimer: Timer | undefined;
  #current: Promise<void> | undefined;
  #isWantedAgain = false;
  #isStarted = false;

  constructor(options: RebalancerOptions) {
    this.#options = options;
    // Every question to a broker listens to it, and Node would take more than ten for a leak.
    setMaxListeners(0, this.#stopping.signal);
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
    const members: MemberLists = new Map();
    const added: MessageQueue[] = [];
    let needsHeartbeat = false;
    let isBalanced = true;
    for (const topic of subscriptions.topics) {
      const queues = this.#options.instance.subscribeQueues(topic);
      if (queues === undefined || queues.length === 0) continue;
      const consumerIds = await this.#members(topic, members);
      if (!this.#isStarted) return;
      const isMember = consumerIds?.includes(this.#options.instance.clientId) ?? false;
      if (!isMember) isBalanced = false;
      // A member that the brokers do not list becomes one again by its heartbeat.
      if (consumerIds !== undefined && !isMember) needsHeartbeat = this.#warnNoMember(topic);
      if (this.#applyTopic(topic, queues, consumerIds, added)) needsHeartbeat = true;
    }
    if (needsHeartbeat) await announce();
    if (!this.#isStarted) return;
    if (added.length > 0 && !(await assignments.take(added))) isBalanced = false;
    if (!isBalanced) this.#retrySoon();
  }

  /** Drops what is not ours any more, and adds to `added` what is; true when the set changes. */
  #applyTopic(
    topic: string,
    queues: readonly MessageQueue[],
    consumerIds: readonly string[] | undefined,
    added: MessageQueue[],
  ): boolean {
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

  #warnNoMember(topic: string): true {
    const { environment, instance } = this.#options;
    environment.logger.warn('this client is not in the member list of its group', { topic, clientId: instance.clientId });
    return true;
  }

  /** The group's members as one broker of the topic sees them; asked once per broker and round. */
  #members(topic: string, members: MemberLists): Promise<readonly string[] | undefined> {
    const address = this.#options.instance.anyBrokerOf(topic);
    if (address === undefined) return Promise.resolve(undefined);
    const known = members.get(address);
    if (known !== undefined) return known;
    const asked = this.#ask(address);
    members.set(address, asked);
    return asked;
  }

  async #ask(address: string): Promise<readonly string[] | undefined> {
    try {
      return await this.#options.requests.consumerIds(address, this.#stopping.signal);
    } catch (error) {
      const code = isMqError(error) ? error.code : undefined;
      if (this.#isStarted) this.#options.environment.logger.warn('asking for the members failed', { address, code, error });
      return undefined;
    }
  }

  #retrySoon(): void {
    if (!this.#isStarted) return;
    this.#retryTimer?.cancel();
    this.#retryTimer = this.#options.environment.timers.setTimeout(() => this.request(), this.#options.tuning.unbalancedRetryMs);
  }
}
