/**
 * Builds the parts of a push consumer and joins them by hand: what happens to messages (`wireDelivery`), which queues they
 * come from (`wireConsumer`). Starts nothing.
 */
import type { ConsumerDefinition, Deliver } from '@orbitmq/core';
import type { Environment } from '@orbitmq/core/kernel';
import { retryTopic } from '@orbitmq/protocol';
import type { AssignedQueue } from './assigned-queue.js';
import { ConcurrentMode } from './concurrent-mode.js';
import type { ConsumerClient } from './consumer-client.js';
import { ConsumerRequests } from './consumer-requests.js';
import { type ConsumerTuning, defaultConsumerTuning } from './consumer-tuning.js';
import { ConsumptionStats } from './consumption-stats.js';
import { DeliveryScheduler } from './delivery-scheduler.js';
import { OffsetCommits } from './offset-commits.js';
import { OrderlyMode } from './orderly-mode.js';
import type { ProcessQueueLimits } from './process-queue.js';
import { PullLoop } from './pull-loop.js';
import { QueueAssignments } from './queue-assignments.js';
import { QueueLocks } from './queue-locks.js';
import { Rebalancer } from './rebalancer.js';
import { reconsumeLimit } from './reconsume-limit.js';
import { RetryDelivery } from './retry-delivery.js';
import { RouteWatch } from './route-watch.js';
import { SubscriptionTable } from './subscription-table.js';

export interface ConsumerPartsOptions {
  readonly instance: ConsumerClient;
  readonly definition: ConsumerDefinition;
  readonly deliver: Deliver;
  /** Deviations from `defaultConsumerTuning`. */
  readonly tuning?: Partial<ConsumerTuning> | undefined;
}

/** What all parts share. */
interface Common {
  readonly environment: Environment;
  readonly instance: ConsumerClient;
  readonly group: string;
  readonly tuning: ConsumerTuning;
  readonly requests: ConsumerRequests;
}

interface DeliveryParts {
  readonly mode: ConcurrentMode | OrderlyMode;
  readonly scheduler: DeliveryScheduler;
  /** Orderly consumption only. */
  readonly locks: QueueLocks | undefined;
}

export interface ConsumerParts extends DeliveryParts {
  readonly environment: Environment;
  readonly tuning: ConsumerTuning;
  readonly stats: ConsumptionStats;
  readonly subscriptions: SubscriptionTable;
  readonly offsets: OffsetCommits;
  readonly assignments: QueueAssignments;
  readonly rebalancer: Rebalancer;
  readonly routes: RouteWatch;
}

/** `announce`: heartbeats all brokers with the current subscriptions. Throws a `ConfigError` for subscriptions that contradict each other. */
export function wireConsumer(options: ConsumerPartsOptions, announce: () => Promise<void>): ConsumerParts {
  const { instance, definition } = options;
  const { group } = definition;
  const { clock, timers, random, logger } = instance.environment;
  const environment: Environment = { clock, timers, random, logger: logger.child({ group }) };
  const tuning = { ...defaultConsumerTuning, ...options.tuning };
  const requests = new ConsumerRequests(instance, group, tuning);
  const common: Common = { environment, instance, group, tuning, requests };
  const subscriptions = new SubscriptionTable(definition, clock);
  const stats = new ConsumptionStats(clock.monotonic());
  const delivery = wireDelivery(common, options, {
    held: () => assignments.all(),
    onLockLost: (queue) => assignments.lockLost(queue),
  });
  const { scheduler, locks } = delivery;
  const offsets = new OffsetCommits({ ...common, queues: () => assignments.all() });
  const pulls = new PullLoop({
    ...common,
    subscriptions,
    stats,
    pullBatchSize: definition.pullBatchSize,
    onMessages: (queue) => scheduler.wake(queue),
    onOffsetMoved: (queue, offset) => assignments.offsetMoved(queue, offset),
    onSubscriptionUnknown: () => void announce(),
  });
  const assignments: QueueAssignments = new QueueAssignments({
    ...common,
    definition,
    scheduler,
    offsets,
    locks,
    limits: processQueueLimits(definition),
    stats,
    pull: (queue) => pulls.run(queue),
    onReleased: () => rebalancer.request(),
  });
  const rebalancer: Rebalancer = new Rebalancer({ ...common, subscriptions, assignments, announce });
  const routes = new RouteWatch({
    ...common,
    topics: subscriptions.topics,
    retryTopic: retryTopic(group),
    onFound: () => rebalancer.request(),
  });
  return { ...delivery, environment, tuning, stats, subscriptions, offsets, assignments, rebalancer, routes };
}

function wireDelivery(
  common: Common,
  options: ConsumerPartsOptions,
  queues: { readonly held: () => Iterable<AssignedQueue>; readonly onLockLost: (queue: AssignedQueue) => void },
): DeliveryParts {
  const { environment, group, tuning } = common;
  const { definition, deliver } = options;
  const limit = reconsumeLimit(definition);
  const retries = new RetryDelivery({ ...common, reconsumeLimit: limit });
  let mode: ConcurrentMode | OrderlyMode;
  let locks: QueueLocks | undefined;
  if (definition.orderly) {
    locks = new QueueLocks({ ...common, held: queues.held, onLost: queues.onLockLost });
    const suspendMs = Math.min(Math.max(definition.suspendCurrentQueueTimeMs, tuning.suspendMinMs), tuning.suspendMaxMs);
    mode = new OrderlyMode({ environment, retries, locks, reconsumeLimit: limit, suspendMs });
  } else {
    mode = new ConcurrentMode({ environment, retries, consumeTimeoutMs: definition.consumeTimeoutMs, tuning });
  }
  const { concurrency, batchSizeMax, batchWaitMs } = definition;
  const { deliveriesPerTurnMax } = tuning;
  const bounds = { concurrency, batchSizeMax, batchWaitMs, deliveriesPerTurnMax };
  return { mode, locks, scheduler: new DeliveryScheduler({ environment, group, deliver, mode, ...bounds }) };
}

const bytesPerMiB = 1024 * 1024;

function processQueueLimits(definition: ConsumerDefinition): ProcessQueueLimits {
  return {
    countMax: definition.pullThresholdForQueue,
    sizeBytesMax: definition.pullThresholdSizeMiBForQueue * bytesPerMiB,
    spanMax: definition.orderly ? Number.POSITIVE_INFINITY : definition.consumeConcurrentlyMaxSpan,
  };
}
