/**
 * Property names that belong to RocketMQ (Java: MessageConst, STRING_HASH_SET; page 03 §3). An application cannot set
 * them as user properties: some would delay, redirect or hide the message.
 */
const reservedNames: ReadonlySet<string> = new Set(
  `
  KEYS TAGS WAIT DELAY RETRY_TOPIC REAL_TOPIC REAL_QID TRAN_MSG PGROUP MIN_OFFSET MAX_OFFSET
  BUYER_ID ORIGIN_MESSAGE_ID TRANSFER_FLAG CORRECTION_FLAG MQ2_FLAG RECONSUME_TIME MAX_RECONSUME_TIMES
  MSG_REGION TRACE_ON UNIQ_KEY EXTEND_UNIQ_INFO CONSUME_START_TIME INNER_NUM INNER_BASE DUP_INFO
  TRAN_PREPARED_QUEUE_OFFSET TRANSACTION_CHECK_TIMES __transactionId__ INSTANCE_ID CORRELATION_ID
  REPLY_TO_CLIENT TTL ARRIVE_TIME PUSH_REPLY_TIME MSG_TYPE CLUSTER POP_CK POP_CK_OFFSET
  1ST_POP_TIME __SHARDINGKEY PROPERTY_FORWARD_QUEUE_ID REDIRECT INNER_MULTI_DISPATCH
  INNER_MULTI_QUEUE_OFFSET __BORNHOST BORN_TIMESTAMP TIMER_DELAY_SEC TIMER_DELAY_MS TIMER_DELIVER_MS
  TIMER_ENQUEUE_MS TIMER_DEQUEUE_MS TIMER_ROLL_TIMES TIMER_OUT_MS TIMER_DEL_UNIQKEY TIMER_DELAY_LEVEL
  __CRC32# DLQ_ORIGIN_TOPIC DLQ_ORIGIN_MESSAGE_ID _SYS_MSG_PRIORITY_ __LITE_TOPIC ORIGIN_GROUP
  `
    .trim()
    .split(/\s+/),
);

/** Names with this prefix never reach the store. */
const transientPrefix = '__RMQ.TRANSIENT.';
/** Ours, for example the payload version. */
const ownPrefix = 'ORBITMQ_';

/** Says what is wrong with the name of a property that an application sets, or undefined. */
export function checkPropertyName(name: string): string | undefined {
  if (name.startsWith(ownPrefix)) return 'is a name that OrbitMQ uses itself';
  return checkCarriedPropertyName(name);
}

/** The same for a transport, which carries the runtime's own properties, the payload version among them, too. */
export function checkCarriedPropertyName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (reservedNames.has(name) || name.startsWith(transientPrefix)) return 'is a name that RocketMQ uses itself';
  return undefined;
}
