import { isMqError } from '@orbitmq/core/kernel';
import {
  decodeBatch,
  decodeProperties,
  encodeProperties,
  findProperty,
  PropertyName,
  ResponseCode,
  SysFlag,
} from '@orbitmq/protocol';
import { delayLevelOf } from '../../schedule/delay-rewrite.js';
import type { MessageToStore } from '../../store/message-store.js';
import { Refusal } from './refusal.js';
import { droppedMarks, isDroppedProperty } from './sent-properties.js';

export interface BatchFacts {
  readonly body: Buffer;
  /** The properties of the batch itself, not of its messages. */
  readonly properties: Buffer;
  readonly sysFlag: number;
  readonly isRetryTopic: boolean;
  readonly countMax: number;
  /** The broker honours idempotency keys, which are for single messages. */
  readonly refusesKeys: boolean;
}

/**
 * The messages of a batch (page 03 §6). Each is an ordinary message with its own flag, body and properties, which are stored as
 * they came (as 5.5); everything else is that of the batch.
 */
export function batchMessages(facts: BatchFacts, common: MessageToStore): readonly MessageToStore[] | Refusal {
  const illegal = illegalBatch(facts);
  if (illegal !== undefined) return new Refusal(ResponseCode.MESSAGE_ILLEGAL, `the batch is illegal: ${illegal}`);
  try {
    const entries = decodeBatch(facts.body);
    if (entries.length === 0) return new Refusal(ResponseCode.SYSTEM_ERROR, 'the batch has no message');
    if (entries.length > facts.countMax) {
      return new Refusal(ResponseCode.MESSAGE_ILLEGAL, `the batch is illegal: it has more than ${facts.countMax} messages`);
    }
    if (facts.refusesKeys && entries.some((entry) => hasKey(entry.properties))) return keyedBatch;
    return entries.map((entry) => ({ ...common, flag: entry.flag, body: entry.body, properties: stored(entry.properties) }));
  } catch (error) {
    if (!isMqError(error)) throw error;
    return new Refusal(ResponseCode.SYSTEM_ERROR, `the batch is malformed: ${error.message}`);
  }
}

/** As they came, but for what is never stored: a sender's checksum of a record would speak of bytes that it does not know. */
function stored(properties: Buffer): Buffer {
  if (!droppedMarks.some((mark) => properties.includes(mark))) return properties;
  const kept = Object.entries(decodeProperties(properties)).filter(([name]) => !isDroppedProperty(name));
  return Buffer.from(encodeProperties(Object.fromEntries(kept)));
}

/** A batch is stored at one place; a repeat of a part of it would have no answer. */
const keyedBatch = new Refusal(ResponseCode.MESSAGE_ILLEGAL, 'the batch is illegal: batches cannot have idempotency keys');
const keyName = Buffer.from(PropertyName.IDEMPOTENCY_KEY);

function hasKey(properties: Buffer): boolean {
  return properties.indexOf(keyName) >= 0 && findProperty(properties, PropertyName.IDEMPOTENCY_KEY) !== undefined;
}

function illegalBatch(facts: BatchFacts): string | undefined {
  if (facts.isRetryTopic) return 'batches cannot be retried';
  if ((facts.sysFlag & SysFlag.TRANSACTION_MASK) !== 0) return 'batches cannot be transactional';
  if (facts.refusesKeys && hasKey(facts.properties)) return 'batches cannot have idempotency keys';
  const level = delayLevelOf(decodeProperties(facts.properties));
  return level === undefined || level > 0 ? 'batches cannot be delayed' : undefined;
}
