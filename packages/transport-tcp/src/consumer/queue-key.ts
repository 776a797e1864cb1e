import type { MessageQueue } from '@orbitmq/protocol';

/** `topic@broker@queueId`: the name of a queue in maps and in front of people. */
export function queueKey(queue: MessageQueue): string {
  return `${queue.topic}@${queue.brokerName}@${queue.queueId}`;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Java's order of queues: topic, broker name (both by UTF-16 units), queue id. Every member of a group has to sort alike. */
export function compareQueues(left: MessageQueue, right: MessageQueue): number {
  return compareText(left.topic, right.topic) || compareText(left.brokerName, right.brokerName) || left.queueId - right.queueId;
}
