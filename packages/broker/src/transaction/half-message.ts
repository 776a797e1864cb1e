import {
  decodeProperties,
  encodeProperties,
  type MessageExt,
  PropertyName,
  SysFlag,
  SystemTopic,
  transactionType,
} from '@orbitmq/protocol';
import type { DelayLevels } from '../schedule/delay-levels.js';
import { type Destination, delayDestination, delayLevelOf } from '../schedule/delay-rewrite.js';
import { parseJavaInt } from '../schedule/parse-java-int.js';
import { copyMessage } from '../store/copy-message.js';
import type { MessageToStore } from '../store/message-store.js';

/** All half messages of a broker share one queue. */
export const halfQueueId = 0;

/** On a half that an operator brought back from the parked ones. Ours; it is not on what gets committed. */
const resumedProperty = 'ORBITMQ_RESUMED';

/** TRAN_MSG decides, whatever the transaction bits of the sysFlag say (page 07 §1). */
export function isTransactional(properties: Readonly<Record<string, string>>): boolean {
  return properties[PropertyName.TRANSACTION_PREPARED]?.toLowerCase() === 'true';
}

/**
 * Makes a half message of a transactional one (Java: TransactionalMessageBridge.parseHalfMessageInner): its destination goes into
 * `properties`; nobody reads the half topic but the broker.
 */
export function prepareHalf(properties: Record<string, string>, destination: Destination): Destination {
  properties[PropertyName.REAL_TOPIC] = destination.topic;
  properties[PropertyName.REAL_QUEUE_ID] = String(destination.queueId);
  const uniqueKey = properties[PropertyName.UNIQ_KEY];
  if (uniqueKey !== undefined) properties[PropertyName.TRANSACTION_ID] = uniqueKey;
  // Of another transaction: a sender that hands on what it received, or one that means to end a stranger's.
  delete properties[PropertyName.TRAN_PREPARED_QUEUE_OFFSET];
  delete properties[PropertyName.TRANSACTION_CHECK_TIMES];
  delete properties[resumedProperty];
  return { topic: SystemTopic.TRANS_HALF, queueId: halfQueueId };
}

/** A half is stored with no transaction bits; the committed message gets them (page 07, trap 10). */
export function withoutTransactionBits(sysFlag: number): number {
  return sysFlag & ~SysFlag.TRANSACTION_MASK;
}

/** A half message as read from the log. */
export interface HalfMessage {
  readonly message: MessageExt;
  readonly properties: Readonly<Record<string, string>>;
  /** Producer group that may decide it; without one nobody can, and the checks park it. */
  readonly producerGroup: string | undefined;
  readonly destination: Destination;
  /** Half-queue offset of the first copy: a check writes the half again, and all copies are one transaction. */
  readonly origin: number;
  /** How often it was asked about. */
  readonly checkTimes: number;
  /** An operator had it checked again, here or at Apache's broker, and it was not asked about since. */
  readonly isReset: boolean;
  /** It was parked before. */
  readonly isResumed: boolean;
}

/** Undefined for what is no half message, or one without a destination. */
export function readHalf(message: MessageExt): HalfMessage | undefined {
  return message.topic === SystemTopic.TRANS_HALF ? read(message) : undefined;
}

/** A parked one as the half that it was; undefined for any other message. */
export function readParked(message: MessageExt): HalfMessage | undefined {
  return message.topic === SystemTopic.TRANS_CHECK_MAX_TIME ? read(message) : undefined;
}

/** One name for all halves of a transaction, also after it was parked; undefined when its producer gave it none. */
export function transactionKey(half: HalfMessage): string | undefined {
  const uniqueKey = half.properties[PropertyName.UNIQ_KEY];
  return uniqueKey === undefined ? undefined : `${half.producerGroup ?? ''}\n${uniqueKey}`;
}

