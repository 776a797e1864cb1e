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
