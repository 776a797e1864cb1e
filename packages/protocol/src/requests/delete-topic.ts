import { defineHeader, type HeaderOf, optionalText } from '../header/header-codec.js';

/** DELETE_TOPIC_IN_BROKER (215): page 32 §5. A missing name is refused as a blank one. */
const fields = {
  topic: optionalText(),
};
export const deleteTopicHeader = defineHeader(fields);
export type DeleteTopicHeader = HeaderOf<typeof fields>;
