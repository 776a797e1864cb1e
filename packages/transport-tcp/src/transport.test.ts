import { parseMqUrl } from '@orbitmq/core';
import { expect, test } from 'vitest';
import { rocketmqTransport } from './rocketmq-transport.js';
import { FakeCluster, outgoing, producerDefinition } from './test-support/fake-cluster.js';

test('declares what it can, and the durability it was told', () => {
  const { features, name } = new FakeCluster().transport({ durability: 'replicated' });
  expect(name).toBe('rocketmq');
  expect(features).toEqual({
    durability: 'replicated',
    batch: true,
    oneway: true,
    transactions: true,
    orderly: true,
    delayLevels: true,
    timedDelivery: 'carried',
    recall: true,
    tagFilter: true,
    retry: true,
    idempotencyKey: 'carried',
  });
});

test('the scheme makes it from a URL; options go before the URL, and page-cache is the default', async () => {
  const cluster = new FakeCluster();
  await cluster.start();
  const scheme = rocketmqTransport({ dialer: cluster.network, clientIp: '192.0.2.2', processId: 7 });
  expect(scheme.scheme).toBe('rocketmq');
  const url = parseMqUrl(`rocketmq://${cluster.nameServer.address}?durability=disk`);
  expect(scheme.create(url, cluster.environment).features.durability).toBe('disk');
  expect(scheme.create(parseMqUrl('rocketmq://a'), cluster.environment).features.durability).toBe('page-cache');
  expect(rocketmqTransport({ durability: 'quorum' }).create(url, cluster.environment).features.durability).toBe('quorum');
  const transport = scheme.create(url, cluster.environment);
  const producer = transport.createProducer(producerDefinition());
  await cluster.settle(transport.start());
  await cluster.settle(producer.send(outgoing()));
  await cluster.settle(transport.stop());
});

test('options that cannot work are refused before anything is opened', () => {
  const cluster = new FakeCluster();
  expect(() => cluster.transport({ clientIp: 'localhost' })).toThrow(/clientIp = "localhost" is no IP address/);
  expect(() => cluster.transport({ namesrvAddr: [] })).toThrow(/names no NameServer/);
  expect(() => cluster.transport().createProducer(producerDefinition({ group: 'a b' }))).toThrow(
    expect.objectContaining({ code: 'GROUP_INVALID' }),
  );
});

test('a start that fails leaves nothing behind, and a stop before the start is nothing', async () => {
  const cluster = new FakeCluster();
  const unreachable = cluster.transport();
  await expect(cluster.settle(unreachable.start())).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  await cluster.time.advance(60_000);
  expect(cluster.time.pendingCount).toBe(0);
  await cluster.settle(cluster.transport().stop());
});

test('stop is idempotent and leaves no timer', async () => {
  const cluster = new FakeCluster();
  await cluster.start();
  const transport = cluster.transport();
  transport.createProducer(producerDefinition());
  await cluster.settle(transport.start());
  await cluster.settle(Promise.all([transport.stop(), transport.stop()]));
  await cluster.settle(Promise.all([cluster.nameServer.stop(), cluster.brokerA.stop(), cluster.brokerB.stop()]));
  await cluster.time.advance(10_000);
  expect(cluster.time.pendingCount).toBe(0);
});

test('the heartbeat names the producer groups under an id that is unique in the process', async () => {
  const cluster = new FakeCluster();
  await cluster.start();
  const transports = [cluster.transport(), cluster.transport({ instanceName: 'fixed' })];
  for (const transport of transports) {
    transport.createProducer(producerDefinition());
    await cluster.settle(transport.start());
  }
  const ids = cluster.brokerA.heartbeats.map((heartbeat) => heartbeat.clientId);
  expect(ids[0]).toMatch(/^192\.0\.2\.2@4711#\d+$/);
  expect(ids[1]).toBe('192.0.2.2@fixed');
  for (const transport of transports) await cluster.settle(transport.stop());
});
