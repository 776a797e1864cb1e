import { defineHeader, type HeaderOf, int32, int64, optionalBool, optionalText, text } from '../header/header-codec.js';

/** END_TRANSACTION (37), one-way: page 07 §2. `commitOrRollback` is 8, 12 or 0. */
const fields = {
  producerGroup: text(),
  tranStateTableOffset: int64(),
  commitLogOffset: int64(),
  commitOrRollback: int32(),
  fromTransactionCheck: optionalBool(),
  msgId: text(),
  transactionId: optionalText(),
  topic: optionalText(),
  brokerName: optionalText('bname'),
};
export const endTransactionHeader = defineHeader(fields);
export type EndTransactionHeader = HeaderOf<typeof fields>;
