/**
 * Finds topics that do not exist yet. The instance looks every route up every 30 s; a topic that its first message creates,
 * and the group's retry topic, which brokers create at the first heartbeat and announce a moment later, are wanted sooner
 * (page 00 §7): this looks again after 0.1 s, 0.2 s … 3 s.
 */
import { type Environment, isMqError, type Timer } from '@orbitmq/core/kernel';
import type { ConsumerClient } from './consumer-client.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import { runBounded } from './run-bounded.js';

/** Looks at the retry topic also when it has a route: each broker announces its part in its own time. */
const retryTopicLooks = 6;
const lookUpsInFlightMax = 16;

export interface RouteWatchOptions {
  readonly environment: Environment;
  readonly instance: Pick<ConsumerClient, 'route' | 'refreshRoute' | 'watchTopic' | 'subscribeQueues'>;
  readonly topics: readonly string[];
  readonly retryTopic: string;
  readonly tuning: ConsumerTuning;
  readonly onFound: () => void;
}

export class RouteWatch {
  readonly #options: RouteWatchOptions;
  #timer: Timer | undefined;
  #isStopped = false;
  #looksLeft = retryTopicLooks;

  constructor(options: RouteWatchOptions) {
    this.#options = options;
  }

  /** One look at each topic; a topic without a route is no error. */
  async lookAtAll(): Promise<void> {
    const { instance, topics } = this.#options;
    for (const topic of topics) instance.watchTopic(topic);
    await runBounded(topics, lookUpsInFlightMax, (topic) => this.#tryRoute(() => instance.route(topic), topic));
  }

  /** Looks at the retry topic at once, and goes on until every topic has a route. */
  async start(): Promise<void> {
    await this.#look();
    this.#arm(this.#options.tuning.routeRetryFirstMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #isMissing(topic: string): boolean {
    const queues = this.#options.instance.subscribeQueues(topic);
    return queues === undefined || queues.length === 0;
  }

  #wanted(): readonly string[] {
    const { topics, retryTopic } = this.#options;
    return topics.filter((topic) => this.#isMissing(topic) || (topic === retryTopic && this.#looksLeft > 0));
  }

  #arm(delayMs: number): void {
    if (this.#isStopped || this.#wanted().length === 0) return;
    this.#timer = this.#options.environment.timers.setTimeout(() => {
      void this.#look().then(() => this.#arm(Math.min(delayMs * 2, this.#options.tuning.routeRetryMaxMs)));
    }, delayMs);
  }

  async #look(): Promise<void> {
    const { instance, onFound } = this.#options;
    const before = this.#queueCount();
    await runBounded(this.#wanted(), lookUpsInFlightMax, (topic) => this.#tryRoute(() => instance.refreshRoute(topic), topic));
    this.#looksLeft -= 1;
    if (!this.#isStopped && this.#queueCount() !== before) onFound();
  }

  #queueCount(): number {
    let count = 0;
    for (const topic of this.#options.topics) count += this.#options.instance.subscribeQueues(topic)?.length ?? 0;
    return count;
  }

  async #tryRoute(look: () => Promise<unknown>, topic: string): Promise<void> {
    try {
      await look();
    } catch (error) {
      const code = isMqError(error) ? error.code : undefined;
      this.#options.environment.logger.debug('the topic has no route yet', { topic, code });
    }
  }
}
