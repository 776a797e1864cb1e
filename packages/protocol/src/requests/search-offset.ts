import { defineHeader, type HeaderOf, int32, int64, optionalText, text } from '../header/header-codec.js';

/** SEARCH_OFFSET_BY_TIMESTAMP (29): page 04 §9. */
const fields = {
  topic: text(),
  queueId: int32(),
  timestamp: int64(),
  /** 5.x: LOWER (default) or UPPER. */
  boundaryType: optionalText(),
  brokerName: optionalText('bname'),
};
export const searchOffsetHeader = defineHeader(fields);
export type SearchOffsetHeader = HeaderOf<typeof fields>;

const responseFields = {
  offset: int64(),
};
export const searchOffsetResponseHeader = defineHeader(responseFields);
export type SearchOffsetResponseHeader = HeaderOf<typeof responseFields>;
