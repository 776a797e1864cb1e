import { defineHeader, type HeaderOf, int32, int64, optionalBool, optionalText, text } from '../header/header-codec.js';

/** QUERY_CONSUMER_OFFSET (14): page 05 §4. */
const fields = {
  consumerGroup: text(),
  topic: text(),
  queueId: int32(),
  setZeroIfNotFound: optionalBool(),
  brokerName: optionalText('bname'),
};
export const queryConsumerOffsetHeader = defineHeader(fields);
export type QueryConsumerOffsetHeader = HeaderOf<typeof fields>;

const responseFields = {
  offset: int64(),
};
export const queryConsumerOffsetResponseHeader = defineHeader(responseFields);
export type QueryConsumerOffsetResponseHeader = HeaderOf<typeof responseFields>;
