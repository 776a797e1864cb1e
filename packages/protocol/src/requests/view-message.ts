import { defineHeader, type HeaderOf, int64, optionalText } from '../header/header-codec.js';

/** VIEW_MESSAGE_BY_ID (33): page 04 §9. */
const fields = {
  /** Physical offset. */
  offset: int64(),
  topic: optionalText(),
};
export const viewMessageHeader = defineHeader(fields);
export type ViewMessageHeader = HeaderOf<typeof fields>;
