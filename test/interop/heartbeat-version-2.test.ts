import { join } from 'node:path';
import { RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { askingBroker } from './admin/ask-broker.js';
import { storeMessages } from './admin/store-messages.js';
import { apacheMissing } from './apache/distribution.js';
import { JavaClient } from './java-client.js';
import { startOrbitServer } from './orbit-server.js';

const limitMs = 180_000;
const deliveryLimitMs = 60_000;
const topic = 'heartbeats';
const missing = apacheMissing();

/** What the members of the group subscribe to, as an operator sees it; empty when nobody is there. */
function subscriptionsOf(brokerAddr: string, consumerGroup: string): Promise<string> {
  return askingBroker(brokerAddr, async (ask) => {
    const { code, body } = await ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup });
    return code === ResponseCode.SUCCESS ? (body?.toString() ?? '') : '';
  });
}

it.skipIf(missing !== undefined)(
  'a 5.5.0 consumer whose heartbeats leave its subscriptions out goes on, also at a broker that was killed and knows none of it',
  { timeout: limitMs },
  async () => {
    verifies('heartbeats-without-subscriptions');
    const directory = await temporaryDirectory('heartbeats');
    const server = await startOrbitServer(join(directory.path, 'ours'));
    const flags = ['-Dcom.rocketmq.heartbeat.v2=true', '-Dinterop.heartbeatMs=500'];
    const java = await JavaClient.start('5.5.0', server.namesrvAddr, directory.path, flags);
    try {
      await askingBroker(server.brokerAddr, (ask) => {
        const queues = { readQueueNums: '1', writeQueueNums: '1', perm: '6', topicFilterType: 'SINGLE_TAG' };
        const fields = { topic, defaultTopic: 'TBW102', ...queues, topicSysFlag: '0', order: 'false' };
        return ask(RequestCode.UPDATE_AND_CREATE_TOPIC, fields);
      });
      await storeMessages(server.brokerAddr, topic, 3);
      const consumer = await java.startConsumer({ group: 'beating', topic });
      const offsets = (): Set<number> => new Set(consumer.deliveries.map(({ queueOffset }) => queueOffset));
      await waitUntil('the first messages', deliveryLimitMs, () => offsets().size >= 3);
      // Some heartbeats without subscriptions have come by then.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(await subscriptionsOf(server.brokerAddr, 'beating')).toContain(`"topic":"${topic}"`);
      await server.restartBroker('SIGKILL');
      await storeMessages(server.brokerAddr, topic, 2);
      await waitUntil('the messages after the restart', deliveryLimitMs, () => offsets().size >= 5);
      expect(await subscriptionsOf(server.brokerAddr, 'beating')).toContain(`"topic":"${topic}"`);
    } finally {
      await java.stop();
      await server.stop();
      await directory.remove();
    }
  },
);
