/** One queue of a topic (Java: MessageQueue). */
export interface MessageQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** Body of LOCK_BATCH_MQ and UNLOCK_BATCH_MQ (page 05 §5). */
export interface LockBatchBody {
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly queues: readonly MessageQueue[];
}

/**
 * The queue that a key `topic@brokerName@queueId` of a parsed body stands for (`parseFastjson` makes such keys of object keys);
 * undefined when it is none. A topic's name has no `@`.
 */
export function parseMessageQueueKey(key: string): MessageQueue | undefined {
  const first = key.indexOf('@');
  const last = key.lastIndexOf('@');
  const queueId = key.slice(last + 1);
  if (first <= 0 || first === last || !/^-?\d{1,10}$/.test(queueId)) return undefined;
  return { topic: key.slice(0, first), brokerName: key.slice(first + 1, last), queueId: Number(queueId) };
}
