import { checkCarriedPropertyName, type OutgoingMessage } from '@orbitmq/core';
import { ValidationError } from '@orbitmq/core/kernel';
import { nameValueSeparator, PropertyName, propertySeparator } from '@orbitmq/protocol';

/** Quotes, backslashes, and all control characters (below the space), the separators of properties among them. */
const needsEscape = /["\\]|[^ -\uffff]/;
/** The whole string is one 16-bit length in the record. */
const propertiesBytesMax = 32_767;

/** What a transactional send adds. */
export interface HalfProperties {
  readonly producerGroup: string;
}

/**
 * The properties of a message as the inside of a JSON string: `name\u0001value\u0002name\u0001value`, written once, straight
 * in the form that the send header carries. Throws a `ValidationError` for what would break the stored string or be read as
 * one of RocketMQ's own properties (page 03 §3).
 */
export function propertiesJson(message: OutgoingMessage, messageId: string, half?: HalfProperties): string {
  let text = `${PropertyName.UNIQ_KEY}\\u0001${messageId}`;
  if (message.tag !== undefined && message.tag !== '')
    text += property(PropertyName.TAGS, escaped(PropertyName.TAGS, message.tag));
  if (message.keys.length > 0) text += property(PropertyName.KEYS, escaped(PropertyName.KEYS, joinedKeys(message.keys)));
  if (message.delayLevel !== undefined && message.delayLevel > 0) {
    text += property(PropertyName.DELAY, String(message.delayLevel));
  }
  if (message.delayMs !== undefined) text += property(PropertyName.TIMER_DELAY_MS, String(message.delayMs));
  if (message.deliverAtMs !== undefined) text += property(PropertyName.TIMER_DELIVER_MS, String(message.deliverAtMs));
  if (message.shardingKey !== undefined && message.shardingKey !== '') {
    text += property(PropertyName.SHARDING_KEY, escaped(PropertyName.SHARDING_KEY, message.shardingKey));
  }
  if (message.idempotencyKey !== undefined && message.idempotencyKey !== '') {
    text += property(PropertyName.IDEMPOTENCY_KEY, escaped(PropertyName.IDEMPOTENCY_KEY, message.idempotencyKey));
  }
  if (half !== undefined) {
    text += property(PropertyName.TRANSACTION_PREPARED, 'true') + property(PropertyName.PRODUCER_GROUP, half.producerGroup);
  }
  for (const name in message.properties) {
    const value = message.properties[name];
    // RocketMQ drops a property without a value when it reads the string.
    if (value === undefined || value === '') continue;
    text += property(checkedName(name), escaped(name, value));
  }
  // An escaped separator counts six characters and is one byte; only a string that could be too long is measured.
  if (text.length * 3 > propertiesBytesMax) checkSize(text);
  return text;
}

function property(name: string, escapedValue: string): string {
  return `\\u0002${name}\\u0001${escapedValue}`;
}

function checkedName(name: string): string {
  const wrong = checkCarriedPropertyName(name);
  if (wrong !== undefined) throw invalid(`the property name "${name}" ${wrong}`, name);
  return escaped(name, name);
}

function escaped(name: string, value: string): string {
  if (!needsEscape.test(value)) return value;
  if (value.includes(nameValueSeparator) || value.includes(propertySeparator)) {
    throw invalid(`the property "${name}" contains a control character (0x01 or 0x02) that separates properties`, name);
  }
  return JSON.stringify(value).slice(1, -1);
}

function joinedKeys(keys: readonly string[]): string {
  for (const key of keys) {
    if (key === '' || key.includes(' '))
      throw invalid(`the key "${key}" is empty or contains a space, which separates keys`, 'KEYS');
  }
  return keys.length === 1 ? (keys[0] ?? '') : keys.join(' ');
}

function invalid(message: string, name: string): ValidationError {
  return new ValidationError('MESSAGE_INVALID', message, { details: { property: name } });
}

function checkSize(text: string): void {
  const sizeBytes = Buffer.byteLength(JSON.parse(`"${text}"`) as string);
  if (sizeBytes <= propertiesBytesMax) return;
  throw new ValidationError(
    'MESSAGE_TOO_LARGE',
    `the properties of the message take ${sizeBytes} bytes, at most ${propertiesBytesMax} can be stored`,
    { details: { sizeBytes, maxBytes: propertiesBytesMax } },
  );
}
