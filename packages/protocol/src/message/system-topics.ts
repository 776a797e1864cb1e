/** Names the broker gives a meaning to (Java: TopicValidator, MixAll). */
export const SystemTopic = {
  AUTO_CREATE_TOPIC_KEY: 'TBW102',
  SCHEDULE: 'SCHEDULE_TOPIC_XXXX',
  /** Timed messages of 5.x, one queue. */
  TIMER: 'rmq_sys_wheel_timer',
  TRANS_HALF: 'RMQ_SYS_TRANS_HALF_TOPIC',
  TRANS_OP_HALF: 'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  TRANS_CHECK_MAX_TIME: 'TRANS_CHECK_MAX_TIME_TOPIC',
  SELF_TEST: 'SELF_TEST_TOPIC',
  OFFSET_MOVED_EVENT: 'OFFSET_MOVED_EVENT',
  BENCHMARK: 'BenchmarkTest',
  TRACE: 'RMQ_SYS_TRACE_TOPIC',
} as const;

export const retryTopicPrefix = '%RETRY%';
export const deadLetterTopicPrefix = '%DLQ%';
/** Group under which the broker keeps its progress on half and op messages. */
export const transactionGroup = 'CID_RMQ_SYS_TRANS';
/** Producer group that every client instance registers for its own sends. */
export const clientInnerProducerGroup = 'CLIENT_INNER_PRODUCER';

export function retryTopic(group: string): string {
  return retryTopicPrefix + group;
}

export function deadLetterTopic(group: string): string {
  return deadLetterTopicPrefix + group;
}
