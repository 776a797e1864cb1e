import { isTagIn, type TagFilter, unionOf } from '../tag-filter.js';
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { Subscription } from '../transport/messages.js';

/** A topic, some of its tags, and where they go. */
export interface Route {
  readonly topic: AnyTopicDefinition;
  readonly filter: TagFilter;
}

/** The routes of one consumer: by topic, then the one that names the tag, then the one that takes everything. */
export class Router<R extends Route> {
  readonly #byTopic = new Map<string, R[]>();

  constructor(routes: readonly R[]) {
    for (const route of routes) {
      const siblings = this.#byTopic.get(route.topic.name);
      if (siblings === undefined) this.#byTopic.set(route.topic.name, [route]);
      else siblings.push(route);
    }
    for (const siblings of this.#byTopic.values()) siblings.sort((a, b) => rank(a.filter) - rank(b.filter));
  }

  /** Undefined: nobody takes it. That happens to retries of a subscription that has since been given up. */
  find(topic: string, tag: string | undefined): R | undefined {
    return this.#byTopic.get(topic)?.find((route) => isTagIn(route.filter, tag));
  }

  /** What the group subscribes to: per topic, all that any route takes. */
  get subscriptions(): readonly Subscription[] {
    return [...this.#byTopic].map(([topic, routes]) => ({ topic, filter: unionOf(routes.map((route) => route.filter)) }));
  }
}

/** Whether a message could go to either, with neither the more specific one. */
export function isAmbiguous(a: Route, b: Route): boolean {
  if (a.topic.name !== b.topic.name || a.filter.kind !== b.filter.kind) return false;
  if (a.filter.kind === 'all' || b.filter.kind === 'all') return true;
  const { tags } = b.filter;
  return a.filter.tags.some((tag) => tags.includes(tag));
}

function rank(filter: TagFilter): number {
  return filter.kind === 'tags' ? 0 : 1;
}
