import { defineHeader, type HeaderOf, optionalInt32, optionalText } from '../header/header-codec.js';

/**
 * GET_ALL_TOPIC_CONFIG (21) and GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201): 5.x asks for pages, 4.9 sends no header and gets
 * everything. `dataVersion` is the JSON of the version that the page before carried; with another one the pages begin anew.
 */
const topicFields = {
  topicSeq: optionalInt32(),
  maxTopicNum: optionalInt32(),
  dataVersion: optionalText(),
};
export const getAllTopicConfigHeader = defineHeader(topicFields);
export type GetAllTopicConfigHeader = HeaderOf<typeof topicFields>;

const groupFields = {
  groupSeq: optionalInt32(),
  maxGroupNum: optionalInt32(),
  dataVersion: optionalText(),
};
export const getAllGroupConfigHeader = defineHeader(groupFields);
export type GetAllGroupConfigHeader = HeaderOf<typeof groupFields>;

const topicResponseFields = {
  totalTopicNum: optionalInt32(),
};
export const getAllTopicConfigResponseHeader = defineHeader(topicResponseFields);
export type GetAllTopicConfigResponseHeader = HeaderOf<typeof topicResponseFields>;

const groupResponseFields = {
  totalGroupNum: optionalInt32(),
};
export const getAllGroupConfigResponseHeader = defineHeader(groupResponseFields);
export type GetAllGroupConfigResponseHeader = HeaderOf<typeof groupResponseFields>;
