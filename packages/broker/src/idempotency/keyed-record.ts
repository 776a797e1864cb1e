/**
 * What a record of the log says about idempotency keys: the broker writes nothing beside the messages themselves, so their
 * properties must tell the message that a sender sent from the copies that the broker made of it.
 */
import {
  deadLetterTopicPrefix,
  decodeProperties,
  PropertyName,
  RecordAt,
  type RecordSpans,
  readInt64,
  retryTopicPrefix,
  SysFlag,
  SystemTopic,
  transactionType,
} from '@orbitmq/protocol';
import type { KeyPlace } from './key-table.js';

/** Bytes of a key in UTF-8. */
export const idempotencyKeyBytesMax = 255;

export type KeyedRecord =
  | { readonly kind: 'sent'; readonly topic: string; readonly key: string; readonly place: KeyPlace }
  /** The message of a half that was committed. */
  | { readonly kind: 'committed'; readonly topic: string; readonly key: string };

const keyName = Buffer.from(PropertyName.IDEMPOTENCY_KEY);

/**
 * Whether a key means something on a send to this topic. Retries and dead letters carry the properties of the message they are
 * copies of, its key among them, and each of them has to be stored.
 */
export function takesKeys(topic: string): boolean {
  return !topic.startsWith(retryTopicPrefix) && !topic.startsWith(deadLetterTopicPrefix);
}

/** Undefined: the record has no key, or is a copy that the broker made: delivered after its delay, checked again, retried, parked. */
export function keyedRecord(bytes: Buffer, at: number, spans: RecordSpans): KeyedRecord | undefined {
  const propertiesBytes = bytes.subarray(spans.propertiesStart, at + spans.sizeBytes);
  if (propertiesBytes.indexOf(keyName) < 0) return undefined;
  const properties = decodeProperties(propertiesBytes);
  const key = properties[PropertyName.IDEMPOTENCY_KEY];
  if (key === undefined || Buffer.byteLength(key) > idempotencyKeyBytesMax) return undefined;
  const stored = bytes.toString('utf8', spans.topicStart, spans.topicEnd);
  const queueOffset = readInt64(bytes, at + RecordAt.QUEUE_OFFSET);
  const topic = sentTopic(stored, properties, queueOffset);
  if (topic === undefined || !takesKeys(topic) || bytes.readInt32BE(spans.storeHostEnd) > 0) return undefined;
  const sysFlag = bytes.readInt32BE(at + RecordAt.SYS_FLAG);
  const isPrepared = readInt64(bytes, spans.storeHostEnd + 4) > 0 || properties[PropertyName.TRANSACTION_PREPARED] !== undefined;
  if (transactionType(sysFlag) === SysFlag.TRANSACTION_COMMIT && isPrepared) return { kind: 'committed', topic, key };
  const isOpenHalf = stored === SystemTopic.TRANS_HALF;
  const queueId = stored === topic ? bytes.readInt32BE(at + RecordAt.QUEUE_ID) : realQueueId(properties);
  const place: KeyPlace = { physicalOffset: readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET), queueOffset, queueId, isOpenHalf };
  return { kind: 'sent', topic, key, place };
}

/** The topic that the sender named; undefined for a copy. */
export function sentTopic(stored: string, properties: Readonly<Record<string, string>>, queueOffset: number): string | undefined {
  const real = properties[PropertyName.REAL_TOPIC];
  if (stored === SystemTopic.SCHEDULE) return real;
  // One further ahead than the timer's window is stored again on its way.
  if (stored === SystemTopic.TIMER) return properties[PropertyName.TIMER_ROLL_TIMES] === undefined ? real : undefined;
  if (stored === SystemTopic.TRANS_HALF) {
    // A check writes the half again; the copy names the first one.
    const origin = properties[PropertyName.TRAN_PREPARED_QUEUE_OFFSET];
    return origin === undefined || origin === String(queueOffset) ? real : undefined;
  }
  if (stored === SystemTopic.TRANS_CHECK_MAX_TIME || stored === SystemTopic.TRANS_OP_HALF) return undefined;
  const wasDelayed = properties[PropertyName.DELAY] !== undefined || properties[PropertyName.TIMER_OUT_MS] !== undefined;
  const isDelivered = real === stored && wasDelayed;
  return isDelivered ? undefined : stored;
}

function realQueueId(properties: Readonly<Record<string, string>>): number {
  const queueId = Number(properties[PropertyName.REAL_QUEUE_ID]);
  return Number.isInteger(queueId) && queueId >= 0 && queueId < 0x4000_0000 ? queueId : 0;
}
