import {
  defineHeader,
  type HeaderOf,
  int32,
  int64,
  optionalBool,
  optionalInt32,
  optionalText,
  text,
} from '../header/header-codec.js';
import { sentMessageFields } from './sent-message-fields.js';

/** SEND_MESSAGE (10): long names (page 03 §1). */
const longFields = {
  ...sentMessageFields,
  maxReconsumeTimes: optionalInt32(),
  batch: optionalBool(),
  brokerName: optionalText('bname'),
};

/** SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320): the same with one-letter names. */
const shortFields = {
  producerGroup: text('a'),
  topic: text('b'),
  defaultTopic: text('c'),
  defaultTopicQueueNums: int32('d'),
  queueId: int32('e'),
  sysFlag: int32('f'),
  bornTimestamp: int64('g'),
  flag: int32('h'),
  properties: optionalText('i'),
  reconsumeTimes: optionalInt32('j'),
  unitMode: optionalBool('k'),
  maxReconsumeTimes: optionalInt32('l'),
  batch: optionalBool('m'),
  brokerName: optionalText('n'),
};

export const sendMessageHeader = defineHeader(longFields);
export const sendMessageV2Header = defineHeader(shortFields);
export type SendMessageHeader = HeaderOf<typeof longFields>;

const responseFields = {
  /** Offset message id. */
  msgId: text(),
  queueId: int32(),
  queueOffset: int64(),
  /** 5.x brokers: the UNIQ_KEY. */
  transactionId: optionalText(),
  /** 5.3.2 and later, of a timed message with `recallMessageEnable`. */
  recallHandle: optionalText(),
  MSG_REGION: optionalText(),
  TRACE_ON: optionalText(),
};
export const sendMessageResponseHeader = defineHeader(responseFields);
export type SendMessageResponseHeader = HeaderOf<typeof responseFields>;
