import { defineHeader, type HeaderOf, optionalText, text } from '../header/header-codec.js';

/** RECALL_MESSAGE (370), 5.3.2 and later: page 06 §5. */
const fields = {
  producerGroup: optionalText(),
  topic: text(),
  /** Absent: refused as one that cannot be read. */
  recallHandle: optionalText(),
  brokerName: optionalText('bname'),
};
export const recallMessageHeader = defineHeader(fields);
export type RecallMessageHeader = HeaderOf<typeof fields>;

const responseFields = {
  /** UNIQ_KEY of the message that was taken back. */
  msgId: text(),
};
export const recallMessageResponseHeader = defineHeader(responseFields);
export type RecallMessageResponseHeader = HeaderOf<typeof responseFields>;
