import type { SendReceipt } from '@orbitmq/core';
import { decodeSendMessageResponse, type RemotingCommand, type SendMessageResult } from '@orbitmq/protocol';
import type { PublishTarget } from './publish-target.js';

export function receiptOf(response: RemotingCommand, target: PublishTarget, messageId: string): SendReceipt {
  const header = decodeSendMessageResponse(response);
  return receipt(header, target, messageId, header.msgId, header.queueOffset);
}

/**
 * One receipt per message of a batch: the answer names the first offset, and the offset ids joined by commas; a broker that
 * stored the batch as one message (5.x, BatchCQ) names one.
 */
export function receiptsOf(response: RemotingCommand, target: PublishTarget, messageIds: readonly string[]): SendReceipt[] {
  const header = decodeSendMessageResponse(response);
  const offsetIds = header.msgId.split(',');
  return messageIds.map((messageId, index) =>
    receipt(header, target, messageId, offsetIds[index] ?? offsetIds[0] ?? '', header.queueOffset + index),
  );
}

function receipt(
  header: SendMessageResult,
  target: PublishTarget,
  messageId: string,
  offsetMessageId: string,
  queueOffset: number,
): SendReceipt {
  return {
    messageId,
    offsetMessageId,
    brokerName: target.queue.brokerName,
    queueId: header.queueId,
    queueOffset,
    transactionId: header.transactionId,
    recallHandle: header.recallHandle,
  };
}
