import { PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { DelayLevels } from './delay-levels.js';
import { parseJavaInt } from './parse-java-int.js';

export interface Destination {
  readonly topic: string;
  readonly queueId: number;
}

/** What asks for a time of its own (5.x), in the order in which they count. */
export const timerRequestNames = [
  PropertyName.TIMER_DELAY_SEC,
  PropertyName.TIMER_DELAY_MS,
  PropertyName.TIMER_DELIVER_MS,
] as const;

/** DELAY as a number; 0 without one; undefined when it is no int (Java throws). */
export function delayLevelOf(properties: Readonly<Record<string, string>>): number | undefined {
  const text = properties[PropertyName.DELAY];
  return text === undefined ? 0 : parseJavaInt(text);
}

/**
 * Where a message with a delay level waits (Java: HookUtils.transformDelayLevelMessage; page 25 §1.1): the queue of its level
 * in the schedule topic. Its own topic and queue go into `properties`, and the level is brought into the table. A time of its own
 * counts for nothing beside a level.
 */
export function delayDestination(
  levels: DelayLevels,
  level: number,
  properties: Record<string, string>,
  destination: Destination,
): Destination {
  const used = levels.clamp(level);
  for (const name of timerRequestNames) delete properties[name];
  properties[PropertyName.DELAY] = String(used);
  properties[PropertyName.REAL_TOPIC] = destination.topic;
  properties[PropertyName.REAL_QUEUE_ID] = String(destination.queueId);
  return { topic: SystemTopic.SCHEDULE, queueId: used - 1 };
}
