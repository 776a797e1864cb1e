import type { TransactionResolution } from '@orbitmq/core';
import { createRequest, endTransactionHeader, type RemotingCommand, RequestCode, SysFlag } from '@orbitmq/protocol';

/** Which half message an outcome belongs to. */
export interface HalfMessagePlace {
  readonly producerGroup: string;
  /** UNIQ_KEY */
  readonly messageId: string;
  readonly transactionId: string | undefined;
  readonly topic: string;
  readonly brokerName: string | undefined;
  /** Offset in the half topic's queue. */
  readonly queueOffset: number;
  readonly physicalOffset: number;
}

const codeOf: Readonly<Record<TransactionResolution, number>> = {
  commit: SysFlag.TRANSACTION_COMMIT,
  rollback: SysFlag.TRANSACTION_ROLLBACK,
  unknown: SysFlag.TRANSACTION_NOT,
};

/** END_TRANSACTION (37), one-way: nobody answers it, and a lost one is repaired by the broker's check (page 07 §2). */
export function endTransactionRequest(
  place: HalfMessagePlace,
  resolution: TransactionResolution,
  options: { readonly fromTransactionCheck: boolean; readonly remark?: string | undefined },
): RemotingCommand {
  const extFields = endTransactionHeader.encode({
    producerGroup: place.producerGroup,
    tranStateTableOffset: place.queueOffset,
    commitLogOffset: place.physicalOffset,
    commitOrRollback: codeOf[resolution],
    fromTransactionCheck: options.fromTransactionCheck,
    msgId: place.messageId,
    transactionId: place.transactionId,
    topic: place.topic,
    brokerName: place.brokerName,
  });
  return createRequest(RequestCode.END_TRANSACTION, { extFields, remark: options.remark }, true);
}
