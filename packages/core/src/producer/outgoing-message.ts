import { UnsupportedFeatureError, ValidationError } from '../kernel/errors.js';
import { delayLevelOf, isTimedDelay, type SendDelay, timedDelayOf } from '../message/delay.js';
import { checkCharacters, checkTag } from '../message/names.js';
import { checkPropertyName } from '../message/reserved-properties.js';
import { payloadVersionProperty } from '../payload/upcast.js';
import type { AnyTopicDefinition } from '../topic/topic-definition.js';
import type { TransportFeatures } from '../transport/features.js';
import type { OutgoingMessage } from '../transport/messages.js';
import type { MessageOptions } from './send-options.js';

const idempotencyKeyBytesMax = 255;
const noKeys: readonly string[] = [];
const noProperties: Readonly<Record<string, string>> = {};

/** What every message of one producer is held against. */
export interface OutgoingLimits {
  readonly maxMessageSizeBytes: number;
  readonly features: TransportFeatures;
}

/** Checks what the caller gave and puts the message together. Throws a `ValidationError` or `UnsupportedFeatureError`. */
export function outgoingMessage(
  topic: AnyTopicDefinition,
  body: Uint8Array,
  options: MessageOptions,
  limits: OutgoingLimits,
): OutgoingMessage {
  const { tag, shardingKey, selectQueue, delay, idempotencyKey } = options;
  if (body.length === 0) throw invalid(topic, 'the body is empty, which brokers refuse');
  if (body.length > limits.maxMessageSizeBytes) throw tooLarge(topic, body.length, limits.maxMessageSizeBytes);
  if (tag !== undefined) refuse(topic, 'tag', tag, checkTag(tag));
  if (shardingKey !== undefined) refuse(topic, 'sharding key', shardingKey, checkText(shardingKey));
  if (shardingKey !== undefined && selectQueue !== undefined)
    throw invalid(topic, 'shardingKey and selectQueue exclude each other');
  if (idempotencyKey !== undefined) checkIdempotencyKey(topic, idempotencyKey, limits.features);
  return {
    topic: topic.name,
    body,
    tag,
    keys: keysOf(topic, options.keys),
    properties: propertiesOf(topic, options.properties),
    shardingKey,
    selectQueue,
    idempotencyKey,
    ...(delay === undefined ? notDelayed : delayOf(topic, delay, limits.features)),
  };
}

type OutgoingDelay = Pick<OutgoingMessage, 'delayLevel' | 'delayMs' | 'deliverAtMs'>;

const notDelayed: OutgoingDelay = { delayLevel: undefined };

function delayOf(topic: AnyTopicDefinition, delay: SendDelay, features: TransportFeatures): OutgoingDelay {
  const isTimed = isTimedDelay(delay);
  if (isTimed ? features.timedDelivery === 'none' : !features.delayLevels) {
    const what = isTimed ? 'deliver messages at a time of their own' : 'delay messages';
    throw new UnsupportedFeatureError('FEATURE_UNSUPPORTED', `This transport cannot ${what}`, { details: { topic: topic.name } });
  }
  return isTimed ? timedDelayOf(delay) : { delayLevel: delayLevelOf(delay) };
}

function checkIdempotencyKey(topic: AnyTopicDefinition, key: string, features: TransportFeatures): void {
  refuse(topic, 'idempotency key', key, checkText(key));
  if (Buffer.byteLength(key) > idempotencyKeyBytesMax) {
    throw invalid(topic, `its idempotency key is longer than ${idempotencyKeyBytesMax} bytes: '${key}'`);
  }
  if (features.idempotencyKey !== 'none') return;
  throw new UnsupportedFeatureError('FEATURE_UNSUPPORTED', 'This transport has no idempotency keys', {
    details: { topic: topic.name },
  });
}

function keysOf(topic: AnyTopicDefinition, given: MessageOptions['keys']): readonly string[] {
  if (given === undefined) return noKeys;
  const keys = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(keys)) throw invalid(topic, 'keys is neither a string nor a list of strings');
  for (const key of keys) refuse(topic, 'key', key, /\s/.test(key) ? 'contains a blank, which separates keys' : checkText(key));
  return keys;
}

function propertiesOf(topic: AnyTopicDefinition, given: MessageOptions['properties']): Readonly<Record<string, string>> {
  if (given !== undefined) refuseProperties(topic, given);
  for (const name in given) {
    refuse(topic, 'property', name, checkPropertyName(name) ?? checkCharacters(name));
    const value = given[name];
    if (typeof value !== 'string') throw invalid(topic, `property '${name}' is not a string`);
    refuse(topic, `property ${name} =`, value, checkText(value));
  }
  if (topic.version === 1) return given ?? noProperties;
  return { ...given, [payloadVersionProperty]: String(topic.version) };
}

/** A Map, say, has no properties that a loop over an object finds: they would be lost without a word. */
function refuseProperties(topic: AnyTopicDefinition, given: unknown): void {
  if (typeof given === 'object' && given !== null && !(Symbol.iterator in given)) return;
  const what = Object.prototype.toString.call(given);
  throw invalid(topic, `properties is ${what} and no object with a string for each name: for a Map use Object.fromEntries(map)`);
}

function checkText(text: string): string | undefined {
  if (typeof (text as unknown) !== 'string') return 'is no string';
  return text === '' ? 'is empty' : checkCharacters(text);
}

function refuse(topic: AnyTopicDefinition, what: string, value: string, problem: string | undefined): void {
  if (problem !== undefined) throw invalid(topic, `${what} '${value}' ${problem}`);
}

function invalid(topic: AnyTopicDefinition, reason: string): ValidationError {
  return new ValidationError('MESSAGE_INVALID', `Message to topic '${topic.name}' was not sent: ${reason}`, {
    details: { topic: topic.name },
  });
}

function tooLarge(topic: AnyTopicDefinition, sizeBytes: number, maxMessageSizeBytes: number): ValidationError {
  const message = `Message to topic '${topic.name}' was not sent: ${sizeBytes} bytes are more than maxMessageSizeBytes (${maxMessageSizeBytes})`;
  return new ValidationError('MESSAGE_TOO_LARGE', message, { details: { topic: topic.name, sizeBytes, maxMessageSizeBytes } });
}
