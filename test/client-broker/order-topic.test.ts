/** Order topics: an operator says at the NameServer which queues a topic has for its senders, whatever brokers there are. */
import { createRequest, putKvConfigHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient } from '@orbitmq/remoting';
import { expect, test } from 'vitest';
import { Cluster, createProducer, order } from './cluster.js';

const pollMs = 31_000;

async function setOrderConf(cluster: Cluster, value: string): Promise<void> {
  const { environment, network } = cluster;
  const client = createRemotingClient({ environment, dialer: network });
  await cluster.settle(client.start());
  const extFields = putKvConfigHeader.encode({ namespace: 'ORDER_TOPIC_CONFIG', key: 'orders', value });
  const request = createRequest(RequestCode.PUT_KV_CONFIG, { extFields });
  const answer = await cluster.settle(client.invoke('127.0.0.1:9876', request, { timeoutMs: 3000 }));
  expect(answer.code).toBe(ResponseCode.SUCCESS);
  await cluster.settle(client.stop());
}

async function usedQueues(cluster: Cluster, producer: ReturnType<typeof createProducer>): Promise<readonly string[]> {
  const used = new Set<string>();
  for (let turn = 0; turn < 32; turn += 1) {
    const { brokerName, queueId } = await cluster.settle(producer.send(order(`m${turn}`)));
    used.add(`${brokerName}:${queueId}`);
  }
  return [...used].toSorted();
}

test.each([
  [true, ['broker-a:0', 'broker-a:1', 'broker-b:0']],
  [false, ['broker-a:0', 'broker-a:1', 'broker-a:2', 'broker-a:3', 'broker-b:0', 'broker-b:1', 'broker-b:2', 'broker-b:3']],
])('with orderMessageEnable=%s a topic with an order configuration is sent to %j', async (orderMessageEnable, expected) => {
  const cluster = new Cluster(1, { orderMessageEnable });
  await cluster.start({ brokerName: 'broker-a' }, { brokerName: 'broker-b', listenPort: 10921 });
  try {
    const transport = cluster.transport();
    const producer = createProducer(transport);
    await cluster.settle(transport.start());
    // Both brokers get the topic.
    await usedQueues(cluster, producer);
    await cluster.advance(pollMs);
    await setOrderConf(cluster, 'broker-b:1;broker-a:2');
    await cluster.advance(pollMs);
    expect(await usedQueues(cluster, producer)).toEqual(expected);
  } finally {
    await cluster.stop();
  }
});
