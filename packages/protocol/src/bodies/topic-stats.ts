import type { MessageQueue } from './message-queue.js';
import { enclosedSteps, type Steps } from './steps.js';
import { fastjsonEntry, writeFastjson } from './write-fastjson.js';

/** One queue in the answer to GET_TOPIC_STATS_INFO (202) (Java: TopicOffset). */
export interface TopicOffset {
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Store time of the newest message; 0 when there is none. */
  readonly lastUpdateTimestamp: number;
}

/** One queue as text: a topic may have too many of them for one turn. */
export function topicStatsText(queue: MessageQueue, { lastUpdateTimestamp, maxOffset, minOffset }: TopicOffset): string {
  return fastjsonEntry(queue, { lastUpdateTimestamp, maxOffset, minOffset });
}

/** Java: TopicStatsTable; page 32 §3. `queues`: texts of `topicStatsText`. */
export function topicStatsSteps(stats: { readonly topicPutTps: number; readonly queues: readonly string[] }): Steps<Buffer> {
  return enclosedSteps('{"offsetTable":{', stats.queues, `},"topicPutTps":${writeFastjson(stats.topicPutTps)}}`);
}
