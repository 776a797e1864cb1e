import type { Broker } from '@orbitmq/broker';
import { isMqError } from '@orbitmq/core/kernel';
import { findProperty, PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { Cluster } from './cluster.js';
import { Inspector } from './inspector.js';
import { groups, topics } from './topics.js';

interface QueueReport {
  /** `topic@broker@queueId` */
  readonly queue: string;
  readonly content: {
    readonly minOffset: number;
    readonly maxOffset: number;
    readonly messages: readonly { readonly offset: number; readonly messageId: string }[];
  };
  /** By group. */
  readonly committed: readonly (readonly [string, number])[];
}

export interface BrokerContent {
  readonly brokerName: string;
  readonly queues: readonly QueueReport[];
}

const queueNums = 6;

/** Every topic that is sent to, on every broker, known to all NameServers. */
export async function createTopics(cluster: Cluster): Promise<void> {
  await withInspector(cluster, async (inspector, { broker }) => {
    const { orders, ledger, reminders, payments } = topics;
    for (const { name } of [orders, ledger, reminders, payments]) await inspector.createTopic(broker.address, name, queueNums);
  });
}

/** Everything all brokers hold, as a client reads it. */
export async function readBrokers(cluster: Cluster): Promise<readonly BrokerContent[]> {
  const contents: BrokerContent[] = [];
  await withInspector(cluster, async (inspector, { broker, brokerName }) => {
    contents.push({ brokerName, queues: await readQueues(inspector, broker.address, brokerName) });
  });
  return contents;
}

export async function growTopic(cluster: Cluster, broker: Broker, topic: string, queueCount: number): Promise<void> {
  const inspector = new Inspector(cluster.newProcess('inspector'));
  await inspector.start();
  try {
    await inspector.createTopic(broker.address, topic, queueCount);
  } catch (error) {
    // The broker may be down by now.
    if (!isMqError(error)) throw error;
  }
  await inspector.stop();
}

async function withInspector(
  cluster: Cluster,
  work: (inspector: Inspector, host: { readonly brokerName: string; readonly broker: Broker }) => Promise<void>,
): Promise<void> {
  const inspector = new Inspector(cluster.newProcess('inspector'));
  await inspector.start();
  for (const { brokerName, broker } of cluster.brokers) if (broker !== undefined) await work(inspector, { brokerName, broker });
  await inspector.stop();
}

/** Everything one broker holds. */
export async function readQueues(inspector: Inspector, address: string, brokerName: string): Promise<readonly QueueReport[]> {
  const reports: QueueReport[] = [];
  const names = [
    ...Object.values(topics).map(({ name }) => name),
    ...groups.map(({ group }) => `%RETRY%${group}`),
    SystemTopic.TRANS_HALF,
  ];
  for (const topic of names) {
    const maxOffsets = await inspector.maxOffsets(address, topic);
    for (const [queueId, maxOffset] of maxOffsets.entries()) {
      if (maxOffset === 0) continue;
      const { minOffset, maxOffset: end, messages } = await inspector.readQueue(address, topic, queueId);
      const committed: [string, number][] = [];
      for (const { group } of groups) {
        const offset = await inspector.committed(address, group, topic, queueId);
        if (offset !== undefined) committed.push([group, offset]);
      }
      reports.push({
        queue: `${topic}@${brokerName}@${queueId}`,
        content: {
          minOffset,
          maxOffset: end,
          messages: messages.map(({ queueOffset, propertiesBytes, physicalOffset }) => ({
            offset: queueOffset,
            messageId: findProperty(propertiesBytes, PropertyName.UNIQ_KEY) ?? `at ${physicalOffset}`,
          })),
        },
        committed,
      });
    }
  }
  return reports;
}
