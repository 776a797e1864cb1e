/**
 * What an acknowledged send has reached when `send()` resolves.
 * - `memory`: RAM of the process; nothing survives it
 * - `page-cache`: the operating system; survives the process, not a power cut
 * - `disk`: flushed to the device
 * - `replicated`: at least one replica has it too
 * - `quorum`: a majority has it on disk
 */
export type Durability = 'memory' | 'page-cache' | 'disk' | 'replicated' | 'quorum';

/**
 * What becomes of the `idempotencyKey` of a send.
 * - `honored`: a repeat inside the server's window is answered with the first result, and one message is stored
 * - `carried`: the key goes with the message; whether the server honors it, the transport cannot know (OrbitMQ's brokers do,
 *   Apache's store it as a property like any other)
 * - `none`: a send with a key is refused
 */
export type IdempotencySupport = 'honored' | 'carried' | 'none';

/**
 * What becomes of a message that is sent for a moment of its own (`delay: { until }`, `{ ms }`).
 * - `honored`: the server delivers it then
 * - `carried`: the moment goes with the message; whether the server honors it, the transport cannot know (RocketMQ 5 and OrbitMQ
 *   do, RocketMQ 4 delivers at once)
 * - `none`: such a send is refused
 */
export type TimedDelivery = 'honored' | 'carried' | 'none';

/** What a transport declares; the conformance suite runs every declared feature against it. */
export interface TransportFeatures {
  readonly durability: Durability;
  /** Several messages of one topic in one send (`BatchSender`). */
  readonly batch: boolean;
  /** Sends without an answer. */
  readonly oneway: boolean;
  /** Half messages with commit, rollback and check-back (`TransactionalTransport`). */
  readonly transactions: boolean;
  /** FIFO consumption per queue. */
  readonly orderly: boolean;
  /** The 18 delay levels of RocketMQ. */
  readonly delayLevels: boolean;
  readonly timedDelivery: TimedDelivery;
  /** Timed messages can be taken back (`RecallingProducer`), if the server lets them. */
  readonly recall: boolean;
  /** Filtering by tag before messages reach the process. */
  readonly tagFilter: boolean;
  /** Redelivery with a growing delay, then `%DLQ%group`. */
  readonly retry: boolean;
  readonly idempotencyKey: IdempotencySupport;
}
