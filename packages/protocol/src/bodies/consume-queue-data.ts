import { subscriptionFastjson } from './client-connections.js';
import type { SubscriptionData } from './heartbeat.js';
import { fastjsonBody } from './write-fastjson.js';

/** One entry of a queue (Java: ConsumeQueueData). */
export interface ConsumeQueueData {
  readonly physicOffset: number;
  readonly physicSize: number;
  readonly tagsCode: number;
  /** Whether the group's filter passes it; false without one. */
  readonly eval: boolean;
}

/** Answer to QUERY_CONSUME_QUEUE (321) (Java: QueryConsumeQueueResponseBody; page 32 §3). */
export interface ConsumeQueueAnswer {
  readonly minQueueIndex: number;
  readonly maxQueueIndex: number;
  readonly queueData: readonly ConsumeQueueData[];
  readonly subscriptionData?: SubscriptionData | undefined;
  /** About the filter, in words. */
  readonly filterData?: string | undefined;
}

export function encodeConsumeQueueAnswer(answer: ConsumeQueueAnswer): Buffer {
  const { filterData, maxQueueIndex, minQueueIndex, queueData, subscriptionData } = answer;
  return fastjsonBody({
    filterData,
    maxQueueIndex,
    minQueueIndex,
    queueData: queueData.map(({ physicOffset, physicSize, tagsCode, eval: passes }) => ({
      eval: passes,
      physicOffset,
      physicSize,
      tagsCode,
    })),
    subscriptionData: subscriptionData && subscriptionFastjson(subscriptionData),
  });
}
