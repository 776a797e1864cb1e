import { PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { DelayLevels } from './delay-levels.js';
import { parseJavaInt } from './parse-java-int.js';

export interface Destination {
  readonly topic: string;
  readonly queueId: number;
}

/** DELAY as a number; 0 without one; undefined when it is no int (Java throws). */
export function delayLevelOf(properties: Readonly<Record<string, string>>): number | undefined {
  const text = properties[PropertyName.DELAY];
  return text === undefined ? 0 : parseJavaInt(text);
}

/**
 * Where a message with a delay level waits (Java: HookUtils.transformDelayLevelMessage; page 25 §1.1): the queue of its level
 * in the schedule topic. Its own topic and queue go into `properties`, and the level is brought into the table.
 */
export function delayDestination(
  levels: DelayLevels,
  level: number,
  properties: Record<string, string>,
  destination: Destination,
): Destination {
  const used = levels.clamp(level);
  properties[PropertyName.DELAY] = String(used);
  properties[PropertyName.REAL_TOPIC] = destination.topic;
  properties[PropertyName.REAL_QUEUE_ID] = String(destination.queueId);
  return { topic: SystemTopic.SCHEDULE, queueId: used - 1 };
}
