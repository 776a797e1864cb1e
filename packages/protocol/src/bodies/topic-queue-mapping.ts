/**
 * Which queues of a static topic a broker has (Java: TopicQueueMappingInfo, 5.x; page 02 §7): brokers register it and routes hand
 * it on, so that a client finds the broker behind a logical queue.
 */
import { ProtocolError } from '@orbitmq/core/kernel';
import { booleanField, integerField, integerOf, objectField, optionalTextField, textField } from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import { Pace, type Steps } from './steps.js';

/** Logical queues of a topic that a broker may name; as many as a topic may have queues. */
const mappedQueuesMax = 65_536;

export interface TopicQueueMapping {
  readonly topic: string;
  readonly scope?: string | undefined;
  readonly totalQueues: number;
  readonly brokerName: string;
  readonly epoch: number;
  readonly isDirty: boolean;
  /** Logical queue id → the broker's own. */
  readonly queueIds: ReadonlyMap<number, number>;
}

function topicQueueMappingFromJson(object: JsonObject): TopicQueueMapping {
  const ids = objectField(object, 'currIdMap');
  const names = Object.keys(ids);
  if (names.length > mappedQueuesMax) {
    const message = `"currIdMap" of the body has ${names.length} queues, allowed are ${mappedQueuesMax}`;
    throw new ProtocolError('BODY_INVALID', message, { details: { count: names.length, mappedQueuesMax } });
  }
  return {
    topic: textField(object, 'topic', ''),
    scope: optionalTextField(object, 'scope'),
    totalQueues: integerField(object, 'totalQueues', 0),
    brokerName: textField(object, 'bname', ''),
    epoch: integerField(object, 'epoch', 0),
    isDirty: booleanField(object, 'dirty', false),
    queueIds: new Map(names.map((name) => [integerOf(name, 'currIdMap'), integerOf(ids[name], 'currIdMap')])),
  };
}

/** Mapped queues that are read in one turn of the event loop, however many topics have them. */
const queuesPerTurn = 10_000;

/** Reads one mapping after the other: a registration may have many, and each may name many queues. */
export function queueMappingReader(): (object: JsonObject) => Steps<TopicQueueMapping> {
  const pace = new Pace(queuesPerTurn);
  return function* read(object) {
    const mapping = topicQueueMappingFromJson(object);
    if (pace.isSpent(1 + mapping.queueIds.size)) yield;
    return mapping;
  };
}

/** Keys of numbers are quoted in standard JSON, and bare in what Java's old writers made. */
export function topicQueueMappingText(mapping: TopicQueueMapping, standardJson: boolean): string {
  const quote = standardJson ? '"' : '';
  const ids = Array.from(mapping.queueIds, ([id, own]) => `${quote}${id}${quote}:${own}`).join(',');
  const { brokerName: bname, isDirty: dirty, epoch, scope, topic, totalQueues } = mapping;
  return `{"bname":${JSON.stringify(bname)},"currIdMap":{${ids}},${JSON.stringify({ dirty, epoch, scope, topic, totalQueues }).slice(1)}`;
}
