import type { OutgoingMessage, ProducerDefinition } from '@orbitmq/core';
import { type Clock, ValidationError } from '@orbitmq/core/kernel';
import { checkTopicName, encodeBatch, frameMaxLengthBytesDefault, SysFlag } from '@orbitmq/protocol';
import { checkedBody, compressedBody, tooLarge } from './outgoing-body.js';
import { type HalfProperties, propertiesJson } from './outgoing-properties.js';
import { choosesQueue } from './queue-choice.js';

/** A message, or a batch of them, as it goes over the wire. */
export interface PreparedMessage {
  readonly topic: string;
  /** Of the only message, or of the batch's first. */
  readonly messageId: string;
  readonly isBatch: boolean;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly propertiesJson: string;
  readonly body: Buffer;
  /** The message that names its queue. */
  readonly chooser: OutgoingMessage | undefined;
}

export interface MessageIds {
  next(): string;
}

/** Room in a frame for everything but the body: the header with the largest properties, escaped. */
const frameBytesForHeader = 256 * 1024;

/** Turns messages of the application into what is sent. Everything that can be refused without a broker is refused here. */
export class MessagePreparer {
  readonly #definition: ProducerDefinition;
  readonly #clock: Clock;
  readonly #ids: MessageIds;
  readonly #bodyBytesMax: number;

  constructor(options: { readonly definition: ProducerDefinition; readonly clock: Clock; readonly ids: MessageIds }) {
    this.#definition = options.definition;
    this.#clock = options.clock;
    this.#ids = options.ids;
    this.#bodyBytesMax = Math.min(options.definition.maxMessageSizeBytes, frameMaxLengthBytesDefault - frameBytesForHeader);
  }

  /** One message; `half`: the first step of a transaction. */
  single(message: OutgoingMessage, half?: HalfProperties): PreparedMessage {
    const body = checkedBody(message.body, this.#bodyBytesMax);
    const messageId = this.#ids.next();
    const properties = propertiesJson(message, messageId, half);
    const { bytes, sysFlag } = compressedBody(body, this.#definition.compressBodyOverBytes);
    return {
      topic: message.topic,
      messageId,
      isBatch: false,
      sysFlag: half === undefined ? sysFlag : sysFlag | SysFlag.TRANSACTION_PREPARED,
      bornTimestamp: this.#clock.now(),
      propertiesJson: properties,
      body: bytes,
      chooser: choosesQueue(message) ? message : undefined,
    };
  }

  /** Several messages in one request (page 03 §6): one topic, one queue, no delay, never compressed. */
  batch(messages: readonly OutgoingMessage[]): { readonly prepared: PreparedMessage; readonly messageIds: readonly string[] } {
    const first = checkBatch(messages);
    const messageIds: string[] = [];
    const entries = messages.map((message) => {
      const messageId = this.#ids.next();
      messageIds.push(messageId);
      const properties = JSON.parse(`"${propertiesJson(message, messageId)}"`) as string;
      return { flag: 0, body: checkedBody(message.body, this.#bodyBytesMax), properties };
    });
    const body = encodeBatch(entries);
    if (body.length > this.#bodyBytesMax) throw tooLarge(body.length, this.#bodyBytesMax);
    const prepared: PreparedMessage = {
      topic: first.topic,
      messageId: messageIds[0] ?? '',
      isBatch: true,
      sysFlag: 0,
      bornTimestamp: this.#clock.now(),
      propertiesJson: batchPropertiesJson,
      body,
      chooser: choosesQueue(first) ? first : undefined,
    };
    return { prepared, messageIds };
  }
}

/**
 * Brokers up to 5.3.3 append the batch's own properties to those of each entry, where the last one wins: a UNIQ_KEY here
 * would give all entries the same id. WAIT is what Java sends and harms nobody.
 */
const batchPropertiesJson = 'WAIT\\u0001true';

function checkBatch(messages: readonly OutgoingMessage[]): OutgoingMessage {
  const first = messages[0];
  if (first === undefined) throw new ValidationError('ARGUMENT_INVALID', 'a batch needs at least one message');
  for (const message of messages) {
    if (message.topic !== first.topic) {
      throw invalidBatch(`its messages have one topic, not "${first.topic}" and "${message.topic}"`);
    }
    if (isDelayed(message)) throw invalidBatch('its messages have no delay');
    if (message.idempotencyKey !== undefined) throw invalidBatch('its messages have no idempotencyKey: send them one by one');
    if (message.shardingKey !== first.shardingKey || message.selectQueue !== first.selectQueue) {
      throw invalidBatch('it goes to one queue, so its messages have the same shardingKey and selectQueue');
    }
  }
  if (first.topic.startsWith('%RETRY%')) throw invalidBatch('it cannot go to a retry topic');
  return first;
}

export function isDelayed({ delayLevel = 0, delayMs, deliverAtMs }: OutgoingMessage): boolean {
  return delayLevel > 0 || delayMs !== undefined || deliverAtMs !== undefined;
}

function invalidBatch(rule: string): ValidationError {
  return new ValidationError('MESSAGE_INVALID', `the batch cannot be sent: ${rule}`);
}

/** A name that no broker takes, found before the network is asked. */
export function checkTopic(topic: string): void {
  const wrong = checkTopicName(topic);
  if (wrong !== undefined) throw new ValidationError('TOPIC_INVALID', wrong, { details: { topic } });
}
