import { defineHeader, type HeaderOf, int32, optionalBool, optionalInt32, optionalText, text } from '../header/header-codec.js';

/** UPDATE_AND_CREATE_TOPIC (17): page 32. */
const fields = {
  topic: text(),
  defaultTopic: optionalText(),
  readQueueNums: int32(),
  writeQueueNums: int32(),
  perm: int32(),
  topicFilterType: optionalText(),
  topicSysFlag: optionalInt32(),
  order: optionalBool(),
  attributes: optionalText(),
};
export const createTopicHeader = defineHeader(fields);
export type CreateTopicHeader = HeaderOf<typeof fields>;
