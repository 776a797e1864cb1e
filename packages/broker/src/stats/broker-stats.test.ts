import { virtualEnvironment } from '@orbitmq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerStats } from './broker-stats.js';

let environment: ReturnType<typeof virtualEnvironment>;
let stats: BrokerStats;

const create = (itemsMax?: number): BrokerStats =>
  new BrokerStats({
    ...environment,
    clusterName: 'C',
    isSystemTopic: (topic) => topic.startsWith('rmq_sys_'),
    itemsMax,
  });

beforeEach(async () => {
  environment = virtualEnvironment(1);
  stats = create();
  await stats.start();
});
afterEach(() => stats.stop());

const sums = (name: string, key: string) => {
  const item = stats.find(name, key);
  return item === undefined ? undefined : [item.minute.sum().sum, item.hour.sum().sum, item.day.sum().sum];
};

it('shows a put in the minute after 10 s, in the hour after 10 min, in the day after 1 h', async () => {
  stats.topicPuts('T').add(3, 300);
  const at: Record<number, unknown> = {};
  for (const ms of [9_999, 1, 589_999, 1, 2_999_999, 1]) {
    await environment.time.advance(ms);
    at[environment.clock.monotonic()] = sums('TOPIC_PUT_NUMS', 'T');
  }
  expect(at).toEqual({
    9_999: [0, 0, 0],
    10_000: [3, 0, 0],
    599_999: [0, 0, 0],
    600_000: [0, 3, 0],
    3_599_999: [0, 3, 0],
    3_600_000: [0, 3, 3],
  });
});

it('gives rates by the last minute', async () => {
  stats.topicPuts('T').add(60, 1);
  stats.groupGets('T', 'G').add(0, 30, 1, undefined);
  await environment.time.advance(10_000);
  expect([stats.topicPutTps('T'), stats.groupGetTps('T', 'G')]).toEqual([6, 3]);
  expect([stats.topicPutTps('X'), stats.groupGetTps('T', 'X')]).toEqual([0, 0]);
});

it('counts the broker with and without its own topics', () => {
  stats.topicPuts('T').add(2, 20);
  stats.topicPuts('rmq_sys_x').add(5, 50);
  stats.groupGets('T', 'G').add(0, 3, 30, undefined);
  stats.groupGets('rmq_sys_x', 'G').add(0, 7, 70, 4);
  const value = (name: string) => stats.find(name, 'C')?.value;
  expect(value('BROKER_PUT_NUMS')).toBe(7);
  expect(value('BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC')).toBe(2);
  expect(value('BROKER_GET_NUMS')).toBe(10);
  expect(value('BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC')).toBe(3);
  expect(value('BROKER_GET_FROM_DISK_NUMS')).toBe(7);
  expect(value('BROKER_GET_FROM_DISK_SIZE')).toBe(70);
  expect(stats.totals).toEqual({ put: 2, got: 3 });
});

it('counts by topic and group, and the time by queue', () => {
  stats.groupGets('T', 'G').add(2, 3, 30, 8);
  stats.groupGets('T', 'G').add(2, 1, 10, undefined);
  stats.sentBack('T', 'G');
  stats.deadLettered('T', 'G');
  const item = (name: string, key: string) => {
    const found = stats.find(name, key);
    return [found?.value, found?.times];
  };
  expect(item('GROUP_GET_NUMS', 'T@G')).toEqual([4, 2]);
  expect(item('GROUP_GET_SIZE', 'T@G')).toEqual([40, 2]);
  expect(item('GROUP_GET_LATENCY', '2@T@G')).toEqual([8, 2]);
  expect(item('GROUP_GET_FROM_DISK_NUMS', 'T@G')).toEqual([3, 1]);
  expect(item('SNDBCK_PUT_NUMS', 'T@G')).toEqual([1, 1]);
  expect(item('DLQ_PUT_NUMS', 'T@G')).toEqual([1, 1]);
});

describe('what is deleted', () => {
  const names = ['GROUP_GET_NUMS', 'GROUP_GET_SIZE', 'SNDBCK_PUT_NUMS', 'DLQ_PUT_NUMS'];
  const known = (topic: string, group: string) =>
    names.filter((name) => stats.find(name, `${topic}@${group}`) !== undefined).length;

  beforeEach(() => {
    for (const topic of ['T', 'U']) {
      stats.topicPuts(topic).add(1, 1);
      for (const group of ['G', 'H']) {
        stats.groupGets(topic, group).add(0, 1, 1, undefined);
        stats.sentBack(topic, group);
        stats.deadLettered(topic, group);
      }
    }
  });

  it('goes with its topic, and begins at 0 when the topic comes again', () => {
    const held = stats.topicPuts('T');
    stats.topicDeleted('T');
    held.add(1, 1);
    expect(stats.find('TOPIC_PUT_NUMS', 'T')).toBeUndefined();
    expect([known('T', 'G'), known('T', 'H'), known('U', 'G')]).toEqual([0, 0, 4]);
    stats.topicPuts('T').add(5, 5);
    stats.groupGets('T', 'G').add(0, 6, 1, undefined);
    expect(stats.find('TOPIC_PUT_NUMS', 'T')?.value).toBe(5);
    expect(stats.find('GROUP_GET_NUMS', 'T@G')?.value).toBe(6);
  });

  it('goes with its group', () => {
    stats.groupDeleted('G');
    expect([known('T', 'G'), known('U', 'G'), known('T', 'H'), known('U', 'H')]).toEqual([0, 0, 4, 4]);
    stats.groupGets('T', 'G').add(0, 6, 1, undefined);
    expect(stats.find('GROUP_GET_NUMS', 'T@G')?.value).toBe(6);
  });
});

it('at its limit keeps no further counter, counts on what it has, and takes one when one goes', () => {
  const ofBroker = 6;
  stats = create(ofBroker + 2);
  stats.topicPuts('A').add(1, 1);
  for (let index = 0; index < 100; index += 1) stats.topicPuts(`B${index}`).add(1, 1);
  stats.groupGets('A', 'G').add(0, 1, 1, 5);
  stats.topicPuts('A').add(1, 1);
  expect(stats.find('TOPIC_PUT_NUMS', 'A')?.value).toBe(2);
  expect(stats.find('TOPIC_PUT_NUMS', 'B99')).toBeUndefined();
  expect(stats.find('GROUP_GET_NUMS', 'A@G')).toBeUndefined();
  expect(stats.find('BROKER_PUT_NUMS', 'C')?.value).toBe(102);
  stats.topicDeleted('A');
  stats.topicPuts('B99').add(4, 1);
  expect(stats.find('TOPIC_PUT_NUMS', 'B99')?.value).toBe(4);
});

it('samples no more after its stop', async () => {
  stats.topicPuts('T').add(3, 300);
  await stats.stop();
  await environment.time.advance(3_600_000);
  expect(sums('TOPIC_PUT_NUMS', 'T')).toEqual([0, 0, 0]);
});
