import {
  defineHeader,
  type HeaderOf,
  int64,
  optionalBool,
  optionalInt32,
  optionalInt64,
  optionalText,
  text,
} from '../header/header-codec.js';

/** REGISTER_BROKER (103): page 02 §2. */
const fields = {
  brokerName: text(),
  brokerAddr: text(),
  clusterName: text(),
  haServerAddr: text(),
  brokerId: int64(),
  heartbeatTimeoutMillis: optionalInt64(),
  enableActingMaster: optionalBool(),
  compressed: optionalBool(),
  bodyCrc32: optionalInt32(),
};
export const registerBrokerHeader = defineHeader(fields);
export type RegisterBrokerHeader = HeaderOf<typeof fields>;

const responseFields = {
  haServerAddr: optionalText(),
  masterAddr: optionalText(),
};
export const registerBrokerResponseHeader = defineHeader(responseFields);
export type RegisterBrokerResponseHeader = HeaderOf<typeof responseFields>;
