/** `config/topics.json` in Apache's shape (page 20 §10.2). Members this version does not know are kept for those that do. */
import type { DataVersion, JsonValue, Steps, TopicConfig } from '@orbitmq/protocol';
import {
  booleanField,
  dataVersionField,
  integerField,
  type JsonFields,
  jsonObject,
  mergedFields,
  objectField,
  textField,
  textTableField,
} from '../metadata/json-fields.js';
import { jsonInSteps, jsonMember, jsonTable, objectText } from '../metadata/json-in-steps.js';

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

/** What is written of it is the table of the first step; topics are replaced, never changed. */
export function* topicTableSteps(
  table: () => {
    readonly dataVersion: DataVersion;
    readonly topics: ReadonlyMap<string, TopicConfig>;
    readonly source: ReadonlyMap<string, JsonFields>;
  },
): Steps<readonly Buffer[]> {
  const { dataVersion, topics, source } = table();
  const entries = [...topics.values()];
  const fields = source.size === 0 ? [] : entries.map(({ topicName }) => source.get(topicName));
  return yield* jsonInSteps([
    jsonMember('dataVersion', dataVersion),
    jsonTable({
      name: 'topicConfigTable',
      entries,
      nameOf: ({ topicName }) => topicName,
      textOf: (topic, index) => objectText(mergedFields(fields[index], topic)),
    }),
  ]);
}
