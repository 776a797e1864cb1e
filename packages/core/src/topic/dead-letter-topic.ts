import type { TopicDefinition } from './topic-definition.js';

/**
 * The topic `%DLQ%group` with the payloads of `topic`: where messages go that the group's handler could not do, after
 * `maxReconsumeTimes` retries. Brokers create it with the first dead letter. Consume it with a group of its own.
 */
export function deadLetterTopic<T>(topic: TopicDefinition<T>, group: string): TopicDefinition<T> {
  return Object.freeze({ ...topic, name: `%DLQ%${group}` });
}
