import { RequestCode } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { topicsOfBrokers, unitTopics } from './topic-lists.js';
import { TopicQueueTable } from './topic-queue-table.js';

const queue = (brokerName: string, topicSysFlag = 0, perm = 6) => ({
  brokerName,
  readQueueNums: 4,
  writeQueueNums: 4,
  perm,
  topicSysFlag,
});

function units(): TopicQueueTable {
  const table = new TopicQueueTable();
  for (const [topic, flag] of [
    ['plain', 0],
    ['unit', 1],
    ['sub', 2],
    ['both', 3],
  ] as const)
    table.set(topic, queue('a', flag));
  // Only what the first broker says counts.
  table.set('plain', queue('b', 3));
  return table;
}

test.each([
  ['units', RequestCode.GET_UNIT_TOPIC_LIST, ['unit', 'both']],
  ['unit subscriptions', RequestCode.GET_HAS_UNIT_SUB_TOPIC_LIST, ['sub', 'both']],
  ['unit subscriptions of others', RequestCode.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST, ['sub']],
])('%s', (_name, code, topics) => {
  expect(unitTopics(code, units())).toEqual(topics);
});

test('topics of some brokers come once', () => {
  expect(topicsOfBrokers(['a', 'b'], units())).toEqual(['plain', 'unit', 'sub', 'both']);
  expect(topicsOfBrokers(['b'], units())).toEqual(['plain']);
  expect(topicsOfBrokers([], units())).toEqual([]);
});

test('the table counts its entries and forgets topics that nobody has', () => {
  const table = units();
  expect([table.topicCount, table.entryCount]).toEqual([4, 5]);
  table.set('plain', queue('b', 0, 4));
  expect(table.entryCount).toBe(5);
  expect(table.topicsOf('b')).toEqual(['plain']);
  expect(table.changePermission('a', (perm) => perm & ~2)).toBe(4);
  expect(table.queuesOf('unit')?.get('a')?.perm).toBe(4);
  expect(table.queuesOf('plain')?.get('b')?.perm).toBe(4);
  table.delete('unit', 'nobody');
  table.deleteBroker('a');
  expect([[...table.topics()], table.entryCount]).toEqual([['plain'], 1]);
  table.deleteTopic('plain');
  table.deleteTopic('plain');
  expect([table.topicsOf('a'), table.topicsOf('b')]).toEqual([[], []]);
  expect([table.topicCount, table.entryCount]).toEqual([0, 0]);
});
