import { RequestCode } from '@orbitmq/protocol';
import type { RawBroker } from './raw-broker.js';
import { type RefusalRow, topic } from './refusal-rows.js';

function heartbeat(group: string, model: string, more: object = {}): string {
  const subscription = {
    classFilterMode: false,
    codeSet: [],
    expressionType: 'TAG',
    subString: '*',
    subVersion: 1,
    tagsSet: [],
    topic,
  };
  const consumer = {
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    consumeType: 'CONSUME_PASSIVELY',
    groupName: group,
    messageModel: model,
    subscriptionDataSet: [{ ...subscription, ...more }],
    unitMode: false,
    ...more,
  };
  return JSON.stringify({ clientID: `${group}@1`, consumerDataSet: [consumer], producerDataSet: [], ...more });
}

/** What the broker tells of a group that was heard of so: its code and message model. */
function member(name: string, group: string, model: string, expected: RefusalRow['expected'], more?: object): RefusalRow {
  return {
    name,
    verdict: async (broker: RawBroker) => {
      const beat = await broker.codeOf({ code: RequestCode.HEART_BEAT, body: heartbeat(group, model, more) });
      const answer = await broker.ask({ code: RequestCode.GET_CONSUMER_CONNECTION_LIST, extFields: { consumerGroup: group } });
      const kept = /"messageModel":"(\w+)"/.exec(answer.body?.toString() ?? '')?.[1];
      return `${beat} ${answer.code} ${kept}`;
    },
    expected,
  };
}

/** The code of a change of a topic or group, and whether the attribute is told again. */
function attribute(name: string, topicName: string, attributes: string, expected: RefusalRow['expected']): RefusalRow {
  return {
    name,
    verdict: async (broker: RawBroker) => {
      const code = await broker.createTopic(topicName, { attributes });
      const answer = await broker.ask({ code: RequestCode.GET_TOPIC_CONFIG, extFields: { topic: topicName } });
      const kept = /"attributes":(\{[^}]*\})/.exec(answer.body?.toString() ?? '')?.[1];
      return `${code} ${kept}`;
    },
    expected,
  };
}

/** What 5.4 and 5.5 say that 4.9.7 has not heard of. */
export const wireRows: readonly RefusalRow[] = [
  member('a member that broadcasts', 'WireBroadcast', 'BROADCASTING', '0 0 BROADCASTING'),
  member('a member of light topics', 'WireLite', 'LITE_SELECTIVE', {
    '4.9.7': '0 0 undefined',
    '5.5.0': '0 0 LITE_SELECTIVE',
    ours: '0 0 LITE_SELECTIVE',
  }),
  member('a member of a model to come', 'WireFuture', 'STREAMING', {
    '4.9.7': '0 0 undefined',
    '5.5.0': '0 0 undefined',
    ours: '0 0 CLUSTERING',
  }),
  member('a member that says more', 'WireMore', 'CLUSTERING', '0 0 CLUSTERING', { toCome: { a: [1] }, another: null }),
  attribute('a topic of light topics', 'WireLiteTopic', '+message.type=LITE,+lite.topic.expiration=30', {
    '4.9.7': '0 undefined',
    '5.5.0': '0 {"message.type":"LITE","lite.topic.expiration":"30"}',
    ours: '0 {"message.type":"LITE","lite.topic.expiration":"30"}',
  }),
  attribute('a topic of priorities', 'WirePriority', '+message.type=PRIORITY', {
    '4.9.7': '0 undefined',
    '5.5.0': '0 {"message.type":"PRIORITY"}',
    ours: '0 {"message.type":"PRIORITY"}',
  }),
  attribute('a topic of a type to come', 'WireType', '+message.type=HOLOGRAM', {
    '4.9.7': '0 undefined',
    '5.5.0': '1 undefined',
    ours: '1 undefined',
  }),
  attribute('a topic with an attribute to come', 'WireAttribute', '+a.b=1', {
    '4.9.7': '0 undefined',
    '5.5.0': '1 undefined',
    ours: '1 undefined',
  }),
];
