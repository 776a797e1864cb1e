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

/** CONSUMER_SEND_MSG_BACK (36): page 06 §2. `offset` is physical. */
const fields = {
  offset: int64(),
  group: text(),
  delayLevel: int32(),
  originMsgId: optionalText(),
  originTopic: optionalText(),
  unitMode: optionalBool(),
  maxReconsumeTimes: optionalInt32(),
  brokerName: optionalText('bname'),
};
export const consumerSendMessageBackHeader = defineHeader(fields);
export type ConsumerSendMessageBackHeader = HeaderOf<typeof fields>;
