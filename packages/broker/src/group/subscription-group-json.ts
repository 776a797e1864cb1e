/** `config/subscriptionGroup.json` and the body of request 200 (pages 05 §8, 20 §10.2). Members unknown here are kept. */
import type { DataVersion, JsonValue, Steps } from '@orbitmq/protocol';
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
import { jsonInSteps, jsonMember, jsonTable, numbersText, objectText } from '../metadata/json-in-steps.js';
import type { ForbiddenTable } from './forbidden-table.js';
import type { GroupSources } from './group-sources.js';
import type { SubscriptionGroupConfig } from './subscription-group-manager.js';

export interface SubscriptionGroupTable {
  readonly dataVersion: DataVersion | undefined;
  readonly groups: Map<string, SubscriptionGroupConfig>;
  /** Each group's members as they were read, among them the ones unknown here (retry policy, static subscriptions). */
  readonly source: Map<string, JsonFields>;
  /** Group → topic → forbidden operations; kept for brokers that look at it. */
  readonly forbiddenTable: JsonFields;
}

/** A group with Apache's defaults. */
export function defaultSubscriptionGroup(groupName: string): SubscriptionGroupConfig {
  return {
    groupName,
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeBroadcastEnable: true,
    consumeMessageOrderly: false,
    retryQueueNums: 1,
    retryMaxTimes: 16,
    brokerId: 0,
    whichBrokerWhenConsumeSlowly: 1,
    notifyConsumerIdsChangedEnable: true,
    groupSysFlag: 0,
    consumeTimeoutMinute: 15,
    attributes: {},
  };
}

export function decodeSubscriptionGroup(fields: JsonFields, groupName?: string): SubscriptionGroupConfig {
  const name = groupName ?? textField(fields, 'groupName', '');
  const defaults = defaultSubscriptionGroup(name);
  return {
    groupName: name,
    consumeEnable: booleanField(fields, 'consumeEnable', defaults.consumeEnable),
    consumeFromMinEnable: booleanField(fields, 'consumeFromMinEnable', defaults.consumeFromMinEnable),
    consumeBroadcastEnable: booleanField(fields, 'consumeBroadcastEnable', defaults.consumeBroadcastEnable),
    consumeMessageOrderly: booleanField(fields, 'consumeMessageOrderly', defaults.consumeMessageOrderly),
    retryQueueNums: integerField(fields, 'retryQueueNums', defaults.retryQueueNums),
    retryMaxTimes: integerField(fields, 'retryMaxTimes', defaults.retryMaxTimes),
    brokerId: integerField(fields, 'brokerId', defaults.brokerId),
    whichBrokerWhenConsumeSlowly: integerField(fields, 'whichBrokerWhenConsumeSlowly', defaults.whichBrokerWhenConsumeSlowly),
    notifyConsumerIdsChangedEnable: booleanField(fields, 'notifyConsumerIdsChangedEnable', true),
    groupSysFlag: integerField(fields, 'groupSysFlag', defaults.groupSysFlag),
    consumeTimeoutMinute: integerField(fields, 'consumeTimeoutMinute', defaults.consumeTimeoutMinute),
    attributes: textTableField(fields, 'attributes'),
  };
}

export function decodeSubscriptionGroupTable(value: JsonValue): SubscriptionGroupTable {
  const root = jsonObject(value, 'subscriptionGroup');
  const source = new Map(
    Object.entries(objectField(root, 'subscriptionGroupTable')).map(([name, entry]) => [name, jsonObject(entry, name)]),
  );
  const groups = new Map([...source].map(([name, fields]) => [name, decodeSubscriptionGroup(fields, name)]));
  return { dataVersion: dataVersionField(root), groups, source, forbiddenTable: objectField(root, 'forbiddenTable') };
}

/** What is written of it is the table of the first step; groups, their sources and what is forbidden are replaced, never changed. */
export function* subscriptionGroupTableSteps(
  table: () => {
    readonly dataVersion: DataVersion;
    readonly groups: ReadonlyMap<string, SubscriptionGroupConfig>;
    readonly sources: GroupSources;
    readonly forbidden: ForbiddenTable;
  },
): Steps<readonly Buffer[]> {
  const { dataVersion, groups, sources, forbidden } = table();
  const entries = [...groups.values()];
  const sourceOf = entries.map(({ groupName }) => sources.get(groupName));
  return yield* jsonInSteps([
    jsonMember('dataVersion', dataVersion),
    jsonTable({
      name: 'forbiddenTable',
      entries: forbidden.entries(),
      nameOf: ([group]) => group,
      textOf: ([, topics]) => numbersText(topics),
    }),
    jsonTable({
      name: 'subscriptionGroupTable',
      entries,
      nameOf: ({ groupName }) => groupName,
      textOf: (group, index) => objectText(mergedFields(sourceOf[index], group)),
    }),
  ]);
}

const defaultPolicy = { groupRetryPolicy: { type: 'CUSTOMIZED' } };

/** Every member that a tool may look at, in Java's names; `source`: what the file or a client said of the group. */
export function describeSubscriptionGroup(group: SubscriptionGroupConfig, source: JsonFields | undefined): JsonFields {
  return mergedFields(defaultPolicy, source, group);
}
