import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { Turns } from '../metadata/turns.js';
import { BrokerStats } from '../stats/broker-stats.js';
import { MessageType } from '../stats/message-type.js';
import { trafficFamilies } from './traffic-families.js';

const isSystemTopic = (topic: string): boolean => topic.startsWith('rmq_sys_');
const create = (countsByType = true): BrokerStats =>
  new BrokerStats({ ...virtualEnvironment(1), clusterName: 'C', isSystemTopic, countsByType });
const noPause = async (): Promise<void> => undefined;
const samplesOf = async (stats: BrokerStats, name: string): Promise<readonly unknown[]> =>
  (await trafficFamilies(stats, isSystemTopic, new Turns(noPause))).find((family) => family.name === `rocketmq_${name}`)
    ?.samples ?? [];

it('tells what came in by type and size, a batch once with the mean size of its messages', async () => {
  const stats = create();
  const puts = stats.topicPuts('T');
  puts.add(1, 1024);
  puts.add(3, 3 * 1025 + 2);
  puts.add(1, 5_000_000, MessageType.FIFO);
  stats.topicPuts('rmq_sys_x').add(1, 10, MessageType.DELAY);
  const normal = { is_system: 'false', message_type: 'normal', topic: 'T' };
  const fifo = { ...normal, message_type: 'fifo' };
  const delay = { is_system: 'true', message_type: 'delay', topic: 'rmq_sys_x' };
  expect(await samplesOf(stats, 'messages_in_total')).toEqual([
    { labels: normal, value: 4 },
    { labels: fifo, value: 1 },
    { labels: delay, value: 1 },
  ]);
  expect(await samplesOf(stats, 'throughput_in_total')).toEqual([
    { labels: normal, value: 4101 },
    { labels: fifo, value: 5_000_000 },
    { labels: delay, value: 10 },
  ]);
  expect(await samplesOf(stats, 'message_size')).toEqual([
    { labels: normal, counts: Float64Array.of(1, 1, 0, 0, 0, 0, 0), sum: 2049 },
    { labels: fifo, counts: Float64Array.of(0, 0, 0, 0, 0, 0, 1), sum: 5_000_000 },
    { labels: delay, counts: Float64Array.of(1, 0, 0, 0, 0, 0, 0), sum: 10 },
  ]);
});

it('has nothing of it where nobody counts by type, nor of a topic that is gone', async () => {
  const stats = create(false);
  stats.topicPuts('T').add(1, 10);
  expect(await samplesOf(stats, 'messages_in_total')).toEqual([]);
  const counting = create();
  counting.topicPuts('T').add(1, 10);
  counting.topicDeleted('T');
  expect(await samplesOf(counting, 'messages_in_total')).toEqual([]);
});

it('tells what groups were given, but for retries and dead letters', async () => {
  const stats = create();
  stats.groupGets('T', 'G').add(0, 2, 200, undefined);
  stats.groupGets('T', 'G').add(1, 1, 100, 5);
  stats.groupGets('T', 'TOOLS_CONSUMER').add(0, 1, 1, undefined);
  stats.groupGets('%RETRY%G', 'G').add(0, 1, 1, undefined);
  stats.groupGets('%DLQ%G', 'G').add(0, 1, 1, undefined);
  const labels = { consumer_group: 'G', is_system: 'false', topic: 'T' };
  const tools = { consumer_group: 'TOOLS_CONSUMER', is_system: 'true', topic: 'T' };
  expect(await samplesOf(stats, 'messages_out_total')).toEqual([
    { labels, value: 3 },
    { labels: tools, value: 1 },
  ]);
  expect(await samplesOf(stats, 'throughput_out_total')).toEqual([
    { labels, value: 300 },
    { labels: tools, value: 1 },
  ]);
});

it('tells what nobody could handle, until its group is deleted', async () => {
  const stats = create();
  for (const group of ['G', 'G', 'H']) stats.deadLettered('T', group);
  const sample = (group: string, value: number) => ({ labels: { consumer_group: group, is_system: 'false', topic: 'T' }, value });
  expect(await samplesOf(stats, 'send_to_dlq_messages_total')).toEqual([sample('G', 2), sample('H', 1)]);
  stats.groupDeleted('G');
  expect(await samplesOf(stats, 'send_to_dlq_messages_total')).toEqual([sample('H', 1)]);
});

it('lets others have their turn after every 1000 topics and groups', async () => {
  const stats = create();
  for (let n = 0; n < 1500; n += 1) {
    stats.topicPuts(`T${n}`).add(1, 10);
    stats.groupGets('T', `g${n}`).add(0, 1, 1, undefined);
  }
  let pauses = 0;
  await trafficFamilies(stats, isSystemTopic, new Turns(async () => void (pauses += 1)));
  expect(pauses).toBe(3);
});
