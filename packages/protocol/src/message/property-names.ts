/** Message property names (Java: MessageConst; page 03 §3). */
export const PropertyName = {
  KEYS: 'KEYS',
  TAGS: 'TAGS',
  WAIT: 'WAIT',
  DELAY: 'DELAY',
  RETRY_TOPIC: 'RETRY_TOPIC',
  REAL_TOPIC: 'REAL_TOPIC',
  REAL_QUEUE_ID: 'REAL_QID',
  TRANSACTION_PREPARED: 'TRAN_MSG',
  PRODUCER_GROUP: 'PGROUP',
  MIN_OFFSET: 'MIN_OFFSET',
  MAX_OFFSET: 'MAX_OFFSET',
  ORIGIN_MESSAGE_ID: 'ORIGIN_MESSAGE_ID',
  RECONSUME_TIME: 'RECONSUME_TIME',
  MAX_RECONSUME_TIMES: 'MAX_RECONSUME_TIMES',
  MSG_REGION: 'MSG_REGION',
  TRACE_ON: 'TRACE_ON',
  UNIQ_KEY: 'UNIQ_KEY',
  CONSUME_START_TIME: 'CONSUME_START_TIME',
  CHECK_IMMUNITY_TIME_IN_SECONDS: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  TRAN_PREPARED_QUEUE_OFFSET: 'TRAN_PREPARED_QUEUE_OFFSET',
  TRANSACTION_CHECK_TIMES: 'TRANSACTION_CHECK_TIMES',
  TRANSACTION_ID: '__transactionId__',
  CLUSTER: 'CLUSTER',
  /** Request and reply (page 35 §2): which request is answered, the client id of who asked, and how long it waits, ms. */
  CORRELATION_ID: 'CORRELATION_ID',
  REPLY_TO_CLIENT: 'REPLY_TO_CLIENT',
  TTL: 'TTL',
  /** When the broker handed a reply on, ms; written by the broker, never stored. */
  PUSH_REPLY_TIME: 'PUSH_REPLY_TIME',
  SHARDING_KEY: '__SHARDINGKEY',
  TIMER_DELAY_SEC: 'TIMER_DELAY_SEC',
  TIMER_DELAY_MS: 'TIMER_DELAY_MS',
  TIMER_DELIVER_MS: 'TIMER_DELIVER_MS',
  /** The tick in which a timed message waits, ms; written by the broker (page 25 §2). */
  TIMER_OUT_MS: 'TIMER_OUT_MS',
  TIMER_ENQUEUE_MS: 'TIMER_ENQUEUE_MS',
  TIMER_DEQUEUE_MS: 'TIMER_DEQUEUE_MS',
  TIMER_ROLL_TIMES: 'TIMER_ROLL_TIMES',
  /** Makes a timed message the cancellation of another one, by its UNIQ_KEY. */
  TIMER_DEL_UNIQKEY: 'TIMER_DEL_UNIQKEY',
  /** 5.5: on a topic of type PRIORITY it names the queue. */
  PRIORITY: '_SYS_MSG_PRIORITY_',
  /** OrbitMQ's own, a user property to RocketMQ: our brokers store one message with a key per topic and window. */
  IDEMPOTENCY_KEY: 'ORBITMQ_IDEMPOTENCY_KEY',
} as const;

/** Separates a name from its value. */
export const nameValueSeparator = '\u0001';
/** Separates (and since 5.2 ends) properties. */
export const propertySeparator = '\u0002';
