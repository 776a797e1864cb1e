import { systemEnvironment } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeRecords,
  encodeCheckClientConfig,
  encodeHeartbeat,
  encodeProperties,
  PullSysFlag,
  pullMessageHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  retryTopic,
  type SubscriptionData,
  sendMessageV2Header,
} from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';

const own = PullSysFlag.SUBSCRIPTION;

function subscriptionOf(topic: string, expressionType: string, subString: string, subVersion: number): SubscriptionData {
  return { topic, expressionType, subString, subVersion, tagsSet: [], codeSet: [], classFilterMode: false };
}

/** What a broker answers to filters, right and wrong ones: a line for each request, to be compared between brokers. */
export async function filterRefusals(brokerAddr: string, topic: string): Promise<readonly string[]> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  const retryGroup = `filter-retry-${topic}`;
  const lines: string[] = [];
  const ask = (request: RemotingCommand): Promise<RemotingCommand> => client.invoke(brokerAddr, request, { timeoutMs: 10_000 });
  const note = (what: string, { code, remark, body }: RemotingCommand): void => {
    // The words about a wrong expression are everybody's own.
    const words = code === ResponseCode.SUBSCRIPTION_PARSE_FAILED ? '' : ` ${remark ?? ''}`;
    lines.push(`${what}: ${code}${words} ${body === undefined ? '' : decodeRecords(body).length}`.trimEnd());
  };
  const check = async (type: string, expression: string): Promise<void> => {
    const subscription = subscriptionOf(topic, type, expression, 1);
    const body = encodeCheckClientConfig({ clientId: 'c', group: 'g', subscription });
    note(`check ${type} ${expression}`, await ask(createRequest(RequestCode.CHECK_CLIENT_CONFIG, { body })));
  };
  const beat = async (group: string, type: string, expression: string, subVersion: number): Promise<void> => {
    const subscriptionDataSet = [
      subscriptionOf(topic, type, expression, subVersion),
      subscriptionOf(retryTopic(group), 'TAG', '*', subVersion),
    ];
    const consumer = {
      groupName: group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      subscriptionDataSet,
      unitMode: false,
    } as const;
    const heartbeat = { clientId: 'c', producerGroups: [], consumers: [consumer], heartbeatFingerprint: 0, withoutSub: false };
    await ask(createRequest(RequestCode.HEART_BEAT, { body: encodeHeartbeat(heartbeat) }));
  };
  const pull = async (group: string, sysFlag: number, fields: Partial<Parameters<typeof pullMessageHeader.encode>[0]>) => {
    const extFields = pullMessageHeader.encode({
      consumerGroup: group,
      topic,
      queueId: 0,
      queueOffset: 0,
      maxMsgNums: 32,
      sysFlag,
      commitOffset: 0,
      suspendTimeoutMillis: 1000,
      subscription: undefined,
      subVersion: 0,
      expressionType: undefined,
      maxMsgBytes: undefined,
      brokerName: undefined,
      ...fields,
    });
    const { subscription, subVersion, expressionType } = fields;
    const what = `pull ${group} ${expressionType} ${subscription} ${subVersion}`;
    note(what, await ask(createRequest(RequestCode.PULL_MESSAGE, { extFields })));
  };
  const retry = async (group: string, properties: Readonly<Record<string, string>>): Promise<void> => {
    const extFields = sendMessageV2Header.encode({
      producerGroup: 'filter-producers',
      topic: retryTopic(group),
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: 4,
      queueId: 0,
      sysFlag: 0,
      bornTimestamp: 1,
      flag: 0,
      properties: encodeProperties(properties),
      reconsumeTimes: 1,
      unitMode: undefined,
      batch: undefined,
      maxReconsumeTimes: undefined,
      brokerName: undefined,
    });
    note(
      `retry ${JSON.stringify(properties)}`,
      await ask(createRequest(RequestCode.SEND_MESSAGE_V2, { extFields, body: Buffer.from('again') })),
    );
  };
  try {
    for (const expression of ['n > 1', 'n >', '', "n > 'x'", 'NULL']) await check('SQL92', expression);
    await check('TAG', 'a || b');
    await check('XPATH', 'n > 1');
    for (const expression of ['n >= 0', 'n > 1000', 'n >', '']) {
      await pull('filter-own', own, { subscription: expression, expressionType: 'SQL92' });
    }
    await pull('filter-own', own, { subscription: 'n > 1000', expressionType: 'XPATH' });
    await pull('filter-own', own, { expressionType: 'SQL92' });
    await beat('filter-right', 'SQL92', 'n > 1000', 5);
    await pull('filter-right', 0, { subVersion: 5 });
    await pull('filter-right', 0, { subVersion: 4 });
    await pull('filter-right', 0, { subVersion: 6 });
    await beat('filter-right', 'SQL92', 'n >', 7);
    await pull('filter-right', 0, { subVersion: 7 });
    await pull('filter-right', 0, { subVersion: 5 });
    await beat('filter-right', 'SQL92', 'n >= 0', 8);
    await pull('filter-right', 0, { subVersion: 8 });
    await beat(retryGroup, 'SQL92', 'n > 1000', 5);
    for (const RETRY_TOPIC of [topic, 'Other']) {
      for (const n of ['5', '5000']) await retry(retryGroup, { n, RETRY_TOPIC });
    }
    await pull(retryGroup, 0, { topic: retryTopic(retryGroup), subVersion: 5 });
    await beat('filter-wrong', 'SQL92', 'n >', 5);
    await pull('filter-wrong', 0, { subVersion: 5 });
    await beat('filter-unknown', 'XPATH', 'n > 1', 5);
    await pull('filter-unknown', 0, { subVersion: 5 });
  } finally {
    await client.stop();
  }
  return lines;
}
