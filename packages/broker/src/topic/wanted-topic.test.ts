import type { TopicConfig } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { plainTopic } from './boot-topics.js';
import { isSameTopic, wantedTopic } from './wanted-topic.js';

const config = { ...defaultBrokerConfig, brokerName: 'broker-a' };
const { attributes: _none, ...plain } = plainTopic('T', 4, 6);

const want = (fields: Partial<TopicConfig>, changes: Readonly<Record<string, string>> = {}, existing?: TopicConfig) =>
  wantedTopic({ ...plain, ...fields }, new Map(Object.entries(changes)), existing, config);

test.each([
  ['as it is', {}],
  ['without queues', { readQueueNums: 0, writeQueueNums: 0 }],
  ['with the most queues', { readQueueNums: 65_536, writeQueueNums: 65_536 }],
  ['that nobody may use', { perm: 0 }],
  ['with every right', { perm: 7 }],
  ['ordered, with flags', { order: true, topicSysFlag: 3, topicFilterType: 'MULTI_TAG' }],
  ['of a group to be', { topicName: '%RETRY%g' }],
] as const)('a topic %s', (_name, fields) => {
  expect(want(fields)).toEqual({ ...plain, ...fields, attributes: {} });
});

test.each([
  ['no name', { topicName: '' }, 29, 'The specified topic is blank.'],
  ['a blank name', { topicName: '  ' }, 29, 'The specified topic is blank.'],
  ['a name with a blank', { topicName: 'a b' }, 29, 'characters other than'],
  ['a name that is too long', { topicName: 'x'.repeat(128) }, 29, 'allowed are 127'],
  ['a system topic', { topicName: 'SELF_TEST_TOPIC' }, 29, 'The topic[SELF_TEST_TOPIC] is conflict with system topic.'],
  ["the timer's topic", { topicName: 'rmq_sys_wheel_timer' }, 29, 'conflict with system topic'],
  ["the cluster's topic", { topicName: 'DefaultCluster' }, 29, 'conflict with system topic'],
  ["the broker's topic", { topicName: 'broker-a' }, 29, 'conflict with system topic'],
  ['queues below nothing', { readQueueNums: -1 }, 29, 'readQueueNums is not from 0 to 65536: -1'],
  ['too many queues', { writeQueueNums: 65_537 }, 29, 'writeQueueNums is not from 0 to 65536: 65537'],
  ['a right that is none', { perm: 8 }, 29, 'perm is not from 0 to 7: 8'],
  ['rights below nothing', { perm: -1 }, 29, 'perm is not from 0 to 7: -1'],
  ['half a right', { perm: 1.5 }, 29, 'perm is not from 0 to 7: 1.5'],
  ['flags below nothing', { topicSysFlag: -1 }, 29, 'topicSysFlag is not from 0 to 2147483647: -1'],
  ['flags that are no int', { topicSysFlag: 1e300 }, 29, 'topicSysFlag is not from 0 to 2147483647: 1e+300'],
])('%s: refused', (_name, fields, code, remark) => {
  expect(want(fields)).toMatchObject({ code, remark: expect.stringContaining(remark) });
});

test('attributes: what is not mentioned stays; a fault is code 1', () => {
  const existing = { ...plainTopic('T', 4, 6), attributes: { 'message.type': 'FIFO' } };
  expect(want({ perm: 4 }, { '+reserve.time': '5' }, existing)).toMatchObject({
    perm: 4,
    attributes: { 'message.type': 'FIFO', 'reserve.time': '5' },
  });
  expect(want({}, { '+foo': '1' })).toEqual({ code: 1, remark: 'unsupported key: foo' });
});

test('MIXED needs enableMixedMessageType', () => {
  expect(want({}, { '+message.type': 'MIXED' })).toEqual({ code: 29, remark: 'MIXED message type is not supported.' });
  const changes = new Map([['+message.type', 'MIXED']]);
  expect(wantedTopic(plain, changes, undefined, { ...config, enableMixedMessageType: true })).toMatchObject({
    attributes: { 'message.type': 'MIXED' },
  });
});

test('two topics are the same when every member is', () => {
  const topic = { ...plainTopic('T', 4, 6), attributes: { 'reserve.time': '5' } };
  expect(isSameTopic(topic, { ...topic, attributes: { ...topic.attributes } })).toBe(true);
  expect(isSameTopic(undefined, topic)).toBe(false);
  const others: readonly Partial<TopicConfig>[] = [
    { readQueueNums: 5 },
    { writeQueueNums: 5 },
    { perm: 4 },
    { topicFilterType: 'MULTI_TAG' },
    { topicSysFlag: 1 },
    { order: true },
    { attributes: {} },
    { attributes: { 'reserve.time': '6' } },
    { attributes: { 'reserve.time': '5', 'message.type': 'FIFO' } },
  ];
  expect(others.map((other) => isSameTopic(topic, { ...topic, ...other }))).toEqual(others.map(() => false));
});
