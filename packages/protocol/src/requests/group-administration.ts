import { defineHeader, type HeaderOf, optionalBool, text } from '../header/header-codec.js';

/** GET_SUBSCRIPTIONGROUP_CONFIG (352): page 32. */
const getFields = {
  group: text(),
};
export const getGroupConfigHeader = defineHeader(getFields);
export type GetGroupConfigHeader = HeaderOf<typeof getFields>;

/** DELETE_SUBSCRIPTIONGROUP (207): page 32. Whether the group's offsets go too is `removeOffset` to 4.9 and `cleanOffset` to 5.x. */
const deleteFields = {
  groupName: text(),
  cleanOffset: optionalBool(),
  removeOffset: optionalBool(),
};
export const deleteGroupHeader = defineHeader(deleteFields);
export type DeleteGroupHeader = HeaderOf<typeof deleteFields>;

/** UPDATE_AND_GET_GROUP_FORBIDDEN (353): without `readable` it only asks. */
const forbiddenFields = {
  group: text(),
  topic: text(),
  readable: optionalBool(),
};
export const groupForbiddenHeader = defineHeader(forbiddenFields);
export type GroupForbiddenHeader = HeaderOf<typeof forbiddenFields>;
