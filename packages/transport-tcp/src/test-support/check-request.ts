import {
  checkTransactionStateHeader,
  createRequest,
  encodeHost,
  encodeProperties,
  encodeRecord,
  type RemotingCommand,
  RequestCode,
  recordSizeBytes,
} from '@orbitmq/protocol';

export interface CheckRequestOptions {
  readonly group: string;
  readonly messageId: string;
  readonly body?: Buffer;
  readonly sysFlag?: number;
  readonly properties?: Readonly<Record<string, string>>;
}

/** CHECK_TRANSACTION_STATE as a broker sends it: half-queue offset 5, commit-log offset 6832, the message in the body (page 07 §4). */
export function checkRequest(options: CheckRequestOptions): RemotingCommand {
  const { group, messageId, body = Buffer.from('hello'), sysFlag = 0, properties = {} } = options;
  const host = encodeHost('127.0.0.1:10911');
  const parts = {
    topicBytes: Buffer.from('orders'),
    queueId: 2,
    flag: 0,
    sysFlag,
    bornTimestamp: 1000,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body,
    properties: Buffer.from(encodeProperties({ UNIQ_KEY: messageId, TRAN_MSG: 'true', PGROUP: group, ...properties })),
  };
  const record = Buffer.alloc(recordSizeBytes(parts));
  encodeRecord(record, 0, parts, { queueOffset: 5, physicalOffset: 6832, storeTimestamp: 2000 });
  const extFields = checkTransactionStateHeader.encode({
    tranStateTableOffset: 5,
    commitLogOffset: 6832,
    msgId: messageId,
    transactionId: messageId,
    offsetMsgId: undefined,
    topic: undefined,
    brokerName: undefined,
  });
  return createRequest(RequestCode.CHECK_TRANSACTION_STATE, { extFields, body: record }, true);
}
