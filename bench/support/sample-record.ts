import { encodeHost, encodeProperties, type RecordParts } from '@orbitmq/protocol';

/** A message of 1 KiB as the load generator sends it, with the given properties. */
export function sampleRecord(properties: Readonly<Record<string, string>>, bodyBytes = 1024): RecordParts {
  return {
    topicBytes: Buffer.from('TopicT'),
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_795_216_927_080,
    bornHost: encodeHost('127.0.0.1:50000'),
    storeHost: encodeHost('127.0.0.1:10911'),
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(bodyBytes, 0x61),
    properties: Buffer.from(encodeProperties(properties)),
  };
}
