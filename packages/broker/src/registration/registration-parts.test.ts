import { encodeRegisterBrokerBody, inOneTurn, type TopicConfig } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { plainTopic } from '../topic/boot-topics.js';
import { type RegistrationPart, registrationParts } from './registration-parts.js';

const dataVersion = { counter: 9, timestamp: 1000, stateVersion: 0 };
const whole = { enableSplitRegistration: false, splitRegistrationSize: 800 };
const split = { enableSplitRegistration: true, splitRegistrationSize: 800 };
const topicsOf = (count: number, nameLength = 8): TopicConfig[] =>
  Array.from({ length: count }, (_, n) => plainTopic(String(n).padStart(nameLength, 'x'), 4, 6));

function partsOf(topics: readonly TopicConfig[], config: typeof whole): readonly RegistrationPart[] {
  const table = { topics: new Map(topics.map((topic) => [topic.topicName, topic])), dataVersion };
  return inOneTurn(registrationParts(table, config));
}

test.each([
  ['no topics', 0, whole, [0]],
  ['a usual broker', 5000, whole, [5000]],
  ['one that splits', 1700, split, [800, 800, 100]],
  ['one that splits, at the edge', 1600, split, [800, 800]],
  ['one that splits and need not', 800, split, [800]],
  ['more than one request holds', 70_000, whole, [30_000, 30_000, 10_000]],
] as const)('%s', (_name, count, config, sizes) => {
  const topics = topicsOf(count);
  const parts = partsOf(topics, config);
  expect(parts.map((part) => part.topics.length)).toEqual(sizes);
  expect(parts.flatMap((part) => part.topics)).toEqual(topics);
});

test('every part has a version of its own, the last the one of the table', () => {
  const versions = partsOf(topicsOf(1700), split).map((part) => part.dataVersion);
  expect(versions.map(({ counter, timestamp }) => [counter, timestamp])).toEqual([
    [9, 998],
    [9, 999],
    [9, 1000],
  ]);
  expect(versions.at(-1)).toEqual(dataVersion);
});

test('parts with the longest names and with attributes fit into what a NameServer reads', () => {
  const attributes = { 'message.type': 'TRANSACTION', 'reserve.time': '9223372036854775807' };
  const topics = topicsOf(15_000, 127).map((topic) => ({ ...topic, attributes }));
  const parts = partsOf(topics, whole);
  const [first] = parts;
  const topicConfigTable = Object.fromEntries((first?.topics ?? []).map((topic) => [topic.topicName, topic]));
  const body = encodeRegisterBrokerBody({ dataVersion, topicConfigTable, filterServerList: [] }, { compressed: false });
  expect(body.length).toBeLessThan(8 * 1024 * 1024);
  expect(parts.map((part) => part.topics.length)).toEqual([first?.topics.length, 15_000 - (first?.topics.length ?? 0)]);
});

test.each([
  [1, 5, [2, 2, 1]],
  [2, 5, [2, 2, 1]],
  [1, 2, [2]],
  [1, 1, [1]],
] as const)('parts of %i of %i topics: the first never has one topic alone', (splitRegistrationSize, count, sizes) => {
  const parts = partsOf(topicsOf(count), { enableSplitRegistration: true, splitRegistrationSize });
  expect(parts.map((part) => part.topics.length)).toEqual(sizes);
});
