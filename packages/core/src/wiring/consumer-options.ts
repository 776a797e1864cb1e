import type { Delay } from '../message/delay.js';
import type { ConsumeFrom } from '../transport/transport.js';

/** Options of a consumer group; names, meanings and defaults of rocketmq-spring and DefaultMQPushConsumer. */
export interface ConsumerSettings {
  /** One handler at a time per queue, in order; a failing message blocks its queue. Default: false. */
  readonly orderly?: boolean | undefined;
  /** Gives the handler up to `size` messages of one queue at once, waiting up to `waitMs` (default 0) for them. */
  readonly batch?: { readonly size: number; readonly waitMs?: number | undefined } | undefined;
  /** Where a group without stored offsets begins: `first`, `last`, or `{ timestamp }` in ms since the epoch. Default: `last` (RocketMQ: ConsumeFromWhere). */
  readonly consumeFrom?: ConsumeFrom | undefined;
  /** Handlers running at once in this process (RocketMQ: consumeThreadMax). Default: 20. */
  readonly concurrency?: number | undefined;
  /** Retries before `%DLQ%group`. Default: -1, which is 16 when concurrent and without end when orderly. */
  readonly maxReconsumeTimes?: number | undefined;
  /** Pause before a retry the handler said nothing about. Default: the broker's rule, 10 s, 30 s, 1 m, … Concurrent only. */
  readonly retryDelay?: Delay | undefined;
  /** Messages per pull. Default: 32. */
  readonly pullBatchSize?: number | undefined;
  /** Cached messages per queue above which pulling pauses. Default: 1000. */
  readonly pullThresholdForQueue?: number | undefined;
  /** Cached MiB per queue above which pulling pauses. Default: 100. */
  readonly pullThresholdSizeMiBForQueue?: number | undefined;
  /** Offset distance inside one queue above which pulling pauses; concurrent only. Default: 2000. */
  readonly consumeConcurrentlyMaxSpan?: number | undefined;
  /** A concurrent message in a handler for longer is sent back for a retry, milliseconds. Default: 900000, 15 minutes (RocketMQ: consumeTimeout, in minutes). */
  readonly consumeTimeoutMs?: number | undefined;
  /** Pause of a queue whose orderly handler failed, milliseconds. Default: 1000. */
  readonly suspendCurrentQueueTimeMs?: number | undefined;
}

export interface ConsumerOptions extends ConsumerSettings {
  /** Consumer group: its processes share the messages. Letters, digits, `_ - % |`, at most 120 (RocketMQ: consumerGroup). */
  readonly group: string;
}

const names: Readonly<Record<keyof ConsumerOptions, true>> = {
  group: true,
  orderly: true,
  batch: true,
  consumeFrom: true,
  concurrency: true,
  maxReconsumeTimes: true,
  retryDelay: true,
  pullBatchSize: true,
  pullThresholdForQueue: true,
  pullThresholdSizeMiBForQueue: true,
  consumeConcurrentlyMaxSpan: true,
  consumeTimeoutMs: true,
  suspendCurrentQueueTimeMs: true,
};
/** What `@Consumer` and `consume()` take beside the topic and tags. */
export const consumerOptionNames: readonly string[] = Object.keys(names);

/** Every number with its default and its bounds (RocketMQ: DefaultMQPushConsumerImpl.checkConfig). */
export const consumerNumbers = {
  concurrency: { byDefault: 20, min: 1, max: 1000 },
  maxReconsumeTimes: { byDefault: -1, min: -1, max: 2 ** 31 - 1 },
  pullBatchSize: { byDefault: 32, min: 1, max: 1024 },
  pullThresholdForQueue: { byDefault: 1000, min: 1, max: 65_535 },
  pullThresholdSizeMiBForQueue: { byDefault: 100, min: 1, max: 1024 },
  consumeConcurrentlyMaxSpan: { byDefault: 2000, min: 1, max: 65_535 },
  consumeTimeoutMs: { byDefault: 900_000, min: 1000, max: 2 ** 53 - 1 },
  suspendCurrentQueueTimeMs: { byDefault: 1000, min: 10, max: 30_000 },
} as const;

/** Of the option `batch` (RocketMQ: consumeMessageBatchMaxSize). */
export const batchNumbers = {
  size: { byDefault: 1, min: 1, max: 1024 },
  waitMs: { byDefault: 0, min: 0, max: 60_000 },
} as const;
