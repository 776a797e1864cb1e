import { subscriptionFastjson } from './client-connections.js';
import type { SubscriptionData } from './heartbeat.js';
import type { MessageQueue } from './message-queue.js';
import { type FastjsonObject, type FastjsonValue, fastjsonBody } from './write-fastjson.js';

/** What a client holds of one queue (Java: ProcessQueueInfo; page 32 §3). */
export interface ProcessQueueInfo {
  /** What the next commit would say. */
  readonly commitOffset: number;
  readonly cachedMsgMinOffset: number;
  readonly cachedMsgMaxOffset: number;
  readonly cachedMsgCount: number;
  readonly cachedMsgSizeInMiB: number;
  readonly isLocked: boolean;
  readonly isDropped: boolean;
  /** Wall times, milliseconds; 0 when it did not happen. */
  readonly lastLockTimestamp: number;
  readonly lastPullTimestamp: number;
  readonly lastConsumeTimestamp: number;
}

/** How consumption of one topic goes (Java: ConsumeStatus): times in milliseconds, rates per second, of the last minute. */
export interface ConsumeStatus {
  readonly pullRT: number;
  readonly pullTPS: number;
  readonly consumeRT: number;
  readonly consumeOKTPS: number;
  readonly consumeFailedTPS: number;
  /** In the last hour. */
  readonly consumeFailedMsgs: number;
}

/** A client's answer to GET_CONSUMER_RUNNING_INFO (307). */
export interface ConsumerRunningInfo {
  /** PROP_NAMESERVER_ADDR, PROP_CONSUME_TYPE, PROP_CONSUMEORDERLY …: the tools look some of them up. */
  readonly properties: Readonly<Record<string, string>>;
  readonly subscriptions: readonly SubscriptionData[];
  readonly queues: readonly (readonly [MessageQueue, ProcessQueueInfo])[];
  /** By topic. */
  readonly statuses: ReadonlyMap<string, ConsumeStatus>;
  readonly jstack?: string | undefined;
}

export function encodeConsumerRunningInfo(info: ConsumerRunningInfo): Buffer {
  const mqTable = new Map<MessageQueue, FastjsonValue>();
  for (const [queue, held] of info.queues) mqTable.set(queue, processQueueJson(held));
  return fastjsonBody({
    jstack: info.jstack,
    mqPopTable: {},
    mqTable,
    properties: info.properties,
    statusTable: Object.fromEntries(Array.from(info.statuses, ([topic, status]) => [topic, { ...status }])),
    subscriptionSet: info.subscriptions.map(subscriptionFastjson),
    userConsumerInfo: {},
  });
}

/** Java spells `droped`; half messages and unlock tries are not of our client. */
function processQueueJson(held: ProcessQueueInfo): FastjsonObject {
  const { isDropped, isLocked, ...numbers } = held;
  return {
    ...numbers,
    droped: isDropped,
    locked: isLocked,
    transactionMsgCount: 0,
    transactionMsgMaxOffset: 0,
    transactionMsgMinOffset: 0,
    tryUnlockTimes: 0,
  };
}
