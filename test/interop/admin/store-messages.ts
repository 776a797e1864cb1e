import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, encodeProperties, RequestCode, ResponseCode, sendMessageV2Header } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';

/** 2026-01-01: the same everywhere, so that what is printed of it is. */
const bornTimestamp = 1_767_225_600_000;

/**
 * Stores messages in queue 0 of a topic, the same at every broker: with tag `TagA`, key `k<index>`, body `body-<index>` and an id
 * that tells the index. Resolves with their offset ids. (mqadmin's `sendMessage` works once in a JVM: it keeps the producer that it shut down.)
 */
export async function storeMessages(brokerAddr: string, topic: string, count: number): Promise<readonly string[]> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  const ids: string[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const uniqueKey = `7F00000100A118B4AAC2${String(index).padStart(12, '0')}`;
      const extFields = sendMessageV2Header.encode({
        producerGroup: 'row-producer',
        topic,
        defaultTopic: 'TBW102',
        defaultTopicQueueNums: 1,
        queueId: 0,
        sysFlag: 0,
        bornTimestamp,
        flag: 0,
        properties: encodeProperties({ UNIQ_KEY: uniqueKey, KEYS: `k${index}`, TAGS: 'TagA', WAIT: 'true' }),
        reconsumeTimes: 0,
        unitMode: false,
        maxReconsumeTimes: undefined,
        batch: false,
        brokerName: undefined,
      });
      const request = createRequest(RequestCode.SEND_MESSAGE_V2, { extFields, body: Buffer.from(`body-${index}`) });
      const { code, remark, extFields: sent } = await client.invoke(brokerAddr, request, { timeoutMs: 10_000 });
      if (code !== ResponseCode.SUCCESS) throw new Error(`${brokerAddr} does not store a message: ${code} ${remark}`);
      ids.push(sent?.['msgId'] ?? '');
    }
    return ids;
  } finally {
    await client.stop({ deadlineMs: 0 });
  }
}
