import {
  bool,
  defineHeader,
  type HeaderOf,
  int64,
  optionalBool,
  optionalInt32,
  optionalInt64,
  optionalText,
  text,
} from '../header/header-codec.js';

/** How operators move the offsets of groups (page 32 §2 and §5). */

/** INVOKE_BROKER_TO_RESET_OFFSET (222). */
const resetFields = {
  topic: text(),
  group: text(),
  /** Milliseconds; -1: the end of each queue. */
  timestamp: int64(),
  /** Also forward. */
  isForce: optionalBool(),
  /** 5.x: -1 or absent means all queues. */
  queueId: optionalInt32(),
  /** 5.x: with a queue, instead of the time. */
  offset: optionalInt64(),
};
export const resetOffsetHeader = defineHeader(resetFields);
export type ResetOffsetHeader = HeaderOf<typeof resetFields>;

/** RESET_CONSUMER_CLIENT_OFFSET (220), one-way to clients; the offsets are in the body. */
const clientResetFields = {
  topic: text(),
  group: text(),
  timestamp: int64(),
  isForce: bool(),
};
export const resetClientOffsetHeader = defineHeader(clientResetFields);
export type ResetClientOffsetHeader = HeaderOf<typeof clientResetFields>;

/** INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223) and GET_CONSUMER_STATUS_FROM_CLIENT (221), which names no client. */
const statusFields = {
  topic: text(),
  group: text(),
  clientAddr: optionalText(),
};
export const consumerStatusHeader = defineHeader(statusFields);
export type ConsumerStatusHeader = HeaderOf<typeof statusFields>;

/** CLONE_GROUP_OFFSET (314). */
const cloneFields = {
  srcGroup: text(),
  destGroup: text(),
  topic: optionalText(),
  /** Whatever the destination's members subscribe to. */
  offline: optionalBool(),
};
export const cloneGroupOffsetHeader = defineHeader(cloneFields);
export type CloneGroupOffsetHeader = HeaderOf<typeof cloneFields>;

/** QUERY_CORRECTION_OFFSET (308). */
const correctionFields = {
  topic: text(),
  compareGroup: text(),
  /** Groups that do not count, separated by commas. */
  filterGroups: optionalText(),
};
export const correctionOffsetHeader = defineHeader(correctionFields);
export type CorrectionOffsetHeader = HeaderOf<typeof correctionFields>;
