import type { Lifecycle } from '../kernel/lifecycle.js';
import type { TransportFeatures } from './features.js';
import type {
  IncomingMessage,
  OutgoingMessage,
  SendOptions,
  SendReceipt,
  Subscription,
  TransactionResolution,
} from './messages.js';

/**
 * The whole contract of a transport. It moves bytes; serialization, middleware and wiring are the application's.
 * `createProducer` and `createConsumer` are called before `start()`; every handle starts and stops with the transport.
 * What not every transport can do is a separate interface, found by its type guard.
 */
export interface Transport extends Lifecycle {
  /** For messages to people: `embedded`, `rocketmq`, … */
  readonly name: string;
  readonly features: TransportFeatures;
  createProducer(definition: ProducerDefinition): TransportProducer;
  createConsumer(definition: ConsumerDefinition, deliver: Deliver): TransportConsumer;
}

export interface ProducerDefinition {
  /** Producer group; processes of one group answer each other's transaction checks. */
  readonly group: string;
  /** Topics known before the first send; their routes are looked up at start, so that the first send is fast. */
  readonly topics: readonly string[];
  /** Default budget of a send, milliseconds. */
  readonly sendTimeoutMs: number;
  /** Attempts after the first one of a send (RocketMQ: retryTimesWhenSendFailed, default 2). */
  readonly retryTimesWhenSendFailed: number;
  /** Bodies of at least this many bytes are compressed (RocketMQ: compressMsgBodyOverHowmuch, default 4096). */
  readonly compressBodyOverBytes: number;
  /** Largest body in bytes (RocketMQ: maxMessageSize, default 4 MiB). */
  readonly maxMessageSizeBytes: number;
  /** Answers the broker's question about an undecided transaction; absent: this producer sends none. */
  readonly checkTransaction?: ((message: IncomingMessage) => Promise<TransactionResolution>) | undefined;
}

export interface TransportProducer {
  /** Resolves when the message is stored at the declared durability; never resolves for less. */
  send(message: OutgoingMessage, options?: SendOptions): Promise<SendReceipt>;
  /** Resolves when the message was handed to the network; nobody learns whether it arrived. */
  sendOneway(message: OutgoingMessage, options?: SendOptions): Promise<void>;
}

/** Capability `features.batch`. */
export interface BatchProducer extends TransportProducer {
  /** All or nothing, one queue, consecutive offsets; one receipt per message, in order. All messages have one topic and no delay. */
  sendBatch(messages: readonly OutgoingMessage[], options?: SendOptions): Promise<readonly SendReceipt[]>;
}

/** Capability `features.transactions`. */
export interface TransactionalProducer extends TransportProducer {
  /** Stores a half message: invisible until `resolve`. */
  sendHalf(message: OutgoingMessage, options?: SendOptions): Promise<HalfMessage>;
}

export interface HalfMessage {
  readonly receipt: SendReceipt;
  /** Tells the broker the outcome; it may get lost, then the broker asks `checkTransaction`. */
  resolve(resolution: TransactionResolution, remark?: string): Promise<void>;
}

/** Capability `features.recall`. */
export interface RecallingProducer extends TransportProducer {
  /** Takes a timed message back; resolves with its id when the broker keeps that durably. `recallHandle` is that of its receipt. */
  recall(topic: string, recallHandle: string, options?: SendOptions): Promise<string>;
}

export function isRecallingProducer(producer: TransportProducer): producer is RecallingProducer {
  return 'recall' in producer;
}

export function isBatchProducer(producer: TransportProducer): producer is BatchProducer {
  return 'sendBatch' in producer;
}

export function isTransactionalProducer(producer: TransportProducer): producer is TransactionalProducer {
  return 'sendHalf' in producer;
}

/** Where a group that has no stored offset begins. */
export type ConsumeFrom = 'first' | 'last' | { readonly timestamp: number };

/** Names, meanings and defaults of rocketmq-spring and DefaultMQPushConsumer. */
export interface ConsumerDefinition {
  readonly group: string;
  readonly subscriptions: readonly Subscription[];
  /** One handler at a time per queue, in order; a failing message blocks its queue. */
  readonly orderly: boolean;
  readonly consumeFrom: ConsumeFrom;
  /** Handlers running at once in this process (RocketMQ: consumeThreadMax, default 20). */
  readonly concurrency: number;
  /** Messages per call of `deliver` (RocketMQ: consumeMessageBatchMaxSize, default 1). */
  readonly batchSizeMax: number;
  /** How long a call waits for a batch to fill, milliseconds; 0: not at all. */
  readonly batchWaitMs: number;
  /** Retries before the dead-letter topic; -1: 16 when concurrent, without end when orderly. */
  readonly maxReconsumeTimes: number;
  /** Messages per pull (default 32). */
  readonly pullBatchSize: number;
  /** Cached messages per queue above which pulling pauses (default 1000). */
  readonly pullThresholdForQueue: number;
  /** Cached MiB per queue above which pulling pauses (default 100). */
  readonly pullThresholdSizeMiBForQueue: number;
  /** Offset distance inside one queue above which pulling pauses, concurrent only (default 2000). */
  readonly consumeConcurrentlyMaxSpan: number;
  /** A concurrent message in a handler for longer is sent back for a retry (default 15 minutes), milliseconds. */
  readonly consumeTimeoutMs: number;
  /** Pause of a queue whose orderly handler failed (default 1000), milliseconds. */
  readonly suspendCurrentQueueTimeMs: number;
}

/** What the transport tells about one call of the handler. */
export interface DeliveryContext {
  /** Aborted on time-out, stop, a lost queue lock, or rebalance; `reason` is an `AbortReason` (see consume-context). */
  readonly signal: AbortSignal;
  readonly group: string;
}

/** The handler's verdict on a call, for all of its messages or from `ackedCount` on. Never an exception. */
export type DeliveryOutcome =
  | { readonly status: 'ack' }
  /** The first `ackedCount` messages are done; the rest is retried: after `delayLevel` (0: the broker's own rule; -1: dead-letter now). */
  | {
      readonly status: 'retry';
      readonly ackedCount: number;
      /** Indexes behind the first failed message that are done nevertheless; a transport that ignores them delivers them again. */
      readonly alsoAcked?: readonly number[] | undefined;
      readonly delayLevel: number;
      readonly error: unknown;
    };

/** Hands messages of one queue to the application. All messages of a call come from one queue, in offset order. Must not throw. */
export type Deliver = (messages: readonly IncomingMessage[], context: DeliveryContext) => Promise<DeliveryOutcome>;

export interface TransportConsumer {
  /** The queues this process consumes now, `topic@broker@queueId`, for people and tests. */
  readonly assignment: readonly string[];
}
