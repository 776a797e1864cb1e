/**
 * Which requests have waited too long for their turn (Java: BrokerFastFailure; page 24 §2 rows 6 and 7). Requests of a connection
 * wait when it has too much in work or takes too few answers; what they are is what Java has a queue for. Only the wait
 * counts: what has begun is never cut. Pure.
 */
import { RequestCode, ResponseCode } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import type { FlowRefusal } from './flow-refusal.js';

export type WaitingLimits = Pick<
  BrokerConfig,
  | 'brokerFastFailureEnable'
  | 'waitTimeMillsInSendQueue'
  | 'waitTimeMillsInPullQueue'
  | 'waitTimeMillsInLitePullQueue'
  | 'waitTimeMillsInHeartbeatQueue'
  | 'waitTimeMillsInTransactionQueue'
  | 'waitTimeMillsInAdminBrokerQueue'
>;

export interface WaitingRequest {
  readonly code: number;
  readonly waitedMs: number;
  /** How many wait with it. */
  readonly waitingCount: number;
  readonly isStoreStalled: boolean;
}

/** Queues of Java's that are not looked at: queries, client and consumer management, replies. */
const unlimitedCodes: ReadonlySet<number> = new Set([
  RequestCode.QUERY_MESSAGE,
  RequestCode.VIEW_MESSAGE_BY_ID,
  RequestCode.UNREGISTER_CLIENT,
  RequestCode.CHECK_CLIENT_CONFIG,
  RequestCode.QUERY_CONSUMER_OFFSET,
  RequestCode.UPDATE_CONSUMER_OFFSET,
  RequestCode.GET_CONSUMER_LIST_BY_GROUP,
  RequestCode.SEND_REPLY_MESSAGE,
  RequestCode.SEND_REPLY_MESSAGE_V2,
]);

const sendCodes: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE,
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
  RequestCode.CONSUMER_SEND_MSG_BACK,
]);

/** How long a request of this code may wait, in milliseconds. */
function waitLimitMs(code: number, limits: WaitingLimits): number {
  if (sendCodes.has(code)) return limits.waitTimeMillsInSendQueue;
  if (unlimitedCodes.has(code)) return Number.POSITIVE_INFINITY;
  switch (code) {
    case RequestCode.PULL_MESSAGE:
      return limits.waitTimeMillsInPullQueue;
    case RequestCode.LITE_PULL_MESSAGE:
      return limits.waitTimeMillsInLitePullQueue;
    case RequestCode.HEART_BEAT:
      return limits.waitTimeMillsInHeartbeatQueue;
    case RequestCode.END_TRANSACTION:
      return limits.waitTimeMillsInTransactionQueue;
    default:
      return limits.waitTimeMillsInAdminBrokerQueue;
  }
}

/** Undefined: it may go on waiting, or begin. */
export function refusalOfWaiting(request: WaitingRequest, limits: WaitingLimits): FlowRefusal | undefined {
  if (!limits.brokerFastFailureEnable) return undefined;
  if (request.isStoreStalled && sendCodes.has(request.code)) return busy('PCBUSY_CLEAN_QUEUE', request);
  // Java: at the limit, not only beyond it.
  return request.waitedMs >= waitLimitMs(request.code, limits) ? busy('TIMEOUT_CLEAN_QUEUE', request) : undefined;
}

function busy(tag: string, { waitedMs, waitingCount }: WaitingRequest): FlowRefusal {
  const period = `period in queue: ${Math.floor(waitedMs)}ms, size of queue: ${waitingCount}`;
  return { code: ResponseCode.SYSTEM_BUSY, remark: `[${tag}]broker busy, start flow control for a while, ${period}` };
}
