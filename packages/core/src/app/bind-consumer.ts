import type { ConsumeContext } from '../consumer/consume-context.js';
import { Dispatcher, type HandlerRoute } from '../consumer/dispatcher.js';
import { Router } from '../consumer/router.js';
import { invariant } from '../kernel/invariant.js';
import type { Logger } from '../kernel/logger.js';
import { delayLevelOf } from '../message/delay.js';
import type { ConsumeStep, Middleware } from '../middleware/middleware.js';
import { parseTagExpression } from '../tag-filter.js';
import type { Transport } from '../transport/transport.js';
import type { ConsumerComponent, RouteRecord } from '../wiring/component.js';
import { consumerNumbers } from '../wiring/consumer-options.js';
import { withDefaults } from '../wiring/numbers.js';
import { methodOf, type Resolved } from './resolve-components.js';

/** Makes one consumer group of the transport and leads its messages to the object's methods. */
export function bindConsumer(
  component: Resolved<ConsumerComponent>,
  context: { readonly transport: Transport; readonly logger: Logger; readonly middleware: readonly Middleware[] },
): void {
  const { options, routes, instance } = component;
  const { group, orderly = false, batch, consumeFrom = 'last', retryDelay } = options;
  const isBatch = batch !== undefined;
  const router = new Router(routes.map((route) => handlerRoute(route, instance, isBatch)));
  const dispatcher = new Dispatcher({
    router,
    middleware: context.middleware,
    isOrderly: orderly,
    isBatch,
    retryLevel: retryDelay === undefined ? 0 : delayLevelOf(retryDelay),
    logger: context.logger.child({ group }),
  });
  context.transport.createConsumer(
    {
      ...withDefaults(consumerNumbers, options),
      group,
      subscriptions: router.subscriptions,
      orderly,
      consumeFrom,
      batchSizeMax: batch?.size ?? 1,
      batchWaitMs: batch?.waitMs ?? 0,
    },
    dispatcher.deliver,
  );
}

function handlerRoute(route: RouteRecord, instance: object, isBatch: boolean): HandlerRoute {
  const method = methodOf(instance, route.method);
  invariant(method !== undefined, `the method ${String(route.method)} was found when the component was made`);
  const call = method as (messages: unknown, context: ConsumeContext) => Promise<void>;
  const handle: ConsumeStep = isBatch
    ? ({ messages, context }) => call(messages, context)
    : ({ messages, context }) => call(messages[0], context);
  return { topic: route.topic, filter: parseTagExpression(route.tags), handle };
}
