import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { verifies } from '../../support/verifies.js';
import { waitUntil } from '../../support/wait-until.js';
import { startApacheServer } from '../apache/apache-server.js';
import { apacheMissing, quickFlags } from '../apache/distribution.js';
import { JavaClient } from '../java-client.js';
import type { MqServer } from '../mq-server.js';
import { startOrbitServer } from '../orbit-server.js';
import { metricsTraffic } from './metrics-traffic.js';
import { type Scrape, type Series, scrape } from './scrape.js';

const limitMs = 180_000;
const topic = 'MetricsTopic';
/** A machine that others use too is slow at times. */
const patient = ['-Dinterop.timeoutMs=30000'];

/** Families of Apache's that ours has no use for: pop and RocksDB. */
const notOurs = [/^rocketmq_pop_/, /^rocketmq_rocksdb_/, /^target_info$/];
/** Series of families that both have, which only Apache's has: how it reads its own topics. */
const onlyApache: readonly ((series: Series) => boolean)[] = [
  ({ labels }) => labels['consumer_group'] === 'CID_RMQ_SYS_TRANS',
  // Where requests went during the traffic is chance: half of them are polls.
  ({ name }) => name.startsWith('rocketmq_rpc_latency'),
];

const shapeOf = ({ labels, name, type }: Series): string => {
  const values = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `${type} ${name} ${values.toSorted().join(' ')}`;
};
const shapes = (found: Scrape): readonly string[] =>
  found.series
    .filter((series) => !notOurs.some((name) => name.test(series.name)) && !onlyApache.some((is) => is(series)))
    .map(shapeOf)
    .toSorted();

const missing = apacheMissing();

describe.skipIf(missing !== undefined)(`GET /metrics of Apache 5.5.0 and of OrbitMQ${missing ?? ''}`, () => {
  const started: { stop(): Promise<void> }[] = [];
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let apache: Scrape;
  let ours: Scrape;

  async function measured(server: MqServer, port: number, name: string): Promise<Scrape> {
    const client = await JavaClient.start('5.5.0', server.namesrvAddr, join(directory.path, name), patient);
    started.push(client);
    const traffic = await metricsTraffic(server, client);
    started.push(traffic);
    // The last commit of offsets, and the outcome of the transactions, come behind the deliveries.
    await waitUntil(`${name} has counted all`, 30_000, async () => {
      const now = await scrape(port);
      return (
        now.value('rocketmq_consumer_lag_messages', { topic }) === 0 &&
        now.has('rocketmq_send_to_dlq_messages_total') &&
        now.has('rocketmq_rollback_messages_total') &&
        now.value('rocketmq_timer_enqueue_total', { topic }) === 4
      );
    });
    return scrape(port);
  }

  beforeAll(async () => {
    directory = await temporaryDirectory('metrics');
    const exporter = async () => ({
      metricsExporterType: 'PROM',
      metricsPromExporterPort: String(await freePort()),
      metricsPromExporterHost: '127.0.0.1',
      metricsLabel: 'zone:z1',
    });
    const [theirs, own] = [await exporter(), await exporter()];
    const servers = await Promise.all([
      startApacheServer('5.5.0', join(directory.path, 'apache'), theirs, { flags: quickFlags }),
      startOrbitServer(join(directory.path, 'ours'), own),
    ]);
    started.push(...servers);
    apache = await measured(servers[0], Number(theirs.metricsPromExporterPort), 'apache-client');
    ours = await measured(servers[1], Number(own.metricsPromExporterPort), 'our-client');
  }, limitMs);

  afterAll(async () => {
    for (const each of started.toReversed()) await each.stop();
    await directory?.remove();
  }, limitMs);

  it('has the same series, with the same types and labels', () => {
    verifies('metrics');
    expect(shapes(ours)).toEqual(shapes(apache));
  });

  it.each([
    ['rocketmq_messages_in_total', { topic, message_type: 'normal' }],
    ['rocketmq_messages_in_total', { topic, message_type: 'delay' }],
    ['rocketmq_messages_in_total', { topic: 'RMQ_SYS_TRANS_HALF_TOPIC' }],
    ['rocketmq_messages_in_total', { topic: 'SCHEDULE_TOPIC_XXXX' }],
    ['rocketmq_messages_in_total', { topic: '%RETRY%metrics-group' }],
    ['rocketmq_messages_out_total', { topic, consumer_group: 'metrics-group' }],
    ['rocketmq_messages_out_total', { consumer_group: 'SCHEDULE_CONSUMER' }],
    ['rocketmq_message_size_count', { topic, message_type: 'normal' }],
    ['rocketmq_message_size_bucket', { topic, message_type: 'normal', le: '1024.0' }],
    ['rocketmq_commit_messages_total', { topic }],
    ['rocketmq_rollback_messages_total', { topic }],
    ['rocketmq_finish_message_latency_milliseconds_count', { topic }],
    ['rocketmq_half_messages', { topic }],
    ['rocketmq_send_to_dlq_messages_total', { topic }],
    ['rocketmq_producer_connections', {}],
    ['rocketmq_consumer_connections', {}],
    ['rocketmq_consumer_lag_messages', { topic }],
    ['rocketmq_consumer_ready_messages', { topic }],
    ['rocketmq_consumer_inflight_messages', { topic }],
    ['rocketmq_broker_permission', {}],
    ['rocketmq_topic_create_execution_time_milliseconds_count', {}],
    ['rocketmq_storage_dispatch_behind_bytes', {}],
    ['rocketmq_messages_in_total', { topic: 'rmq_sys_wheel_timer' }],
    ['rocketmq_timer_enqueue_total', { topic }],
    ['rocketmq_timer_dequeue_total', { topic }],
    ['rocketmq_delay_message_latency_seconds_bucket', { topic, le: '60.0' }],
    ['rocketmq_delay_message_latency_seconds_bucket', { topic, le: '3600.0' }],
    ['rocketmq_timing_messages', { topic }],
    ['rocketmq_timer_message_snapshot', { timer_bound_s: '3600' }],
    ['rocketmq_timer_enqueue_lag', {}],
    ['rocketmq_timer_dequeue_lag', {}],
  ])('counts %s %j alike', (name, labels) => {
    expect(apache.value(name, labels)).toBeDefined();
    expect(ours.value(name, labels)).toBe(apache.value(name, labels));
  });

  it.each([
    ['send_message_v2', 'success', 'success', 'false'],
    ['send_batch_message', 'success', 'success', 'false'],
    ['end_transaction', 'success', 'oneway', 'false'],
    ['pull_message', 'success', 'success', 'true'],
  ])('measures %s alike', (request_code, response_code, result, is_long_polling) => {
    const labels = { request_code, response_code, result, is_long_polling, protocol_type: 'remoting' };
    for (const found of [apache, ours])
      expect(found.has('rocketmq_rpc_latency_milliseconds_bucket', { ...labels, le: '3.0' })).toBe(true);
  });

  it('measures the disk of both', () => {
    for (const found of [apache, ours]) expect(found.value('rocketmq_storage_size_bytes')).toBeGreaterThan(1e6);
    expect(ours.value('rocketmq_storage_message_reserve_time_milliseconds')).toBeGreaterThan(0);
  });
});
