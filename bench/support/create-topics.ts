import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, createTopicHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';

/** Creates topics at a broker of any make, so that no measured send has to. */
export async function createTopics(brokerAddr: string, topics: readonly string[], queues: number): Promise<void> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  for (const topic of topics) {
    const header = {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: 6,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
      attributes: undefined,
    };
    const request = createRequest(RequestCode.UPDATE_AND_CREATE_TOPIC, { extFields: createTopicHeader.encode(header) });
    const answer = await client.invoke(brokerAddr, request, { timeoutMs: 10_000 });
    if (answer.code !== ResponseCode.SUCCESS)
      throw new Error(`creating ${topic} at ${brokerAddr}: ${answer.code} ${answer.remark}`);
  }
  await client.stop();
}
