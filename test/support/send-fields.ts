import { type ExtFields, sendMessageV2Header } from '@orbitmq/protocol';

export interface SendFields {
  readonly topic: string;
  readonly bornTimestamp: number;
  readonly defaultTopicQueueNums: number;
  /** Default: 0. */
  readonly queueId?: number;
  /** As they are stored. */
  readonly properties?: string;
}

/** Header fields of SEND_MESSAGE_V2. */
export function sendFields({ topic, bornTimestamp, defaultTopicQueueNums, queueId = 0, properties }: SendFields): ExtFields {
  return sendMessageV2Header.encode({
    producerGroup: 'p',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums,
    queueId,
    sysFlag: 0,
    bornTimestamp,
    flag: 0,
    properties,
    reconsumeTimes: 0,
    unitMode: false,
    maxReconsumeTimes: undefined,
    batch: false,
    brokerName: undefined,
  });
}
