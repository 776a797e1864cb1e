/** Options of a producer; names, meanings and defaults of rocketmq-spring and DefaultMQProducer. */
export interface ProducerSettings {
  /** Declares that `sendInTransaction` is used: start fails when there is no transaction listener. Default: false. */
  readonly transactional?: boolean | undefined;
  /** Budget of a send, all attempts together, milliseconds. Default: 3000 (RocketMQ: sendMsgTimeout). */
  readonly sendTimeoutMs?: number | undefined;
  /** Attempts after the first one; none with `shardingKey` or `selectQueue`. Default: 2. */
  readonly retryTimesWhenSendFailed?: number | undefined;
  /** Bodies of at least this many bytes are compressed. Default: 4096. */
  readonly compressBodyOverBytes?: number | undefined;
  /** Largest body, bytes. Default: 4194304, 4 MiB (RocketMQ: maxMessageSize); brokers have a limit of their own. */
  readonly maxMessageSizeBytes?: number | undefined;
}

export interface ProducerOptions extends ProducerSettings {
  /** Producer group: its processes answer each other's transaction checks. Letters, digits, `_ - % |`, at most 120 (RocketMQ: producerGroup). */
  readonly group: string;
}

const names: Readonly<Record<keyof ProducerOptions, true>> = {
  group: true,
  transactional: true,
  sendTimeoutMs: true,
  retryTimesWhenSendFailed: true,
  compressBodyOverBytes: true,
  maxMessageSizeBytes: true,
};
/** What `@Producer` and `producer()` take beside the topic. */
export const producerOptionNames: readonly string[] = Object.keys(names);

/** Every number with its default and its bounds. */
export const producerNumbers = {
  sendTimeoutMs: { byDefault: 3000, min: 1, max: 2 ** 31 - 1 },
  retryTimesWhenSendFailed: { byDefault: 2, min: 0, max: 100 },
  compressBodyOverBytes: { byDefault: 4096, min: 0, max: 2 ** 31 - 1 },
  maxMessageSizeBytes: { byDefault: 4_194_304, min: 1, max: 2 ** 31 - 1 },
} as const;
