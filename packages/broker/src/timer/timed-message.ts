import {
  checkTopicName,
  decodeProperties,
  encodeProperties,
  type MessageExt,
  PropertyName,
  SystemTopic,
} from '@orbitmq/protocol';
import { parseJavaInt } from '../schedule/parse-java-int.js';
import { copyMessage } from '../store/copy-message.js';
import type { MessageToStore } from '../store/message-store.js';

/** What a record of the timer topic says about its wait. */
export interface TimedFacts {
  /** The tick in which it waits (TIMER_OUT_MS). */
  readonly outMs: number;
  readonly topic: string;
  /** It is a cancellation: of the message with this UNIQ_KEY. */
  readonly cancelledKey: string | undefined;
  readonly uniqueKey: string | undefined;
  readonly properties: Record<string, string>;
}

/** TIMER_ENQUEUE_MS of what was due before it came into the wheel: Java's Long.MAX_VALUE. */
export const neverEnqueued = '9223372036854775807';

const timePattern = /^\d{1,16}$/;

/** Topics that nothing is delivered to: it would wait again, or be taken for a decision. */
const undeliverable: ReadonlySet<string> = new Set([SystemTopic.TIMER, SystemTopic.SCHEDULE, SystemTopic.TRANS_HALF]);

/** Undefined for what is no timed message: a client of an Apache broker can write anything into the timer topic (page 03, trap 16). */
export function readTimedFacts(message: MessageExt): TimedFacts | undefined {
  if (message.topic !== SystemTopic.TIMER) return undefined;
  const properties = decodeProperties(message.propertiesBytes);
  const text = properties[PropertyName.TIMER_OUT_MS] ?? '';
  const outMs = Number(text);
  const topic = properties[PropertyName.REAL_TOPIC];
  if (!timePattern.test(text) || !Number.isSafeInteger(outMs) || topic === undefined) return undefined;
  return {
    outMs,
    topic,
    cancelledKey: properties[PropertyName.TIMER_DEL_UNIQKEY],
    uniqueKey: properties[PropertyName.UNIQ_KEY],
    properties,
  };
}

/**
 * The message that consumers get (Java: TimerMessageStore.convert; page 25 §2.3): as it was stored, REAL_*, the asked time and WAIT
 * included. Undefined for one without a destination.
 */
export function deliveredTimedMessage(
  message: MessageExt,
  facts: TimedFacts,
  enqueuedAt: string,
  nowMs: number,
): MessageToStore | undefined {
  const queueId = parseJavaInt(facts.properties[PropertyName.REAL_QUEUE_ID] ?? '');
  if (queueId === undefined || queueId < 0 || checkTopicName(facts.topic) !== undefined || undeliverable.has(facts.topic)) {
    return undefined;
  }
  return copyMessage(message, { topic: facts.topic, queueId, properties: withTimes(facts, enqueuedAt, nowMs, {}) });
}

/** The message back in the timer topic, for the rest of its way. */
export function rolledMessage(message: MessageExt, facts: TimedFacts, enqueuedAt: string, nowMs: number): MessageToStore {
  const times = (parseJavaInt(facts.properties[PropertyName.TIMER_ROLL_TIMES] ?? '') ?? 0) + 1;
  const properties = withTimes(facts, enqueuedAt, nowMs, { [PropertyName.TIMER_ROLL_TIMES]: String(times) });
  return copyMessage(message, { topic: SystemTopic.TIMER, queueId: 0, properties });
}

function withTimes(facts: TimedFacts, enqueuedAt: string, nowMs: number, more: Readonly<Record<string, string>>): Buffer {
  const properties: Record<string, string> = Object.assign(Object.create(null), facts.properties, more, {
    [PropertyName.TIMER_ENQUEUE_MS]: enqueuedAt,
    [PropertyName.TIMER_DEQUEUE_MS]: String(nowMs),
  });
  return Buffer.from(encodeProperties(properties));
}
