/** What a client knows of a message that it sent. */

import { isMqError } from '@orbitmq/core/kernel';
import { decodeBatch, decodeOffsetMessageId, decodeProperties, PropertyName, RequestCode, ResponseCode } from '@orbitmq/protocol';

export interface SentMessage {
  readonly step: number;
  readonly code: number;
  readonly topic: string;
  readonly body: Buffer;
  /** As in the request; undefined: none were sent, or none that can be read. */
  readonly properties: Readonly<Record<string, string>>;
  /** `plain`: to be found at its place. The others go through topics of the broker's. */
  readonly kind: 'plain' | 'delayed' | 'half' | 'rerouted';
  readonly delayLevel: number;
  outcome: 'acked' | 'refused' | 'unknown';
  queueId: number | undefined;
  queueOffset: number | undefined;
  physicalOffset: number | undefined;
  /** When it was said and when it was acknowledged, counted over all that clients said and heard. */
  saidAt: number;
  ackedAt: number | undefined;
  /** Its topic was deleted since it was sent: it may be gone. */
  mayBeGone: boolean;
}

const longCodes: readonly number[] = [RequestCode.SEND_MESSAGE, RequestCode.SEND_REPLY_MESSAGE];
const shortCodes: readonly number[] = [
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
  RequestCode.SEND_REPLY_MESSAGE_V2,
];
/** Their answer says whether the reply was handed on; it may be stored all the same (Java: ReplyMessageProcessor). */
const replyCodes: readonly number[] = [RequestCode.SEND_REPLY_MESSAGE, RequestCode.SEND_REPLY_MESSAGE_V2];
/** The message is stored for all of them. */
const storedCodes: readonly number[] = [
  ResponseCode.SUCCESS,
  ResponseCode.FLUSH_DISK_TIMEOUT,
  ResponseCode.SLAVE_NOT_AVAILABLE,
  ResponseCode.FLUSH_SLAVE_TIMEOUT,
];
/** Said when the broker cannot tell what becomes of it. */
const openCodes: readonly number[] = [ResponseCode.SERVICE_NOT_AVAILABLE];

const noBytes = Buffer.alloc(0);

function isReply(code: number): boolean {
  return replyCodes.includes(code);
}

/** What an answer to a request that stores something says of it. */
export function outcomeOf(answer: { readonly code: number } | undefined): SentMessage['outcome'] {
  if (answer === undefined || openCodes.includes(answer.code)) return 'unknown';
  return storedCodes.includes(answer.code) ? 'acked' : 'refused';
}

export function isSend(code: number): boolean {
  return longCodes.includes(code) || shortCodes.includes(code);
}

/** The messages of a request that sends; a batch that cannot be read has none. */
export function sentMessages(
  step: number,
  code: number,
  fields: Readonly<Record<string, string>>,
  body: Buffer | undefined,
): SentMessage[] {
  const isShort = shortCodes.includes(code);
  const field = (long: string, short: string): string => fields[isShort ? short : long] ?? '';
  const topic = field('topic', 'b');
  // The field says it, not the code.
  const isBatch = field('batch', 'm').toLowerCase() === 'true';
  const message = (content: Buffer, properties: Readonly<Record<string, string>>): SentMessage => ({
    step,
    code,
    topic,
    body: content,
    properties,
    kind: kindOf(topic, properties),
    delayLevel: Number(properties[PropertyName.DELAY] ?? 0),
    outcome: 'unknown',
    queueId: undefined,
    queueOffset: undefined,
    physicalOffset: undefined,
    saidAt: 0,
    ackedAt: undefined,
    mayBeGone: false,
  });
  if (!isBatch) return [message(body ?? noBytes, decodeProperties(Buffer.from(field('properties', 'i'))))];
  try {
    return decodeBatch(body ?? noBytes).map((entry) => message(Buffer.from(entry.body), decodeProperties(entry.properties)));
  } catch (error) {
    if (!isMqError(error)) throw error;
    return [];
  }
}

function kindOf(topic: string, properties: Readonly<Record<string, string>>): SentMessage['kind'] {
  if (properties[PropertyName.TRANSACTION_PREPARED]?.toLowerCase() === 'true') return 'half';
  const names = [PropertyName.DELAY, PropertyName.TIMER_DELAY_SEC, PropertyName.TIMER_DELAY_MS, PropertyName.TIMER_DELIVER_MS];
  if (names.some((name) => properties[name] !== undefined)) return 'delayed';
  return topic.startsWith('%') ? 'rerouted' : 'plain';
}

/** Notes what the answer says. `undefined`: none came. */
export function noteAnswer(
  messages: readonly SentMessage[],
  answer: { readonly code: number; readonly extFields: Readonly<Record<string, string>> | undefined } | undefined,
): void {
  const outcome = outcomeOf(answer);
  if (answer === undefined || outcome === 'unknown' || messages.some(({ code }) => isReply(code))) return;
  if (outcome === 'refused') {
    for (const message of messages) message.outcome = 'refused';
    return;
  }
  const ids = (answer.extFields?.['msgId'] ?? '').split(',');
  const queueOffset = Number(answer.extFields?.['queueOffset']);
  for (const [index, message] of messages.entries()) {
    message.outcome = 'acked';
    message.queueId = Number(answer.extFields?.['queueId']);
    message.queueOffset = queueOffset + index;
    const id = ids[index];
    message.physicalOffset = id === undefined || id.length < 32 ? undefined : decodeOffsetMessageId(id).physicalOffset;
  }
}
