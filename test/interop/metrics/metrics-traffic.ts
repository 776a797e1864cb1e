import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, RequestCode, ResponseCode, retryTopic } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { waitUntil } from '../../support/wait-until.js';
import type { JavaClient } from '../java-client.js';
import type { MqServer } from '../mq-server.js';

const topic = 'MetricsTopic';
const group = 'metrics-group';
const deliveryLimitMs = 60_000;

/** Clients that stay, since connections are measured too. */
export interface MetricsTraffic {
  stop(): Promise<void>;
}

/**
 * The same at every broker: one message of each type, a batch of two, one that is failed once and then given up (so that there are a
 * retry and a dead letter), a transaction that is committed and one that is rolled back. Resolves when all is delivered.
 */
export async function metricsTraffic(server: MqServer, client: JavaClient): Promise<MetricsTraffic> {
  // Before the clients ask for them: they would look for a topic that is not there again only after half a minute.
  await createTopics(server.brokerAddr, [topic, retryTopic(group)]);
  const producer = await client.startProducer('metrics-producer');
  const transactions = await client.startTransactionProducer('metrics-transactions');
  const consumer = await client.startConsumer({ group, topic, maxReconsumeTimes: 1 });
  await producer.send({ topic, body: 'normal' });
  await producer.send({ topic, body: 'ordered', shardingKey: 'k' });
  await producer.send({ topic, body: 'delayed', delayLevel: 1 });
  await producer.sendBatch({ topic }, ['b1', 'b2']);
  await producer.send({ topic, body: 'failing', properties: { fail: '9' } });
  await transactions.send({ topic, body: 'committed', properties: { local: 'commit' } });
  await transactions.send({ topic, body: 'rolled back', properties: { local: 'rollback' } });
  const wanted = ['b1', 'b2', 'committed', 'delayed', 'failing', 'failing', 'normal', 'ordered'];
  await waitUntil('everything is delivered', deliveryLimitMs, () => {
    const bodies = consumer.deliveries.map(({ body }) => body).toSorted();
    return JSON.stringify(bodies) === JSON.stringify(wanted);
  });
  return {
    stop: async () => {
      await consumer.stop();
      await transactions.stop();
      await producer.stop();
    },
  };
}

async function createTopics(brokerAddr: string, topics: readonly string[]): Promise<void> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  try {
    for (const name of topics) {
      const extFields = { topic: name, defaultTopic: 'TBW102', readQueueNums: '1', writeQueueNums: '1', perm: '6' };
      const sysFields = { topicFilterType: 'SINGLE_TAG', topicSysFlag: '0', order: 'false' };
      const request = createRequest(RequestCode.UPDATE_AND_CREATE_TOPIC, { extFields: { ...extFields, ...sysFields } });
      const { code, remark } = await client.invoke(brokerAddr, request, { timeoutMs: 10_000 });
      if (code !== ResponseCode.SUCCESS) throw new Error(`${brokerAddr} makes no topic: ${code} ${remark}`);
    }
  } finally {
    await client.stop({ deadlineMs: 0 });
  }
}
