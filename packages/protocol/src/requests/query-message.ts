import { defineHeader, type HeaderOf, int32, int64, optionalText, text } from '../header/header-codec.js';

/** QUERY_MESSAGE (12): page 04 §9. */
const fields = {
  topic: text(),
  key: text(),
  maxNum: int32(),
  /** Store times, both inclusive. */
  beginTimestamp: int64(),
  endTimestamp: int64(),
  /** Since 5.5: `K` a word of KEYS, `U` the unique key, `T` the tags. */
  indexType: optionalText(),
  /** Not of the Java header class: `true` asks for the unique key. Older servers leave it out of the signature (page 33). */
  uniqueKeyQuery: optionalText('_UNIQUE_KEY_QUERY'),
};
export const queryMessageHeader = defineHeader(fields);
export type QueryMessageHeader = HeaderOf<typeof fields>;

const responseFields = {
  /** Store time of the newest indexed message. */
  indexLastUpdateTimestamp: int64(),
  indexLastUpdatePhyoffset: int64(),
};
export const queryMessageResponseHeader = defineHeader(responseFields);
export type QueryMessageResponseHeader = HeaderOf<typeof responseFields>;
