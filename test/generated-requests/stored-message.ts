/** A record of the log as the judge looks at it, and what kind of place its topic is. */
import { decodeProperties, type MessageExt, PropertyName, SystemTopic } from '@orbitmq/protocol';

export interface Stored {
  readonly record: MessageExt;
  readonly properties: Readonly<Record<string, string>>;
  readonly content: string;
}

const ownTopics: readonly string[] = [SystemTopic.TRANS_OP_HALF, SystemTopic.OFFSET_MOVED_EVENT];
const waitingRooms: readonly string[] = [
  SystemTopic.SCHEDULE,
  SystemTopic.TIMER,
  SystemTopic.TRANS_HALF,
  SystemTopic.TRANS_CHECK_MAX_TIME,
];

export function contentOf(body: Buffer): string {
  return body.toString('latin1');
}

export function storedOf(record: MessageExt): Stored {
  return { record, properties: decodeProperties(record.propertiesBytes), content: contentOf(record.body) };
}

export function queueOf({ queueId, topic }: { readonly topic: string; readonly queueId: number }): string {
  return `${topic}@${queueId}`;
}

export function isWaitingRoom(topic: string): boolean {
  return waitingRooms.includes(topic);
}

/** What it writes there is its own. */
export function isBrokers(topic: string): boolean {
  return !isWaitingRoom(topic) && (ownTopics.includes(topic) || topic.startsWith('rmq_sys_'));
}

export function isRetry(topic: string): boolean {
  return topic.startsWith('%RETRY%') || topic.startsWith('%DLQ%');
}

/** It came out of the schedule topic: it carries its level still, and only what waits there has one (page 25 §1.2). */
export function isFromLevel({ properties, record }: Stored): boolean {
  return Number(properties[PropertyName.DELAY]) > 0 && record.topic !== SystemTopic.SCHEDULE;
}

/** It came out of the timer topic. A dead letter and what waits for its retry have its marks too. */
export function isFromTimer(one: Stored): boolean {
  const { properties, record } = one;
  if (properties[PropertyName.TIMER_DEQUEUE_MS] === undefined || Number(properties[PropertyName.DELAY]) > 0) return false;
  return !isWaitingRoom(record.topic) && !record.topic.startsWith('%DLQ%');
}
