/** Header fields of a client's usual requests. */
import { type ExtFields, sendMessageV2Header } from '@orbitmq/protocol';

/** Of SEND_MESSAGE_V2, to queue 0. */
export function sendFields(topic: string, bornTimestamp: number, defaultTopicQueueNums = 1): ExtFields {
  return sendMessageV2Header.encode({
    producerGroup: 'p',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp,
    flag: 0,
    properties: undefined,
    reconsumeTimes: 0,
    unitMode: false,
    maxReconsumeTimes: undefined,
    batch: false,
    brokerName: undefined,
  });
}

/** Of PULL_MESSAGE, of queue 0, without waiting. */
export function pullFields(topic: string, queueOffset: number): ExtFields {
  return {
    consumerGroup: 'g',
    topic,
    queueId: '0',
    queueOffset: String(queueOffset),
    maxMsgNums: '32',
    sysFlag: '4',
    commitOffset: '0',
    suspendTimeoutMillis: '0',
    subscription: '*',
    subVersion: '0',
  };
}
