import { type Environment, isMqError, RouteError, type Timer } from '@orbitmq/core/kernel';
import { type MessageQueue, SystemTopic, type TopicRouteData } from '@orbitmq/protocol';
import { inParallel } from './in-parallel.js';
import type { NameServerClient } from './name-server-client.js';
import { isRouteIncomplete, type RouteChange, type RouteTable, type TopicEntry } from './route-table.js';

export interface RouteServiceOptions {
  readonly environment: Environment;
  readonly nameServer: NameServerClient;
  readonly table: RouteTable;
  /** How often every known route is asked for again, milliseconds (Java: pollNameServerInterval). */
  readonly pollIntervalMs: number;
  readonly onChange: (change: RouteChange) => void;
}

/** Lookups at once: a client of a thousand topics must not flood the NameServer. */
const lookupsInParallelMax = 16;
/** First pause before a topic that a send has created is looked for again; doubles up to the poll interval. */
const createdTopicFirstPauseMs = 200;
/** A route that failed in use is not asked for more often than this. */
const refreshPauseMs = 1000;

/**
 * Keeps the routes fresh (Java: MQClientInstance.updateTopicRouteInfoFromNameServer). Every topic has at most one lookup
 * under way, which all who ask share.
 */
export class RouteService {
  readonly #options: RouteServiceOptions;
  #pollTimer: Timer | undefined;
  #createdTimer: Timer | undefined;
  #createdPauseMs = createdTopicFirstPauseMs;
  #isPolling = false;
  #isStopped = false;

  constructor(options: RouteServiceOptions) {
    this.#options = options;
  }

  /** Looks up every watched topic. Rejects when no NameServer answers; a topic that does not exist is no failure. */
  async start(): Promise<void> {
    const { environment, pollIntervalMs } = this.#options;
    // The template is asked for even when nobody has named a topic yet: it shows that the NameServers can be reached.
    const template = this.watch(SystemTopic.AUTO_CREATE_TOPIC_KEY);
    await this.#lookUp(template);
    const others = this.#options.table.entries().filter((entry) => entry !== template);
    await inParallel(others, lookupsInParallelMax, (entry) => this.#lookUp(entry));
    if (this.#isStopped) return;
    this.#pollTimer = environment.timers.setInterval(() => void this.#poll(), pollIntervalMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#pollTimer?.cancel();
    this.#createdTimer?.cancel();
  }

  watch(topic: string): TopicEntry {
    const entry = this.#options.table.ensure(topic);
    entry.isWatched = true;
    return entry;
  }

  async route(topic: string): Promise<TopicRouteData> {
    return this.#options.table.get(topic)?.route ?? this.refresh(topic);
  }

  async refresh(topic: string): Promise<TopicRouteData> {
    const entry = this.#options.table.ensure(topic);
    await this.#lookUp(entry);
    if (entry.route === undefined) throw notFound(topic, false);
    return entry.route;
  }

  /** After a send failed on the route we have: asks again, at most once a second per topic; nobody waits for it. */
  refreshInBackground(topic: string): void {
    const entry = this.#options.table.get(topic);
    if (entry !== undefined && this.#mayRefresh(entry)) void this.#lookUpQuietly(entry, true);
  }

  /**
   * A broker has stored a message. When its topic was made from the template and the route does not name the broker yet,
   * asks now, and again soon until it does.
   */
  messageStored(topic: string, brokerName: string): void {
    const entry = this.#options.table.get(topic);
    if (entry?.templateRoute === undefined || entry.expectedBrokers.has(brokerName)) return;
    entry.expectedBrokers.add(brokerName);
    if (!this.#isStopped && isRouteIncomplete(entry)) void this.#lookUpCreated(entry);
  }

  async #lookUpCreated(entry: TopicEntry): Promise<void> {
    await this.#lookUpQuietly(entry, true);
    if (!isRouteIncomplete(entry)) return;
    this.#createdPauseMs = createdTopicFirstPauseMs;
    this.#lookForCreatedLater();
  }

  #mayRefresh(entry: TopicEntry): boolean {
    const nowMs = this.#options.environment.clock.monotonic();
    if (this.#isStopped || nowMs - entry.refreshedAtMs < refreshPauseMs) return false;
    entry.refreshedAtMs = nowMs;
    return true;
  }

  async publishQueues(topic: string): Promise<readonly MessageQueue[]> {
    const entry = this.#options.table.ensure(topic);
    entry.isPublished = true;
    if (entry.publishQueues === undefined || entry.publishQueues.length === 0) await this.#lookUp(entry);
    if (entry.publishQueues === undefined) throw notFound(topic, true);
    if (entry.publishQueues.length === 0) throw noWritableQueue(topic);
    return entry.publishQueues;
  }

  #lookUp(entry: TopicEntry, keepTemplate = true): Promise<void> {
    entry.lookup ??= this.#askNameServer(entry, keepTemplate).finally(() => {
      entry.lookup = undefined;
    });
    return entry.lookup;
  }

  async #askNameServer(entry: TopicEntry, keepTemplate: boolean): Promise<void> {
    const { nameServer, table, onChange } = this.#options;
    const route = await nameServer.routeOf(entry.topic);
    if (route !== undefined) {
      onChange(table.applyRoute(entry, route, keepTemplate));
    } else if (entry.isPublished && entry.route === undefined) {
      const template = await nameServer.routeOf(SystemTopic.AUTO_CREATE_TOPIC_KEY);
      if (template !== undefined) onChange(table.applyTemplate(entry, template));
    }
  }

  async #lookUpQuietly(entry: TopicEntry, keepTemplate: boolean): Promise<void> {
    try {
      await this.#lookUp(entry, keepTemplate);
    } catch (error) {
      if (!isMqError(error)) throw error;
      this.#options.environment.logger.warn('route lookup failed', { topic: entry.topic, error });
    }
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      await inParallel(this.#options.table.entries(), lookupsInParallelMax, (entry) => this.#lookUpQuietly(entry, false));
    } finally {
      this.#isPolling = false;
    }
  }

  #unseen(): TopicEntry[] {
    return this.#options.table.entries().filter(isRouteIncomplete);
  }

  #lookForCreatedLater(): void {
    this.#createdTimer?.cancel();
    this.#createdTimer = undefined;
    if (this.#isStopped || this.#createdPauseMs >= this.#options.pollIntervalMs || this.#unseen().length === 0) return;
    this.#createdTimer = this.#options.environment.timers.setTimeout(() => void this.#lookForCreated(), this.#createdPauseMs);
  }

  async #lookForCreated(): Promise<void> {
    this.#createdTimer = undefined;
    this.#createdPauseMs *= 2;
    await inParallel(this.#unseen(), lookupsInParallelMax, (entry) => this.#lookUpQuietly(entry, true));
    this.#lookForCreatedLater();
  }
}

function notFound(topic: string, isSend: boolean): RouteError {
  const template = isSend ? ', and no broker that would create it (autoCreateTopicEnable) is registered' : '';
  return new RouteError('ROUTE_NOT_FOUND', `no broker has the topic "${topic}"${template}; create it first, or check its name`, {
    retryable: true,
    details: { topic },
  });
}

function noWritableQueue(topic: string): RouteError {
  return new RouteError(
    'NO_WRITABLE_QUEUE',
    `the topic "${topic}" has no queue to send to: its brokers have no master now, or the topic is read-only`,
    { retryable: true, details: { topic } },
  );
}
