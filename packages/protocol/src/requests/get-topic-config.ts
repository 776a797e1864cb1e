import { defineHeader, type HeaderOf, text } from '../header/header-codec.js';

/** GET_TOPIC_CONFIG (351): page 32. */
const fields = {
  topic: text(),
};
export const getTopicConfigHeader = defineHeader(fields);
export type GetTopicConfigHeader = HeaderOf<typeof fields>;
