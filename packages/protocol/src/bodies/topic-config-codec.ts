import { booleanField, enumField, integerField, jsonBody, objectField, parseBody, textField, textTable } from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import type { DataVersion, TopicConfig } from './topic-config.js';

/** Three numbers; anyone may send one to a NameServer. */
const dataVersionBytesMax = 4096;
/** Java's defaults for a member that is missing. */
const queueNumsDefault = 16;
const permDefault = 6;

/** Attributes of one topic; Apache knows about ten. */
export const attributesMax = 1000;

export const topicFilterTypes = ['SINGLE_TAG', 'MULTI_TAG'] as const;

/** `counter` stays a plain number: Java refuses anything else (page 01 §9). */
export function dataVersionToJson(version: DataVersion): object {
  return { counter: version.counter, stateVersion: version.stateVersion, timestamp: version.timestamp };
}

export function dataVersionFromJson(object: JsonObject): DataVersion {
  return {
    counter: integerField(object, 'counter', 0),
    timestamp: integerField(object, 'timestamp', 0),
    stateVersion: integerField(object, 'stateVersion', 0),
  };
}

export function topicConfigToJson(config: TopicConfig): object {
  return {
    attributes: config.attributes,
    order: config.order,
    perm: config.perm,
    readQueueNums: config.readQueueNums,
    topicFilterType: config.topicFilterType,
    topicName: config.topicName,
    topicSysFlag: config.topicSysFlag,
    writeQueueNums: config.writeQueueNums,
  };
}

/** `topicName`: what the table calls the topic, for a writer that leaves the member out. */
export function topicConfigFromJson(object: JsonObject, topicName?: string): TopicConfig {
  return {
    topicName: textField(object, 'topicName', topicName),
    readQueueNums: integerField(object, 'readQueueNums', queueNumsDefault),
    writeQueueNums: integerField(object, 'writeQueueNums', queueNumsDefault),
    perm: integerField(object, 'perm', permDefault),
    topicFilterType: enumField(object, 'topicFilterType', topicFilterTypes, 'SINGLE_TAG'),
    topicSysFlag: integerField(object, 'topicSysFlag', 0),
    order: booleanField(object, 'order', false),
    attributes: textTable(objectField(object, 'attributes'), attributesMax),
  };
}

/** Body of QUERY_DATA_VERSION and of its answer. */
export function encodeDataVersion(version: DataVersion): Buffer {
  return jsonBody(dataVersionToJson(version));
}

export function decodeDataVersion(body: Buffer): DataVersion {
  return dataVersionFromJson(parseBody(body, dataVersionBytesMax));
}

/** Body of the answer to GET_TOPIC_CONFIG. */
export function encodeTopicConfig(config: TopicConfig): Buffer {
  return jsonBody(topicConfigToJson(config));
}

export function decodeTopicConfig(body: Buffer): TopicConfig {
  return topicConfigFromJson(parseBody(body));
}
