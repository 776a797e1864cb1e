import { defineHeader, type HeaderOf, int64, text } from '../header/header-codec.js';
import { sentMessageFields } from './sent-message-fields.js';

/**
 * PUSH_REPLY_MESSAGE_TO_CLIENT (326): a broker hands a reply, unchanged and still compressed, to the producer that asked
 * (Java: ReplyMessageRequestHeader; page 35 §3). `producerGroup` is the replier's, `properties` has PUSH_REPLY_TIME; hosts are `ip:port`.
 */
const fields = {
  ...sentMessageFields,
  /** The replier, as the broker sees it. */
  bornHost: text(),
  /** The broker. */
  storeHost: text(),
  storeTimestamp: int64(),
};
export const pushReplyMessageHeader = defineHeader(fields);
export type PushReplyMessageHeader = HeaderOf<typeof fields>;
