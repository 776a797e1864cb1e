import type { SendDelay } from '../message/delay.js';
import type { SendOptions } from '../transport/messages.js';

/** What travels beside the body. */
export interface MessageFacts {
  /** One tag, which consumers can subscribe to; without `|`, no blank at either end. */
  readonly tag?: string | undefined;
  /** Keys the message can be found by; none contains a blank. */
  readonly keys?: string | readonly string[] | undefined;
  /** The application's own properties: no empty value, no name that RocketMQ uses; 32,767 bytes with tag and keys (RocketMQ: putUserProperty). */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** Options of one send. */
export interface MessageOptions extends MessageFacts, SendOptions {
  /** Messages with the same key go to the same queue, so that an orderly consumer sees them in the order they were sent. */
  readonly shardingKey?: string | undefined;
  /** Chooses the queue instead of `shardingKey`: an index in [0, queueCount) (RocketMQ: MessageQueueSelector). */
  readonly selectQueue?: ((queueCount: number) => number) | undefined;
  /**
   * Delivered after this time: one of RocketMQ's 18, `'1s'` to `'2h'`, or `{ level }` (RocketMQ: setDelayTimeLevel); or at a moment
   * of its own, `{ until }` or `{ ms }` from now (RocketMQ 5: setDeliverTimeMs, setDelayTimeMs): see `TransportFeatures.timedDelivery`,
   * since RocketMQ 4 delivers those at once.
   */
  readonly delay?: SendDelay | undefined;
  /**
   * Names what is sent, 1 to 255 bytes of UTF-8: within the broker's window (`idempotencyWindowMs`, 10 minutes) further sends to
   * this topic with the same key store nothing and resolve with the first one's place, also after a crash of either side.
   * So a send whose outcome is unknown can be repeated. Another body under the same key is refused with `BROKER_REFUSED`
   * (13). The key also chooses the queue, unless `shardingKey` or `selectQueue` does: a repeat must reach the same broker.
   * Needs an OrbitMQ broker: see `TransportFeatures.idempotencyKey`. Not in RocketMQ.
   */
  readonly idempotencyKey?: string | undefined;
}

/** A transactional message cannot be delayed. */
export type TransactionMessageOptions = Omit<MessageOptions, 'delay'>;

/** One queue for the whole batch, facts for each of its messages. */
export interface BatchOptions<T> extends SendOptions {
  readonly shardingKey?: string | undefined;
  readonly selectQueue?: ((queueCount: number) => number) | undefined;
  /** Tag, keys and properties of each message. */
  readonly describe?: ((body: T, index: number) => MessageFacts) | undefined;
}
