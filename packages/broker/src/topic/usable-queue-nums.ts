import type { TopicConfig } from '@orbitmq/protocol';

/** Queues that are written and read: from among them the broker picks one. The counts differ while an operator grows or shrinks a topic. */
export function usableQueueNums(topic: Pick<TopicConfig, 'readQueueNums' | 'writeQueueNums'>): number {
  return Math.min(topic.readQueueNums, topic.writeQueueNums);
}
