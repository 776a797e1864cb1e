import type { IncomingMessage } from '../transport/messages.js';

/** A message as a handler sees it (RocketMQ: MessageExt / MessageView). */
export interface MessageView<T> {
  readonly body: T;
  /** The topic it was sent to, also when this is a retry. */
  readonly topic: string;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  /** All properties, the system's included. */
  readonly properties: Readonly<Record<string, string>>;
  /** The producer's unique id; stays the same over retries and in the dead-letter topic: the key for idempotent handlers. */
  readonly messageId: string;
  /** Where it is stored (RocketMQ: offsetMsgId), when the transport knows. */
  readonly offsetMessageId: string | undefined;
  readonly brokerName: string | undefined;
  readonly queueId: number;
  readonly queueOffset: number;
  /** Producer's clock, milliseconds since the epoch. */
  readonly bornTimestamp: number;
  /** Broker's clock, milliseconds since the epoch. */
  readonly storeTimestamp: number;
  /** How often this group was given it before: 0 at the first delivery. */
  readonly reconsumeTimes: number;
  /** The bytes as they were received. Valid during the handler's call; copy what is kept. */
  readonly rawBody: Uint8Array;
}

/** The view of what a transport received. Plain fields only, so that a copy of it has them all. */
export function messageViewOf<T>(message: IncomingMessage, body: T): MessageView<T> {
  return {
    body,
    topic: message.topic,
    tag: message.tag,
    keys: message.keys,
    properties: message.properties,
    messageId: message.messageId,
    offsetMessageId: message.offsetMessageId,
    brokerName: message.brokerName,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    bornTimestamp: message.bornTimestamp,
    storeTimestamp: message.storeTimestamp,
    reconsumeTimes: message.reconsumeTimes,
    rawBody: message.body,
  };
}
