import type { MessageExt } from '@orbitmq/protocol';
import { encodeProperties } from '@orbitmq/protocol';
import { type PullContext, ReceivedMessage } from '../received-message.js';

export const context: PullContext = { brokerName: 'broker-a', minOffset: '3', maxOffset: '30', bodyBytesMax: 1024 };

/** A message as pulled, without the bytes of a record. */
export function plainMessage(
  queueOffset: number,
  fields: Partial<MessageExt> & { readonly properties?: Readonly<Record<string, string>> } = {},
): ReceivedMessage {
  const { properties, ...record } = fields;
  return new ReceivedMessage(
    {
      storeSizeBytes: 100,
      bodyCrc: 0,
      topic: 'orders',
      queueId: 0,
      flag: 0,
      queueOffset,
      physicalOffset: queueOffset * 1000,
      sysFlag: 0,
      bornTimestamp: 1,
      bornHost: '10.0.0.9:1234',
      storeTimestamp: 2,
      storeHost: '127.0.0.1:10911',
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from(`m${queueOffset}`),
      propertiesBytes: Buffer.from(encodeProperties(properties ?? {})),
      ...record,
    },
    context,
  );
}
