import { parseTagExpression } from '../tag-filter.js';
import type { TransportFeatures } from '../transport/features.js';
import type { Component } from './component.js';

/** What the wiring asks for and the transport does not have, as sentences. The wiring itself has been found right. */
export function featureProblems(
  components: readonly Component[],
  transport: { readonly name: string; readonly features: TransportFeatures },
): string[] {
  const { name: transportName, features } = transport;
  const problems: string[] = [];
  const need = (component: Component, isThere: boolean, what: string): void => {
    if (!isThere) problems.push(`${component.name} needs ${what}, which the transport '${transportName}' does not have`);
  };
  for (const component of components) {
    if (component.kind === 'transaction') need(component, features.transactions, 'transactions');
    if (component.kind !== 'consumer') continue;
    const { orderly, maxReconsumeTimes, retryDelay } = component.options;
    if (orderly === true) need(component, features.orderly, 'orderly consumption');
    if ((maxReconsumeTimes ?? -1) > 0) need(component, features.retry, 'retries (maxReconsumeTimes)');
    if (retryDelay !== undefined) need(component, features.delayLevels, 'delay levels (retryDelay)');
    if (component.routes.some((route) => isTagged(route.tags))) need(component, features.tagFilter, 'a tag filter');
  }
  return problems;
}

/** A broken expression is somebody else's sentence. */
function isTagged(tags: string | undefined): boolean {
  try {
    return parseTagExpression(tags).kind === 'tags';
  } catch {
    return false;
  }
}
