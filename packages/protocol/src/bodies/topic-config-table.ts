import { jsonBody, listField, objectField, objectOf, parseBody, parseBodySteps } from './json-fields.js';
import { inOneTurn, mapInSteps, type Steps } from './steps.js';
import type { DataVersion, TopicConfig } from './topic-config.js';
import { dataVersionFromJson, dataVersionToJson, topicConfigFromJson, topicConfigToJson } from './topic-config-codec.js';

/** Topics created by one request (18), and what reading them may cost. */
const createdTopicsBytesMax = 1024 * 1024;
const createdTopicsValuesMax = 100_000;

/**
 * Answer to GET_ALL_TOPIC_CONFIG (21) (Java: TopicConfigAndMappingSerializeWrapper; page 32 §3). `table`: pieces of the topics' texts,
 * as `joinedSteps` makes them with `topicConfigText`.
 */
export function encodeTopicConfigTable(dataVersion: DataVersion, table: readonly Buffer[]): Buffer {
  const version = JSON.stringify(dataVersionToJson(dataVersion));
  const noMapping = `"mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":0}`;
  return Buffer.concat([
    Buffer.from(`{"dataVersion":${version},${noMapping},"topicConfigTable":{`),
    ...table,
    Buffer.from('},"topicQueueMappingDetailMap":{},"topicQueueMappingInfoMap":{}}'),
  ]);
}

/** One member of the table, so that a table of many topics can be written in steps. */
export function topicConfigText(config: TopicConfig): string {
  return `${JSON.stringify(config.topicName)}:${JSON.stringify(topicConfigToJson(config))}`;
}

export function decodeTopicConfigTable(body: Buffer): {
  readonly dataVersion: DataVersion;
  readonly topics: readonly TopicConfig[];
} {
  const object = parseBody(body);
  const table = objectField(object, 'topicConfigTable');
  return {
    dataVersion: dataVersionFromJson(objectField(object, 'dataVersion')),
    topics: Object.keys(table).map((name) => topicConfigFromJson(objectOf(table[name], name), name)),
  };
}

/** Body of UPDATE_AND_CREATE_TOPIC_LIST (18). Attributes carry their sign (`+message.type`), as in the header of request 17. */
export function encodeTopicConfigList(topics: readonly TopicConfig[]): Buffer {
  return jsonBody({ topicConfigList: topics.map(topicConfigToJson) });
}

/** Throws a `ProtocolError` `BODY_INVALID`. */
export function decodeTopicConfigList(body: Buffer): readonly TopicConfig[] {
  return inOneTurn(topicConfigListSteps(body));
}

/** `decodeTopicConfigList` of what may be a large body. */
export function* topicConfigListSteps(body: Buffer): Steps<readonly TopicConfig[]> {
  const topics = listField(yield* parseBodySteps(body, createdTopicsBytesMax, createdTopicsValuesMax), 'topicConfigList');
  return yield* mapInSteps(topics, (topic) => topicConfigFromJson(objectOf(topic, 'topicConfigList'), ''));
}
