import { ConfigError } from '@orbitmq/core/kernel';
import type { MessageQueue, TopicRouteData } from '@orbitmq/protocol';
import { BrokerAddresses } from './broker-addresses.js';
import { isSameRoute } from './route-equality.js';
import { publishQueuesOf, routeFromTemplate, subscribeQueuesOf } from './route-queues.js';

/** What is known of one topic. */
export interface TopicEntry {
  readonly topic: string;
  /** A producer or consumer of the application named it: never forgotten. */
  isWatched: boolean;
  /** A producer sends to it, so it may be created from the template topic. */
  isPublished: boolean;
  /** Brokers that have stored a message of a topic made from the template: the route is to be expected to name them. */
  readonly expectedBrokers: Set<string>;
  /** The topic's own route; kept when the topic vanishes (page 02 §7). */
  route: TopicRouteData | undefined;
  /** Made from the template topic while the topic does not exist. */
  templateRoute: TopicRouteData | undefined;
  publishQueues: readonly MessageQueue[] | undefined;
  subscribeQueues: readonly MessageQueue[] | undefined;
  /** The lookup under way, shared by all who wait. */
  lookup: Promise<void> | undefined;
  /** Monotonic milliseconds of the last lookup that nobody waited for. */
  refreshedAtMs: number;
}

export interface RouteChange {
  readonly changed: boolean;
  /** A broker address that was not known before: it has to be told who we are. */
  readonly newAddress: boolean;
}

/**
 * The routes of one client and what follows from them (Java: MQClientInstance.topicRouteTable). Does no I/O. It holds at
 * most `topicsMax` topics: past it, the oldest that nobody watches is forgotten and looked up again when it is used again.
 */
export class RouteTable {
  readonly addresses = new BrokerAddresses();
  readonly #entries = new Map<string, TopicEntry>();
  readonly #topicsMax: number;
  readonly #templateQueueNums: number;

  constructor(options: { readonly topicsMax: number; readonly templateQueueNums: number }) {
    this.#topicsMax = options.topicsMax;
    this.#templateQueueNums = options.templateQueueNums;
  }

  get(topic: string): TopicEntry | undefined {
    return this.#entries.get(topic);
  }

  entries(): TopicEntry[] {
    return [...this.#entries.values()];
  }

  ensure(topic: string): TopicEntry {
    const known = this.#entries.get(topic);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#topicsMax) this.#forgetOne();
    const entry: TopicEntry = {
      topic,
      isWatched: false,
      isPublished: false,
      expectedBrokers: new Set(),
      route: undefined,
      templateRoute: undefined,
      publishQueues: undefined,
      subscribeQueues: undefined,
      lookup: undefined,
      refreshedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#entries.set(topic, entry);
    return entry;
  }

  /**
   * The NameServer's answer for a topic that exists. A topic made from the template is first on the broker that got the
   * first message only; with `keepTemplate` sends go on to the template's other brokers, which get the topic that way.
   */
  applyRoute(entry: TopicEntry, route: TopicRouteData, keepTemplate: boolean): RouteChange {
    const newAddress = this.addresses.apply(route);
    const isTemplateOver = entry.templateRoute !== undefined && !keepTemplate;
    const isSame = entry.route !== undefined && isSameRoute(entry.route, route);
    if (isSame && !isTemplateOver) return { changed: false, newAddress };
    if (isTemplateOver) entry.templateRoute = undefined;
    const publishRoute = entry.templateRoute === undefined ? route : withOtherBrokers(route, entry.templateRoute);
    entry.publishQueues = publishQueuesOf(entry.topic, publishRoute);
    if (!isSame) {
      entry.route = route;
      entry.subscribeQueues = subscribeQueuesOf(entry.topic, route);
    }
    this.#dropStaleAddresses();
    return { changed: !isSame, newAddress };
  }

  /** The template's route, for a topic that does not exist yet. */
  applyTemplate(entry: TopicEntry, template: TopicRouteData): RouteChange {
    const newAddress = this.addresses.apply(template);
    const route = routeFromTemplate(template, this.#templateQueueNums);
    if (entry.templateRoute !== undefined && isSameRoute(entry.templateRoute, route)) return { changed: false, newAddress };
    entry.templateRoute = route;
    entry.publishQueues = publishQueuesOf(entry.topic, route);
    this.#dropStaleAddresses();
    return { changed: true, newAddress };
  }

  #dropStaleAddresses(): void {
    const routes: TopicRouteData[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.route !== undefined) routes.push(entry.route);
      if (entry.templateRoute !== undefined) routes.push(entry.templateRoute);
    }
    this.addresses.retain(routes);
  }

  #forgetOne(): void {
    for (const entry of this.#entries.values()) {
      if (entry.isWatched || entry.lookup !== undefined) continue;
      this.#entries.delete(entry.topic);
      return;
    }
    throw new ConfigError('CONFIG_INVALID', `more than topicsMax = ${this.#topicsMax} topics are in use by one client`, {
      details: { topicsMax: this.#topicsMax },
    });
  }
}

function withOtherBrokers(route: TopicRouteData, template: TopicRouteData): TopicRouteData {
  const isOther = ({ brokerName }: { readonly brokerName: string }): boolean =>
    !route.brokerDatas.some((broker) => broker.brokerName === brokerName);
  return {
    ...route,
    brokerDatas: [...route.brokerDatas, ...template.brokerDatas.filter(isOther)],
    queueDatas: [...route.queueDatas, ...template.queueDatas.filter(isOther)],
  };
}

/** Whether brokers that are known to have the topic are missing in its route. */
export function isRouteIncomplete(entry: TopicEntry): boolean {
  const { route, expectedBrokers } = entry;
  for (const name of expectedBrokers) if (route?.brokerDatas.some((broker) => broker.brokerName === name) !== true) return true;
  return false;
}
