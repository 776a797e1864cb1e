import {
  type PullMessageHeader,
  PullSysFlag,
  pullMessageHeader,
  type SendMessageHeader,
  sendMessageV2Header,
} from '@orbitmq/protocol';

type Fields = Record<string, string>;
type Needs<Header, Names extends keyof Header> = Pick<Header, Names> & Partial<Header>;

/** SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE. */
export function sendFields(header: Needs<SendMessageHeader, 'producerGroup' | 'topic' | 'queueId'>): Fields {
  return sendMessageV2Header.encode({
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties: '',
    reconsumeTimes: 0,
    unitMode: false,
    maxReconsumeTimes: undefined,
    batch: false,
    brokerName: 'broker-a',
    ...header,
  });
}

/** PULL_MESSAGE: at most 32 messages of all tags, answered at once. */
export function pullFields(header: Needs<PullMessageHeader, 'consumerGroup' | 'topic' | 'queueId' | 'queueOffset'>): Fields {
  return pullMessageHeader.encode({
    maxMsgNums: 32,
    sysFlag: PullSysFlag.SUBSCRIPTION,
    commitOffset: 0,
    suspendTimeoutMillis: 0,
    subscription: '*',
    subVersion: 0,
    expressionType: 'TAG',
    maxMsgBytes: undefined,
    brokerName: 'broker-a',
    ...header,
  });
}
