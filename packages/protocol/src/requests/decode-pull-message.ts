import { ReceivedCommand } from '../frame/received-command.js';
import type { RemotingCommand } from '../frame/remoting-command.js';
import { FieldLocator } from '../header/field-locator.js';
import { type PullMessageHeader, pullMessageHeader } from './pull-message.js';

/** Places of the fields in the list of names. */
const Field = {
  CONSUMER_GROUP: 0,
  TOPIC: 1,
  QUEUE_ID: 2,
  QUEUE_OFFSET: 3,
  MAX_MSG_NUMS: 4,
  SYS_FLAG: 5,
  COMMIT_OFFSET: 6,
  SUSPEND_TIMEOUT_MILLIS: 7,
  SUBSCRIPTION: 8,
  SUB_VERSION: 9,
  EXPRESSION_TYPE: 10,
  MAX_MSG_BYTES: 11,
  BROKER_NAME: 12,
} as const;

const locator = new FieldLocator([
  'consumerGroup',
  'topic',
  'queueId',
  'queueOffset',
  'maxMsgNums',
  'sysFlag',
  'commitOffset',
  'suspendTimeoutMillis',
  'subscription',
  'subVersion',
  'expressionType',
  'maxMsgBytes',
  'bname',
]);

const int32Min = -2147483648;
const int32Max = 2147483647;
const int64Min = Number.MIN_SAFE_INTEGER;
const int64Max = Number.MAX_SAFE_INTEGER;

/** An optional text is there and plain, or not there at all. */
function isPlain(text: string | undefined, index: number): boolean {
  return text !== undefined || !locator.has(index);
}

/** Reads the usual form of a pull header; undefined when something about it is unusual or wrong. */
function readFields(command: ReceivedCommand): PullMessageHeader | undefined {
  if (!locator.locate(command)) return undefined;
  const consumerGroup = locator.name(Field.CONSUMER_GROUP);
  const topic = locator.name(Field.TOPIC);
  const subscription = locator.name(Field.SUBSCRIPTION);
  const expressionType = locator.name(Field.EXPRESSION_TYPE);
  const brokerName = locator.name(Field.BROKER_NAME);
  if (consumerGroup === undefined || topic === undefined) return undefined;
  if (!isPlain(subscription, Field.SUBSCRIPTION)) return undefined;
  if (!isPlain(expressionType, Field.EXPRESSION_TYPE) || !isPlain(brokerName, Field.BROKER_NAME)) return undefined;
  const header = {
    consumerGroup,
    topic,
    queueId: locator.integer(Field.QUEUE_ID, int32Min, int32Max),
    queueOffset: locator.integer(Field.QUEUE_OFFSET, int64Min, int64Max),
    maxMsgNums: locator.integer(Field.MAX_MSG_NUMS, int32Min, int32Max),
    sysFlag: locator.integer(Field.SYS_FLAG, int32Min, int32Max),
    commitOffset: locator.integer(Field.COMMIT_OFFSET, int64Min, int64Max),
    suspendTimeoutMillis: locator.integer(Field.SUSPEND_TIMEOUT_MILLIS, int64Min, int64Max),
    subscription,
    subVersion: locator.roundedInteger(Field.SUB_VERSION),
    expressionType,
    maxMsgBytes: locator.has(Field.MAX_MSG_BYTES) ? locator.integer(Field.MAX_MSG_BYTES, int32Min, int32Max) : undefined,
    brokerName,
  };
  // One sum tells whether any of the numbers is not one.
  const sum =
    header.queueId +
    header.queueOffset +
    header.maxMsgNums +
    header.sysFlag +
    header.commitOffset +
    header.suspendTimeoutMillis +
    header.subVersion +
    (header.maxMsgBytes ?? 0);
  return Number.isNaN(sum) ? undefined : header;
}

/**
 * Reads the header of PULL_MESSAGE (11) straight from a received frame, JSON or binary. Throws a `ProtocolError`
 * `HEADER_INVALID` that names the field.
 */
export function decodePullMessage(command: RemotingCommand): PullMessageHeader {
  if (command instanceof ReceivedCommand) {
    const header = readFields(command);
    locator.release();
    if (header !== undefined) return header;
  }
  return pullMessageHeader.decodeCommand(command);
}
