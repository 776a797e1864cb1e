import { defineHeader, type HeaderOf, optionalInt32, optionalInt64, optionalText, text } from '../header/header-codec.js';

/** GET_BROKER_MEMBER_GROUP (901): page 02 §5. */
export const brokerMemberGroupHeader = defineHeader({ clusterName: text(), brokerName: text() });

/** BROKER_HEARTBEAT (904); what is optional is meant for the controller. */
const heartbeatFields = {
  clusterName: text(),
  brokerAddr: text(),
  brokerName: text(),
  brokerId: optionalInt64(),
  epoch: optionalInt32(),
  maxOffset: optionalInt64(),
  confirmOffset: optionalInt64(),
  heartbeatTimeoutMills: optionalInt64(),
  electionPriority: optionalInt32(),
};
export const brokerHeartbeatHeader = defineHeader(heartbeatFields);
export type BrokerHeartbeatHeader = HeaderOf<typeof heartbeatFields>;

/** NOTIFY_MIN_BROKER_ID_CHANGE (905), from the NameServer to brokers, one-way: page 02 §8. */
const noticeFields = {
  minBrokerId: optionalInt64(),
  brokerName: optionalText(),
  minBrokerAddr: optionalText(),
  offlineBrokerAddr: optionalText(),
  haBrokerAddr: optionalText(),
};
export const notifyMinBrokerIdChangeHeader = defineHeader(noticeFields);
export type NotifyMinBrokerIdChangeHeader = HeaderOf<typeof noticeFields>;
