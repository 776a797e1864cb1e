import { expect, test } from 'vitest';
import { inOneTurn, joinedSteps } from './steps.js';
import type { TopicConfig } from './topic-config.js';
import {
  decodeTopicConfigList,
  decodeTopicConfigTable,
  encodeTopicConfigList,
  encodeTopicConfigTable,
  topicConfigText,
} from './topic-config-table.js';

const topic = (topicName: string): TopicConfig => ({
  topicName,
  readQueueNums: 4,
  writeQueueNums: 3,
  perm: 6,
  topicFilterType: 'MULTI_TAG',
  topicSysFlag: 1,
  order: true,
  attributes: { 'message.type': 'FIFO' },
});
const dataVersion = { counter: 5, timestamp: 7, stateVersion: 0 };

test('a table of topics comes back, whatever their names', () => {
  const topics = ['T', '7', '__proto__', '%RETRY%g'].map(topic);
  const body = encodeTopicConfigTable(dataVersion, inOneTurn(joinedSteps(topics, topicConfigText)));
  const decoded = decodeTopicConfigTable(body);
  expect(decoded.dataVersion).toEqual(dataVersion);
  expect(decoded.topics.toSorted(byName)).toEqual(topics.toSorted(byName));
  expect(JSON.parse(body.toString())).toMatchObject({ topicQueueMappingDetailMap: {}, topicQueueMappingInfoMap: {} });
});

function byName(a: TopicConfig, b: TopicConfig): number {
  return a.topicName < b.topicName ? -1 : 1;
}

test('a list of topics comes back; an empty one is one', () => {
  expect(decodeTopicConfigList(encodeTopicConfigList([topic('T'), topic('U')]))).toEqual([topic('T'), topic('U')]);
  expect(decodeTopicConfigList(Buffer.from('{}'))).toEqual([]);
  expect(decodeTopicConfigList(Buffer.from('{"topicConfigList":[{"topicName":"T","perm":4}]}'))).toEqual([
    {
      ...topic('T'),
      readQueueNums: 16,
      writeQueueNums: 16,
      perm: 4,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
      attributes: {},
    },
  ]);
});

test.each(['', 'garbage', '[]', '{"topicConfigList":{}}', '{"topicConfigList":[1]}', '{"topicConfigList":[{"perm":"x"}]}'])(
  'the list %j is refused',
  (text) => {
    expect(() => decodeTopicConfigList(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  },
);

test.each(['1e300', '"9999999999999999999"', '9007199254740992'])('a number that is not exact is refused: %s', (number) => {
  const body = Buffer.from(`{"topicConfigList":[{"topicName":"T","topicSysFlag":${number}}]}`);
  expect(() => decodeTopicConfigList(body)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
});

test('a list of too many values is refused before its topics are made', () => {
  const body = Buffer.from(`{"topicConfigList":[${'{},'.repeat(100_000)}{}]}`);
  expect(() => decodeTopicConfigList(body)).toThrow('more than 100000 values');
});

test('a list beyond the limit is refused unread', () => {
  const body = Buffer.from(`{"topicConfigList":[],"x":"${'x'.repeat(2 * 1024 * 1024)}"}`);
  expect(() => decodeTopicConfigList(body)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
});
