/** What an operator may make of a topic (Java: AdminBrokerProcessor.updateAndCreateTopic; page 32 §5). Pure. */
import { checkTopicName, ResponseCode, type TopicConfig } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { type AttributeChanges, applyAttributeChanges } from '../metadata/attribute-changes.js';
import { isSystemTopic } from './system-topic-rules.js';
import { topicAttributeRules } from './topic-attributes.js';

/** Queues of one topic. Each client keeps state for each of them. Java takes any number, also a negative one. */
const queueNumsMax = 65_536;
/** All bits below PRIORITY. Java takes any number. */
const permMax = 7;
/** An int of Java; the flags in use are 1 and 2. */
const topicSysFlagMax = 0x7fff_ffff;

export interface TopicRefusal {
  readonly code: number;
  readonly remark: string;
}

/** A topic as it is asked for: everything but the attributes as it is to be. */
export type WantedTopic = Omit<TopicConfig, 'attributes'>;

type TopicNames = Pick<BrokerConfig, 'brokerClusterName' | 'brokerName'>;

/** Why operators may not make or delete a topic of this name; undefined when they may. */
export function reservedTopicRefusal(topic: string, config: TopicNames): TopicRefusal | undefined {
  if (topic.trim() === '') return invalid('The specified topic is blank.');
  return isSystemTopic(topic, config) ? invalid(`The topic[${topic}] is conflict with system topic.`) : undefined;
}

/** The topic as it will be. `existing`: as it is; undefined for a new one. */
export function wantedTopic(
  wanted: WantedTopic,
  changes: AttributeChanges,
  existing: TopicConfig | undefined,
  config: TopicNames & Pick<BrokerConfig, 'enableMixedMessageType'>,
): TopicConfig | TopicRefusal {
  const { topicName, readQueueNums, writeQueueNums, perm, topicSysFlag } = wanted;
  const reserved = reservedTopicRefusal(topicName, config);
  if (reserved !== undefined) return reserved;
  const nameProblem = checkTopicName(topicName);
  if (nameProblem !== undefined) return invalid(nameProblem);
  const bounds = { readQueueNums: queueNumsMax, writeQueueNums: queueNumsMax, perm: permMax, topicSysFlag: topicSysFlagMax };
  for (const [name, value] of Object.entries({ readQueueNums, writeQueueNums, perm, topicSysFlag })) {
    const max = bounds[name as keyof typeof bounds];
    if (!Number.isInteger(value) || value < 0 || value > max) return invalid(`${name} is not from 0 to ${max}: ${value}`);
  }
  if (changes.get('+message.type') === 'MIXED' && !config.enableMixedMessageType) {
    return invalid('MIXED message type is not supported.');
  }
  const changed = applyAttributeChanges(topicAttributeRules, existing?.attributes, changes);
  if ('problem' in changed) return { code: ResponseCode.SYSTEM_ERROR, remark: changed.problem };
  return { ...wanted, attributes: changed.attributes };
}

export function isSameTopic(a: TopicConfig | undefined, b: TopicConfig): boolean {
  if (a === undefined) return false;
  const keys = Object.keys(b.attributes);
  return (
    a.readQueueNums === b.readQueueNums &&
    a.writeQueueNums === b.writeQueueNums &&
    a.perm === b.perm &&
    a.topicFilterType === b.topicFilterType &&
    a.topicSysFlag === b.topicSysFlag &&
    a.order === b.order &&
    Object.keys(a.attributes).length === keys.length &&
    keys.every((key) => a.attributes[key] === b.attributes[key])
  );
}

function invalid(remark: string): TopicRefusal {
  return { code: ResponseCode.INVALID_PARAMETER, remark };
}
