import type { TopicConfig } from '@orbitmq/protocol';

/** As a broker registers a topic with four queues. */
export function topicConfigOf(topicName: string): TopicConfig {
  return {
    topicName,
    readQueueNums: 4,
    writeQueueNums: 4,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
  };
}
