import { ReceivedCommand } from '../frame/received-command.js';
import type { RemotingCommand } from '../frame/remoting-command.js';
import { FieldLocator } from '../header/field-locator.js';
import { sendMessageResponseHeader } from './send-message.js';

/** What a producer wants of the answer to a send. */
export interface SendMessageResult {
  /** Offset message id; those of a batch joined by commas. */
  readonly msgId: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly transactionId: string | undefined;
  readonly recallHandle: string | undefined;
}

const Field = { MSG_ID: 0, QUEUE_ID: 1, QUEUE_OFFSET: 2, TRANSACTION_ID: 3, RECALL_HANDLE: 4 } as const;

const locator = new FieldLocator(['msgId', 'queueId', 'queueOffset', 'transactionId', 'recallHandle']);

function readFields(command: ReceivedCommand): SendMessageResult | undefined {
  if (!locator.locate(command)) return undefined;
  const msgId = locator.text(Field.MSG_ID);
  const queueId = locator.integer(Field.QUEUE_ID, -2147483648, 2147483647);
  const queueOffset = locator.integer(Field.QUEUE_OFFSET, 0, Number.MAX_SAFE_INTEGER);
  if (msgId === undefined || Number.isNaN(queueId) || Number.isNaN(queueOffset)) return undefined;
  const transactionId = locator.text(Field.TRANSACTION_ID);
  return { msgId, queueId, queueOffset, transactionId, recallHandle: locator.text(Field.RECALL_HANDLE) };
}

/**
 * Reads the header of an answer to SEND_MESSAGE, SEND_MESSAGE_V2 or SEND_BATCH_MESSAGE straight from a received frame, JSON
 * or binary. Throws a `ProtocolError` `HEADER_INVALID` that names the field.
 */
export function decodeSendMessageResponse(command: RemotingCommand): SendMessageResult {
  if (command instanceof ReceivedCommand) {
    const fields = readFields(command);
    locator.release();
    if (fields !== undefined) return fields;
  }
  const { msgId, queueId, queueOffset, transactionId, recallHandle } = sendMessageResponseHeader.decodeCommand(command);
  return { msgId, queueId, queueOffset, transactionId, recallHandle };
}
