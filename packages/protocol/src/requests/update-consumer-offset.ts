import { defineHeader, type HeaderOf, int32, int64, optionalText, text } from '../header/header-codec.js';

/** UPDATE_CONSUMER_OFFSET (15), usually one-way: page 05 §4. */
const fields = {
  consumerGroup: text(),
  topic: text(),
  queueId: int32(),
  commitOffset: int64(),
  brokerName: optionalText('bname'),
};
export const updateConsumerOffsetHeader = defineHeader(fields);
export type UpdateConsumerOffsetHeader = HeaderOf<typeof fields>;
