import { isMqError } from '@orbitmq/core/kernel';
import {
  decodeBatch,
  decodeProperties,
  encodeProperties,
  findProperty,
  PropertyName,
  propertySeparator,
  ResponseCode,
  SysFlag,
} from '@orbitmq/protocol';
import { delayLevelOf, timerRequestNames } from '../../schedule/delay-rewrite.js';
import type { MessageToStore } from '../../store/message-store.js';
import { Refusal } from './refusal.js';
import { isDroppedProperty, mayBeChanged, propertiesBytesMax } from './sent-properties.js';

export interface BatchFacts {
  readonly body: Buffer;
  /** The properties of the batch itself, not of its messages. */
  readonly properties: Buffer;
  readonly sysFlag: number;
  readonly isRetryTopic: boolean;
  readonly countMax: number;
  /** The broker honours idempotency keys, which are for single messages. */
  readonly refusesKeys: boolean;
  /** What every entry gets: MSG_REGION and TRACE_ON. Without them the consumers of 5.x write no trace. */
  readonly added: Readonly<Record<string, string>>;
  /** The same as a property string. */
  readonly addedBytes: Buffer;
}

/**
 * The messages of a batch (page 03 §6). Each is an ordinary message with its own flag, body and properties, which are stored as
 * they came, with region and trace switch behind them (5.5 adds those to all but batches; page 34); everything else is that of the batch.
 */
export function batchMessages(facts: BatchFacts, common: MessageToStore): readonly MessageToStore[] | Refusal {
  const refusal = refusalOf(facts);
  if (refusal !== undefined) return refusal;
  try {
    const entries = decodeBatch(facts.body, facts.countMax + 1);
    if (entries.length === 0) return new Refusal(ResponseCode.SYSTEM_ERROR, 'the batch has no message');
    if (entries.length > facts.countMax) {
      return new Refusal(ResponseCode.MESSAGE_ILLEGAL, `the batch is illegal: it has more than ${facts.countMax} messages`);
    }
    // A delay or a time of an entry means nothing, at Apache either: it is stored at once.
    if (facts.refusesKeys && entries.some((entry) => hasKey(entry.properties))) return keyedBatch;
    return entries.map((entry) => ({
      ...common,
      flag: entry.flag,
      body: entry.body,
      properties: stored(entry.properties, facts),
    }));
  } catch (error) {
    if (!isMqError(error)) throw error;
    return new Refusal(ResponseCode.SYSTEM_ERROR, `the batch is malformed: ${error.message}`);
  }
}

/**
 * As they came, but for what is never stored: a sender's checksum of a record would speak of bytes that it does not know. What is added
 * stays away where it has no room: a message without a trace is better than none.
 */
function stored(properties: Buffer, { added, addedBytes }: BatchFacts): Buffer {
  if (properties.length === 0) return addedBytes;
  if (!mayBeChanged(properties)) {
    const isOpen = properties[properties.length - 1] !== separator[0];
    const whole = isOpen ? [properties, separator, addedBytes] : [properties, addedBytes];
    const sizeBytes = properties.length + (isOpen ? 1 : 0) + addedBytes.length;
    return sizeBytes <= propertiesBytesMax ? Buffer.concat(whole) : properties;
  }
  const kept = Object.entries(decodeProperties(properties)).filter(([name]) => !isDroppedProperty(name));
  return Buffer.from(encodeProperties({ ...Object.fromEntries(kept), ...added }));
}

const separator = Buffer.from(propertySeparator);

/** A batch is stored at one place; a repeat of a part of it would have no answer. */
const keyedBatch = new Refusal(ResponseCode.MESSAGE_ILLEGAL, 'the batch is illegal: batches cannot have idempotency keys');
const keyName = Buffer.from(PropertyName.IDEMPOTENCY_KEY);

function hasKey(properties: Buffer): boolean {
  return properties.indexOf(keyName) >= 0 && findProperty(properties, PropertyName.IDEMPOTENCY_KEY) !== undefined;
}

function refusalOf(facts: BatchFacts): Refusal | undefined {
  if (facts.isRetryTopic) return illegal('batches cannot be retried');
  if ((facts.sysFlag & SysFlag.TRANSACTION_MASK) !== 0) return illegal('batches cannot be transactional');
  if (facts.refusesKeys && hasKey(facts.properties)) return keyedBatch;
  const properties = decodeProperties(facts.properties);
  const level = delayLevelOf(properties);
  if (level === undefined) {
    return new Refusal(ResponseCode.SYSTEM_ERROR, `DELAY is no number: "${properties[PropertyName.DELAY]}"`);
  }
  // With a time Apache 5 puts the batch where its timer waits without saying for which topic, and its timer ends.
  const isTimed = timerRequestNames.some((name) => properties[name] !== undefined);
  return level > 0 || isTimed ? illegal('batches cannot be delayed') : undefined;
}

function illegal(reason: string): Refusal {
  return new Refusal(ResponseCode.MESSAGE_ILLEGAL, `the batch is illegal: ${reason}`);
}
