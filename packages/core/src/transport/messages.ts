import type { TagFilter } from '../tag-filter.js';

/** A message on its way out, after serialization. Names and limits have been checked by the application runtime. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly body: Uint8Array;
  readonly tag?: string | undefined;
  /** Index keys; none contains a space. */
  readonly keys: readonly string[];
  /** User properties and the runtime's own (`ORBITMQ_…`); no name of RocketMQ's, no control separator in names or values. */
  readonly properties: Readonly<Record<string, string>>;
  /** Messages with the same key go to the same queue. */
  readonly shardingKey?: string | undefined;
  /** Chooses the queue instead of `shardingKey`: an index in [0, queueCount). */
  readonly selectQueue?: ((queueCount: number) => number) | undefined;
  /** 1 to 255 bytes of UTF-8. Sends with the same one are tried again only where the first may have been stored. */
  readonly idempotencyKey?: string | undefined;
  /** RocketMQ delay level, 1 to 18; 0 or absent: no delay. */
  readonly delayLevel?: number | undefined;
  /** Delivered this many milliseconds after the broker has it; not together with the two others. */
  readonly delayMs?: number | undefined;
  /** Delivered at this time by the broker's clock, milliseconds since the epoch. */
  readonly deliverAtMs?: number | undefined;
}

/** A message as a transport received it. */
export interface IncomingMessage {
  /** The producer's unique id (RocketMQ: UNIQ_KEY); stays the same over retries and in the dead-letter topic. */
  readonly messageId: string;
  /** Where it is stored, when the transport knows (RocketMQ: offsetMsgId). */
  readonly offsetMessageId?: string | undefined;
  /** The topic it was sent to, also when it comes from the retry topic. */
  readonly topic: string;
  readonly body: Uint8Array;
  readonly tag?: string | undefined;
  readonly keys: readonly string[];
  /** All properties, the system's included. */
  readonly properties: Readonly<Record<string, string>>;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly brokerName?: string | undefined;
  /** Producer's clock, milliseconds since the epoch. */
  readonly bornTimestamp: number;
  /** Broker's clock, milliseconds since the epoch. */
  readonly storeTimestamp: number;
  /** How often it was given to this group before: 0 at the first delivery. */
  readonly reconsumeTimes: number;
}

/** Answer to an acknowledged send. */
export interface SendReceipt {
  readonly messageId: string;
  readonly offsetMessageId?: string | undefined;
  readonly brokerName?: string | undefined;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly transactionId?: string | undefined;
  /** Of a timed message that can be taken back (RocketMQ: recallHandle). */
  readonly recallHandle?: string | undefined;
}

export type TransactionResolution = 'commit' | 'rollback' | 'unknown';

export interface SendOptions {
  /** Budget for all attempts together, milliseconds, 1 or more. Default: the producer's `sendTimeoutMs`, 3000 (RocketMQ: sendMsgTimeout). */
  readonly timeoutMs?: number | undefined;
  /** Gives the send up: it rejects with the signal's `reason`. A message that is on its way may be stored all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** What a consumer of one group subscribes to. */
export interface Subscription {
  readonly topic: string;
  readonly filter: TagFilter;
}
