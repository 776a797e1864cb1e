import { defineHeader, type HeaderOf, int64, optionalText } from '../header/header-codec.js';

/** CHECK_TRANSACTION_STATE (39), broker to producer, one-way: page 07 §4. */
const fields = {
  tranStateTableOffset: int64(),
  commitLogOffset: int64(),
  msgId: optionalText(),
  transactionId: optionalText(),
  offsetMsgId: optionalText(),
  topic: optionalText(),
  brokerName: optionalText('bname'),
};
export const checkTransactionStateHeader = defineHeader(fields);
export type CheckTransactionStateHeader = HeaderOf<typeof fields>;
