/** The attributes a topic can have (Java: TopicAttributes; pages 02 §9, 32 §5). */
import { type AttributeRule, type AttributeRules, enumAttribute, fixed, rangeAttribute } from '../metadata/attribute-changes.js';

/** Types of messages a topic is meant for. The remoting broker, Apache's as ours, stores them whatever the type says; clients of 5.x look at it. */
const messageTypes = ['UNSPECIFIED', 'MIXED', 'TRANSACTION', 'PRIORITY', 'FIFO', 'DELAY', 'LITE', 'NORMAL'] as const;

const lifeMinutesMax = 43_200;

/**
 * Values that Apache knows and this store has no files for: with them, messages would lie where no broker, this one or Apache's,
 * looks for them.
 */
function onlyBuilt(rule: AttributeRule, unbuilt: string, what: string): AttributeRule {
  const problem = `${unbuilt} is not supported: this broker's store has no ${what}`;
  return { ...rule, problemOf: (value) => (value === unbuilt ? problem : rule.problemOf(value)) };
}

export const topicAttributeRules: AttributeRules = new Map([
  ['queue.type', fixed(onlyBuilt(enumAttribute('BatchCQ', 'SimpleCQ'), 'BatchCQ', 'batch queues'))],
  ['cleanup.policy', fixed(onlyBuilt(enumAttribute('COMPACTION', 'DELETE'), 'COMPACTION', 'compaction'))],
  ['message.type', enumAttribute(...messageTypes)],
  ['reserve.time', rangeAttribute(-1, 'unlimited')],
  ['lite.topic.expiration', rangeAttribute(-1, lifeMinutesMax)],
]);
