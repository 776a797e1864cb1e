import type { IncomingMessage } from '@orbitmq/core';
import {
  decodeProperties,
  decompressBody,
  encodeHost,
  encodeOffsetMessageId,
  type MessageExt,
  PropertyName,
} from '@orbitmq/protocol';

/** The message of a transaction check, as the application's listener sees it. */
export function checkedMessage(
  record: MessageExt,
  options: { readonly brokerName: string | undefined; readonly bodyBytesMax: number },
): IncomingMessage {
  const properties = decodeProperties(record.propertiesBytes);
  const offsetMessageId = encodeOffsetMessageId(encodeHost(record.storeHost), record.physicalOffset);
  return {
    messageId: properties[PropertyName.UNIQ_KEY] ?? offsetMessageId,
    offsetMessageId,
    topic: record.topic,
    body: decompressBody(record.body, record.sysFlag, options.bodyBytesMax),
    tag: properties[PropertyName.TAGS],
    keys: properties[PropertyName.KEYS]?.split(' ').filter((key) => key !== '') ?? [],
    properties,
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    brokerName: options.brokerName,
    bornTimestamp: record.bornTimestamp,
    storeTimestamp: record.storeTimestamp,
    reconsumeTimes: record.reconsumeTimes,
  };
}
