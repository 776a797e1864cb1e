/** What operators see and change of a push consumer (Java: DefaultMQPushConsumerImpl.consumerRunningInfo, resetOffset; page 32 §3). */
import type { ConsumerDefinition } from '@orbitmq/core';
import type { Clock } from '@orbitmq/core/kernel';
import {
  type ConsumeDirectlyResult,
  type ConsumerRunningInfo,
  type MessageQueue,
  ownVersionName,
  type ProcessQueueInfo,
  type QueueOffsets,
  type SubscriptionData,
} from '@orbitmq/protocol';
import type { ConsumerOperations } from '../client/consumer-operations.js';
import type { AssignedQueue } from './assigned-queue.js';
import type { ConsumptionStats } from './consumption-stats.js';
import type { DirectConsumption } from './direct-consumption.js';
import { queueKey } from './queue-key.js';

const bytesPerMiB = 1024 * 1024;

export interface PushOperationsOptions {
  readonly clock: Clock;
  readonly definition: Pick<ConsumerDefinition, 'orderly' | 'concurrency'>;
  readonly subscriptions: { readonly all: readonly SubscriptionData[] };
  readonly assignments: {
    all(): Iterable<AssignedQueue>;
    offsetMoved(queue: AssignedQueue, offset: number): void;
  };
  readonly stats: Pick<ConsumptionStats, 'status'>;
  readonly direct: DirectConsumption;
}

export class PushOperations implements ConsumerOperations {
  readonly #options: PushOperationsOptions;
  readonly #startedAt: number;

  constructor(options: PushOperationsOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  resetOffsets(topic: string, offsets: QueueOffsets): void {
    const wanted = new Map(offsets.map(([queue, offset]) => [queueKey(queue), offset]));
    for (const queue of this.#options.assignments.all()) {
      const offset = wanted.get(queue.key);
      if (queue.queue.topic !== topic || offset === undefined || offset < 0) continue;
      this.#options.assignments.offsetMoved(queue, offset);
    }
  }

  consumedOffsets(topic: string): QueueOffsets {
    return this.#active()
      .filter((queue) => queue.queue.topic === topic)
      .map((queue) => [queue.queue, queue.processQueue.consumedOffset] as const);
  }

  runningInfo(): ConsumerRunningInfo {
    const { clock, definition, stats, subscriptions } = this.#options;
    const nowMs = clock.monotonic();
    return {
      properties: {
        PROP_CLIENT_VERSION: ownVersionName,
        PROP_CONSUME_TYPE: 'CONSUME_PASSIVELY',
        PROP_CONSUMEORDERLY: String(definition.orderly),
        PROP_CONSUMER_START_TIMESTAMP: String(this.#startedAt),
        PROP_THREADPOOL_CORE_SIZE: String(definition.concurrency),
      },
      subscriptions: subscriptions.all,
      statuses: new Map(subscriptions.all.map(({ topic }) => [topic, stats.status(topic, nowMs)])),
      queues: this.#active().map((queue): readonly [MessageQueue, ProcessQueueInfo] => [queue.queue, this.#infoOf(queue)]),
    };
  }

  consumeDirectly(record: Buffer, brokerName: string): Promise<ConsumeDirectlyResult> | undefined {
    return this.#options.direct.consume(record, brokerName);
  }

  #active(): AssignedQueue[] {
    return [...this.#options.assignments.all()].filter((queue) => queue.state === 'active');
  }

  #infoOf(queue: AssignedQueue): ProcessQueueInfo {
    const { definition } = this.#options;
    const { consumedOffset, nextOffset, sizeBytes, unfinishedCount } = queue.processQueue;
    const isCaching = unfinishedCount > 0;
    return {
      commitOffset: consumedOffset,
      cachedMsgCount: unfinishedCount,
      cachedMsgMinOffset: isCaching ? consumedOffset : 0,
      cachedMsgMaxOffset: isCaching ? nextOffset - 1 : 0,
      cachedMsgSizeInMiB: Math.floor(sizeBytes / bytesPerMiB),
      isLocked: definition.orderly && !queue.isLockLost,
      isDropped: queue.processQueue.isDropped,
      lastLockTimestamp: this.#wallTime(definition.orderly ? queue.lockedAtMs : undefined),
      lastPullTimestamp: this.#wallTime(queue.pulledAtMs),
      lastConsumeTimestamp: this.#wallTime(queue.consumedAtMs),
    };
  }

  /** 0 for what did not happen. */
  #wallTime(monotonicMs: number | undefined): number {
    const { clock } = this.#options;
    return monotonicMs === undefined ? 0 : Math.round(clock.now() - (clock.monotonic() - monotonicMs));
  }
}
