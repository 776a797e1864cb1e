/** `config/topics.json` in Apache's shape (page 20 §10.2). Members this version does not know are kept for those that do. */
import type { DataVersion, JsonValue, TopicConfig } from '@orbitmq/protocol';
import {
  booleanField,
  dataVersionField,
  integerField,
  type JsonFields,
  jsonObject,
  objectField,
  textField,
  textTableField,
} from '../metadata/json-fields.js';

export interface TopicTable {
  readonly dataVersion: DataVersion | undefined;
  readonly topics: Map<string, TopicConfig>;
  /** Each topic's members as they were read. */
  readonly source: ReadonlyMap<string, JsonFields>;
}

export function decodeTopicTable(value: JsonValue): TopicTable {
  const root = jsonObject(value, 'topics');
  const source = new Map(
    Object.entries(objectField(root, 'topicConfigTable')).map(([name, entry]) => [name, jsonObject(entry, name)]),
  );
  const topics = new Map([...source].map(([name, fields]) => [name, decodeTopic(name, fields)]));
  return { dataVersion: dataVersionField(root), topics, source };
}

function decodeTopic(name: string, fields: JsonFields): TopicConfig {
  return {
    topicName: name,
    readQueueNums: integerField(fields, 'readQueueNums', 16),
    writeQueueNums: integerField(fields, 'writeQueueNums', 16),
    perm: integerField(fields, 'perm', 6),
    topicFilterType: textField(fields, 'topicFilterType', 'SINGLE_TAG') === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicSysFlag: integerField(fields, 'topicSysFlag', 0),
    order: booleanField(fields, 'order', false),
    attributes: textTableField(fields, 'attributes'),
  };
}

export function encodeTopicTable(table: {
  readonly dataVersion: DataVersion;
  readonly topics: ReadonlyMap<string, TopicConfig>;
  readonly source: ReadonlyMap<string, JsonFields>;
}): string {
  const topicConfigTable = Object.fromEntries(
    [...table.topics].map(([name, topic]) => [name, { ...table.source.get(name), ...topic }]),
  );
  return JSON.stringify({ dataVersion: table.dataVersion, topicConfigTable }, undefined, '\t');
}
