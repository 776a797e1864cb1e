import { RequestCode } from '../codes.js';
import { ReceivedCommand } from '../frame/received-command.js';
import type { RemotingCommand } from '../frame/remoting-command.js';
import { FieldLocator } from '../header/field-locator.js';
import { type SendMessageHeader, sendMessageHeader, sendMessageV2Header } from './send-message.js';

/** A send header as it was received. */
export interface ReceivedSendMessageHeader extends SendMessageHeader {
  /** The property string as UTF-8, as the log wants it; may be a view of the received frame. `properties` makes text of it. */
  readonly propertiesBytes: Buffer | undefined;
}

class SendMessageFields implements ReceivedSendMessageHeader {
  producerGroup = '';
  topic = '';
  defaultTopic = '';
  defaultTopicQueueNums = 0;
  queueId = 0;
  sysFlag = 0;
  bornTimestamp = 0;
  flag = 0;
  reconsumeTimes: number | undefined = undefined;
  unitMode: boolean | undefined = undefined;
  maxReconsumeTimes: number | undefined = undefined;
  batch: boolean | undefined = undefined;
  brokerName: string | undefined = undefined;
  propertiesBytes: Buffer | undefined = undefined;

  get properties(): string | undefined {
    return this.propertiesBytes?.toString('utf8');
  }
}

/** Places of the fields in both lists of names. */
const Field = {
  PRODUCER_GROUP: 0,
  TOPIC: 1,
  DEFAULT_TOPIC: 2,
  DEFAULT_TOPIC_QUEUE_NUMS: 3,
  QUEUE_ID: 4,
  SYS_FLAG: 5,
  BORN_TIMESTAMP: 6,
  FLAG: 7,
  PROPERTIES: 8,
  RECONSUME_TIMES: 9,
  UNIT_MODE: 10,
  MAX_RECONSUME_TIMES: 11,
  BATCH: 12,
  BROKER_NAME: 13,
} as const;

const shortNames = new FieldLocator(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n']);
const longNames = new FieldLocator([
  'producerGroup',
  'topic',
  'defaultTopic',
  'defaultTopicQueueNums',
  'queueId',
  'sysFlag',
  'bornTimestamp',
  'flag',
  'properties',
  'reconsumeTimes',
  'unitMode',
  'maxReconsumeTimes',
  'batch',
  'bname',
]);

const int32Min = -2147483648;
const int32Max = 2147483647;

/** Reads the usual form of a send header; undefined when something about it is unusual or wrong. */
function readFields(command: ReceivedCommand, locator: FieldLocator): SendMessageFields | undefined {
  if (!locator.locate(command)) return undefined;
  const producerGroup = locator.name(Field.PRODUCER_GROUP);
  const topic = locator.name(Field.TOPIC);
  const defaultTopic = locator.name(Field.DEFAULT_TOPIC);
  const brokerName = locator.name(Field.BROKER_NAME);
  if (producerGroup === undefined || topic === undefined || defaultTopic === undefined) return undefined;
  if (brokerName === undefined && locator.has(Field.BROKER_NAME)) return undefined;
  const reconsumeTimes = locator.integer(Field.RECONSUME_TIMES, int32Min, int32Max);
  const maxReconsumeTimes = locator.integer(Field.MAX_RECONSUME_TIMES, int32Min, int32Max);
  const fields = new SendMessageFields();
  fields.producerGroup = producerGroup;
  fields.topic = topic;
  fields.defaultTopic = defaultTopic;
  fields.defaultTopicQueueNums = locator.integer(Field.DEFAULT_TOPIC_QUEUE_NUMS, int32Min, int32Max);
  fields.queueId = locator.integer(Field.QUEUE_ID, int32Min, int32Max);
  fields.sysFlag = locator.integer(Field.SYS_FLAG, int32Min, int32Max);
  fields.bornTimestamp = locator.integer(Field.BORN_TIMESTAMP, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  fields.flag = locator.integer(Field.FLAG, int32Min, int32Max);
  fields.reconsumeTimes = locator.has(Field.RECONSUME_TIMES) ? reconsumeTimes : undefined;
  fields.unitMode = locator.boolean(Field.UNIT_MODE);
  fields.maxReconsumeTimes = locator.has(Field.MAX_RECONSUME_TIMES) ? maxReconsumeTimes : undefined;
  fields.batch = locator.boolean(Field.BATCH);
  fields.brokerName = brokerName;
  // One sum tells whether any of the numbers is not one.
  const sum =
    fields.defaultTopicQueueNums +
    fields.queueId +
    fields.sysFlag +
    fields.bornTimestamp +
    fields.flag +
    (fields.reconsumeTimes ?? 0) +
    (fields.maxReconsumeTimes ?? 0);
  if (Number.isNaN(sum)) return undefined;
  if (locator.isEscaped(Field.UNIT_MODE) || locator.isEscaped(Field.BATCH)) return undefined;
  fields.propertiesBytes = locator.textBytes(Field.PROPERTIES);
  return fields;
}

function usesShortNames(code: number): boolean {
  return (
    code === RequestCode.SEND_MESSAGE_V2 || code === RequestCode.SEND_BATCH_MESSAGE || code === RequestCode.SEND_REPLY_MESSAGE_V2
  );
}

/**
 * Reads the header of SEND_MESSAGE (10) and SEND_REPLY_MESSAGE (324) with long names, of SEND_MESSAGE_V2 (310), SEND_BATCH_MESSAGE
 * (320) and SEND_REPLY_MESSAGE_V2 (325) with short ones, straight from a received frame, JSON or binary. Throws a `ProtocolError` `HEADER_INVALID` that names the field.
 */
export function decodeSendMessage(command: RemotingCommand): ReceivedSendMessageHeader {
  const isShort = usesShortNames(command.code);
  if (command instanceof ReceivedCommand) {
    const locator = isShort ? shortNames : longNames;
    const fields = readFields(command, locator);
    locator.release();
    if (fields !== undefined) return fields;
  }
  const header = (isShort ? sendMessageV2Header : sendMessageHeader).decodeCommand(command);
  const { properties, ...others } = header;
  const propertiesBytes = properties === undefined ? undefined : Buffer.from(properties, 'utf8');
  return Object.assign(new SendMessageFields(), others, { propertiesBytes });
}