function read(message: MessageExt): HalfMessage | undefined {
  if (transactionType(message.sysFlag) !== SysFlag.TRANSACTION_NOT) return undefined;
  const properties = decodeProperties(message.propertiesBytes);
  const producerGroup = properties[PropertyName.PRODUCER_GROUP];
  const topic = properties[PropertyName.REAL_TOPIC];
  const queueId = parseJavaInt(properties[PropertyName.REAL_QUEUE_ID] ?? '');
  if (topic === undefined || queueId === undefined) return undefined;
  return {
    message,
    properties,
    producerGroup,
    destination: { topic, queueId },
    origin: originOf(properties, message.queueOffset),
    checkTimes: Math.max(0, parseJavaInt(properties[PropertyName.TRANSACTION_CHECK_TIMES] ?? '') ?? 0),
    isReset: properties[PropertyName.TRANSACTION_CHECK_TIMES] === '0',
    isResumed: properties[resumedProperty] !== undefined,
  };
}

function originOf(properties: Readonly<Record<string, string>>, ownOffset: number): number {
  const text = properties[PropertyName.TRAN_PREPARED_QUEUE_OFFSET];
  const offset = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : ownOffset;
  return offset <= ownOffset ? offset : ownOffset;
}

/**
 * The message that consumers get (Java: EndTransactionProcessor.endMessageTransaction; without REAL_*, as 5.5). A delay level takes
 * effect now; our own sends refuse it, but Apache's broker stores such halves.
 */
export function committedMessage(half: HalfMessage, levels: DelayLevels): MessageToStore {
  const properties: Record<string, string> = { ...half.properties };
  delete properties[PropertyName.REAL_TOPIC];
  delete properties[PropertyName.REAL_QUEUE_ID];
  delete properties[resumedProperty];
  const level = delayLevelOf(properties) ?? 0;
  const destination = level > 0 ? delayDestination(levels, level, properties, half.destination) : half.destination;
  return copyMessage(half.message, {
    ...destination,
    sysFlag: withoutTransactionBits(half.message.sysFlag) | SysFlag.TRANSACTION_COMMIT,
    preparedTransactionOffset: half.message.physicalOffset,
    properties: Buffer.from(encodeProperties(properties)),
  });
}

/**
 * The half once more, for the tail of the half queue (Java: renewHalfMessageInner and renewImmunityHalfMessageInner). It names its
 * first copy, so that a decision about any copy is one about all.
 */
export function renewedHalf(half: HalfMessage, checkTimes: number): MessageToStore {
  const properties: Record<string, string> = { ...half.properties };
  properties[PropertyName.TRAN_PREPARED_QUEUE_OFFSET] = String(half.origin);
  if (checkTimes !== half.checkTimes) properties[PropertyName.TRANSACTION_CHECK_TIMES] = String(checkTimes);
  return copyMessage(half.message, {
    topic: SystemTopic.TRANS_HALF,
    queueId: halfQueueId,
    properties: Buffer.from(encodeProperties(properties)),
  });
}

/**
 * A parked one as a new half, with no checks behind it (Java: AdminBrokerProcessor.resumeCheckHalfMessage, which leaves the name of the
 * first copy on it; the decision about that one is taken).
 */
export function resumedHalf(parked: HalfMessage): MessageToStore {
  const properties: Record<string, string> = { ...parked.properties };
  delete properties[PropertyName.TRAN_PREPARED_QUEUE_OFFSET];
  properties[PropertyName.TRANSACTION_CHECK_TIMES] = '0';
  properties[resumedProperty] = 'true';
  return copyMessage(parked.message, {
    topic: SystemTopic.TRANS_HALF,
    queueId: halfQueueId,
    properties: Buffer.from(encodeProperties(properties)),
  });
}

/** A half that nobody decided in time, for operators to look at (Java: DefaultTransactionalMessageCheckListener.resolveDiscardMsg). */
export function parkedMessage(half: HalfMessage): MessageToStore {
  return copyMessage(half.message, {
    topic: SystemTopic.TRANS_CHECK_MAX_TIME,
    queueId: 0,
    properties: half.message.propertiesBytes,
  });
}
