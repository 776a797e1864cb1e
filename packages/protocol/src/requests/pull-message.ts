import {
  defineHeader,
  type HeaderOf,
  int32,
  int64,
  optionalInt32,
  optionalText,
  rounded64,
  text,
} from '../header/header-codec.js';

/** PULL_MESSAGE (11): page 04 §1. */
const fields = {
  consumerGroup: text(),
  topic: text(),
  queueId: int32(),
  queueOffset: int64(),
  maxMsgNums: int32(),
  sysFlag: int32(),
  commitOffset: int64(),
  suspendTimeoutMillis: int64(),
  subscription: optionalText(),
  subVersion: rounded64(),
  expressionType: optionalText(),
  maxMsgBytes: optionalInt32(),
  brokerName: optionalText('bname'),
};
export const pullMessageHeader = defineHeader(fields);
export type PullMessageHeader = HeaderOf<typeof fields>;

const responseFields = {
  suggestWhichBrokerId: int64(),
  nextBeginOffset: int64(),
  minOffset: int64(),
  maxOffset: int64(),
  topicSysFlag: optionalInt32(),
  groupSysFlag: optionalInt32(),
};
export const pullMessageResponseHeader = defineHeader(responseFields);
export type PullMessageResponseHeader = HeaderOf<typeof responseFields>;

/** Bits of a pull's sysFlag (Java: PullSysFlag). */
export const PullSysFlag = { COMMIT_OFFSET: 1, SUSPEND: 2, SUBSCRIPTION: 4, CLASS_FILTER: 8, LITE_PULL: 16 } as const;
