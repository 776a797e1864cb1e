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

/**
 * PUSH_REPLY_MESSAGE_TO_CLIENT (326): a broker hands a reply, unchanged and still compressed, to the producer that asked
 * (Java: ReplyMessageRequestHeader; page 35 §3). `producerGroup` is the replier's; hosts are `ip:port`.
 */
const fields = {
  producerGroup: text(),
  topic: text(),
  defaultTopic: text(),
  defaultTopicQueueNums: int32(),
  queueId: int32(),
  sysFlag: int32(),
  bornTimestamp: int64(),
  flag: int32(),
  /** With PUSH_REPLY_TIME. */
  properties: optionalText(),
  reconsumeTimes: optionalInt32(),
  unitMode: optionalBool(),
  /** The replier, as the broker sees it. */
  bornHost: text(),
  /** The broker. */
  storeHost: text(),
  storeTimestamp: int64(),
};
export const pushReplyMessageHeader = defineHeader(fields);
export type PushReplyMessageHeader = HeaderOf<typeof fields>;
