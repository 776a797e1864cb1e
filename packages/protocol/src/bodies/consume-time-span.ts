import type { MessageQueue } from './message-queue.js';
import { enclosedSteps, type Steps } from './steps.js';
import { writeFastjson } from './write-fastjson.js';

/** Store times of one queue's ends and of a group's place in it (Java: QueueTimeSpan). Milliseconds; 0 when there is none. */
export interface QueueTimeSpan {
  readonly queue: MessageQueue;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  /** Of the last message consumed. */
  readonly consumeTimestamp: number;
  /** How long the next message has waited. */
  readonly delayMs: number;
}

/** One queue as text: a topic may have too many of them for one turn. */
export function timeSpanText({ queue, minTimestamp, maxTimestamp, consumeTimestamp, delayMs }: QueueTimeSpan): string {
  return writeFastjson({
    consumeTimeStamp: consumeTimestamp,
    delayTime: delayMs,
    maxTimeStamp: maxTimestamp,
    messageQueue: { brokerName: queue.brokerName, queueId: queue.queueId, topic: queue.topic },
    minTimeStamp: minTimestamp,
  });
}

/**
 * Answer to QUERY_CONSUME_TIME_SPAN (303), of texts of `timeSpanText`. The times as text, which Java adds, its readers make again from
 * the numbers.
 */
export function consumeTimeSpanSteps(spans: readonly string[]): Steps<Buffer> {
  return enclosedSteps('{"consumeTimeSpanSet":[', spans, ']}');
}
