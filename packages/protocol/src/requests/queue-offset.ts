import { defineHeader, type HeaderOf, int32, int64, optionalText, text } from '../header/header-codec.js';

/** GET_MAX_OFFSET (30), GET_MIN_OFFSET (31) and GET_EARLIEST_MSG_STORETIME (32): page 04 §9. */
const fields = {
  topic: text(),
  queueId: int32(),
  brokerName: optionalText('bname'),
};
export const queueOffsetHeader = defineHeader(fields);
export type QueueOffsetHeader = HeaderOf<typeof fields>;

const responseFields = {
  offset: int64(),
};
export const queueOffsetResponseHeader = defineHeader(responseFields);
export type QueueOffsetResponseHeader = HeaderOf<typeof responseFields>;

const earliestResponseFields = { timestamp: int64() };
export const earliestStoreTimeResponseHeader = defineHeader(earliestResponseFields);
