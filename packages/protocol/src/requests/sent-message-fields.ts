import { int32, int64, optionalBool, optionalInt32, optionalText, text } from '../header/header-codec.js';

/** What a sent message has beside its body (page 03 §1), as requests with long names carry it: sent by a client, or handed on by a broker. */
export const sentMessageFields = {
  producerGroup: text(),
  topic: text(),
  defaultTopic: text(),
  defaultTopicQueueNums: int32(),
  queueId: int32(),
  sysFlag: int32(),
  bornTimestamp: int64(),
  flag: int32(),
  properties: optionalText(),
  reconsumeTimes: optionalInt32(),
  unitMode: optionalBool(),
};
