import { defineHeader, type HeaderOf, text } from '../header/header-codec.js';

/** GET_CONSUMER_LIST_BY_GROUP (38) and NOTIFY_CONSUMER_IDS_CHANGED (40): page 05 §2. */
const fields = {
  consumerGroup: text(),
};
export const consumerGroupHeader = defineHeader(fields);
export type ConsumerGroupHeader = HeaderOf<typeof fields>;
