import { PropertyName, retryTopic } from '@orbitmq/protocol';
import { BrokerCalls } from '../../support/broker-calls.js';
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
 * retry and a dead letter), a transaction that is committed and one that is rolled back; timed messages of which one comes, one waits
 * and one is taken back. Resolves when all is delivered.
 */
export async function metricsTraffic(server: MqServer, client: JavaClient): Promise<MetricsTraffic> {
  // Before the clients ask for them: they would look for a topic that is not there again only after half a minute.
  const calls = await BrokerCalls.connect(server.brokerAddr);
  for (const name of [topic, retryTopic(group)]) await calls.createTopic(name, 1);
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
  await sendTimed(calls);
  await calls.stop();
  const wanted = ['b1', 'b2', 'committed', 'delayed', 'failing', 'failing', 'normal', 'ordered', 'timed'];
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

async function sendTimed(calls: BrokerCalls): Promise<void> {
  const inAnHour = { [PropertyName.TIMER_DELIVER_MS]: String(Date.now() + 3_600_000) };
  const messages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    timed: { [PropertyName.TIMER_DELAY_MS]: '1500' },
    waiting: inAnHour,
    'taken back': { ...inAnHour, [PropertyName.UNIQ_KEY]: 'taken-back' },
    cancellation: { ...inAnHour, [PropertyName.TIMER_DEL_UNIQKEY]: 'taken-back' },
  };
  for (const [body, properties] of Object.entries(messages)) {
    const sent = await calls.send(topic, 0, body, { UNIQ_KEY: body, ...properties });
    if (sent.kind !== 'stored') throw new Error(`${body} was not stored: ${JSON.stringify(sent)}`);
  }
}
