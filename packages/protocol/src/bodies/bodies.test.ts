import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBrokerMemberGroup, encodeBrokerMemberGroup } from './broker-member-group.js';
import { decodeCheckClientConfig, encodeCheckClientConfig } from './check-client-config.js';
import { decodeClusterInfo, encodeClusterInfo } from './cluster-info.js';
import { decodeConsumerIdList, encodeConsumerIdList } from './consumer-id-list.js';
import { type HeartbeatData, type SubscriptionData } from './heartbeat.js';
import { decodeHeartbeat, encodeHeartbeat } from './heartbeat-codec.js';
import { decodeKvTable, encodeKvTable } from './kv-table.js';
import { decodeLockBatch, decodeLockBatchResult, encodeLockBatch, encodeLockBatchResult } from './lock-batch.js';
import type { TopicRouteData } from './route.js';
import { decodeRoute, encodeRoute } from './route-codec.js';
import { decodeDataVersion, decodeTopicConfig, encodeDataVersion, encodeTopicConfig } from './topic-config-codec.js';
import { decodeTopicList, encodeTopicList } from './topic-list.js';

/** Tables read from the wire have no prototype; equal to literals they are all the same. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function subscriptionOf(topic: string, tagsSet: string[], codeSet: number[], subVersion: number): SubscriptionData {
  const subString = tagsSet.length === 0 ? '*' : tagsSet.join(' || ');
  return { topic, subString, tagsSet, codeSet, subVersion, expressionType: 'TAG', classFilterMode: false };
}

const heartbeat: HeartbeatData = {
  clientId: '192.0.2.2@cons1',
  producerGroups: ['CLIENT_INNER_PRODUCER', 'PG_A'],
  consumers: [
    {
      groupName: 'CG_A',
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      subscriptionDataSet: [
        subscriptionOf('%RETRY%CG_A', [], [], 1795216928233),
        subscriptionOf('TopicT', ['TagA', 'TagB'], [2598919, 2598920], 1795216928231),
      ],
      unitMode: false,
    },
  ],
  heartbeatFingerprint: 0,
  withoutSub: false,
};

/** Page 05 §2, as a 4.9 client sends it. */
const heartbeatText =
  '{"clientID":"192.0.2.2@cons1","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"CG_A","messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":1795216928233,"tagsSet":[],"topic":"%RETRY%CG_A"},{"classFilterMode":false,"codeSet":[2598919,2598920],"expressionType":"TAG","subString":"TagA || TagB","subVersion":1795216928231,"tagsSet":["TagA","TagB"],"topic":"TopicT"}],"unitMode":false}],"producerDataSet":[{"groupName":"CLIENT_INNER_PRODUCER"},{"groupName":"PG_A"}]}';

describe('heartbeat', () => {
  test('the body of page 05, both ways', () => {
    expect(encodeHeartbeat(heartbeat).toString()).toBe(heartbeatText);
    expect(decodeHeartbeat(Buffer.from(heartbeatText))).toEqual(heartbeat);
  });

  test('the members of 5.x', () => {
    const withV2 = { ...heartbeat, heartbeatFingerprint: -1234, withoutSub: true };
    expect(decodeHeartbeat(encodeHeartbeat(withV2))).toEqual(withV2);
    expect(encodeHeartbeat(withV2).toString()).toContain('"heartbeatFingerprint":-1234');
  });

  test('missing members and unknown enum names have defaults', () => {
    const body = Buffer.from(
      '{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeType":"X","consumeFromWhere":"Y","subscriptionDataSet":[{"topic":"T","codeSet":["5"],"subVersion":"7"}]}]}',
    );
    expect(decodeHeartbeat(body)).toEqual({
      clientId: 'c',
      producerGroups: [],
      consumers: [
        {
          groupName: 'g',
          consumeType: 'CONSUME_PASSIVELY',
          messageModel: 'CLUSTERING',
          consumeFromWhere: undefined,
          subscriptionDataSet: [{ ...subscriptionOf('T', [], [5], 7) }],
          unitMode: false,
        },
      ],
      heartbeatFingerprint: 0,
      withoutSub: false,
    });
  });
});

const route: TopicRouteData = {
  queueDatas: [{ brokerName: 'broker-a', readQueueNums: 4, writeQueueNums: 4, perm: 6, topicSysFlag: 0 }],
  brokerDatas: [
    { cluster: 'DefaultCluster', brokerName: 'broker-a', brokerAddrs: { '0': '10.0.0.11:10911', '1': '10.0.0.12:10911' } },
  ],
  orderTopicConf: undefined,
};

describe('route', () => {
  test('5.x: acting masters and zones', () => {
    const zoned = {
      ...route,
      brokerDatas: route.brokerDatas.map((broker) => ({ ...broker, enableActingMaster: true, zoneName: 'z' })),
    };
    const text = encodeRoute(zoned, { standardJson: true }).toString();
    expect(text).toContain('"enableActingMaster":true,"zoneName":"z"}');
    expect(plain(decodeRoute(Buffer.from(text)))).toEqual(plain(zoned));
  });

  const standard =
    '{"brokerDatas":[{"brokerAddrs":{"0":"10.0.0.11:10911","1":"10.0.0.12:10911"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}';

  test('standard JSON as on page 02', () => {
    expect(encodeRoute(route, { standardJson: true }).toString()).toBe(standard);
  });

  test('bare ids for old readers', () => {
    const bare = standard.replace('"0":', '0:').replace('"1":', '1:');
    expect(encodeRoute(route, { standardJson: false }).toString()).toBe(bare);
  });

  test('either is read, with the order configuration and the misspelt flag', () => {
    for (const standardJson of [true, false]) {
      const ordered = { ...route, orderTopicConf: 'broker-a:4' };
      expect(plain(decodeRoute(encodeRoute(ordered, { standardJson })))).toEqual(plain(ordered));
    }
    const old = Buffer.from('{"queueDatas":[{"brokerName":"b","topicSynFlag":3}]}');
    expect(decodeRoute(old).queueDatas[0]).toMatchObject({ topicSysFlag: 3, perm: 0 });
    expect(decodeRoute(Buffer.from('{}'))).toEqual({ queueDatas: [], brokerDatas: [], orderTopicConf: undefined });
  });
});

describe('other bodies', () => {
  test('cluster information, quoted or as Java writes it', () => {
    const info = {
      brokerAddrTable: {
        'broker-a': { cluster: 'DefaultCluster', brokerName: 'broker-a', brokerAddrs: { '0': '10.0.0.11:10911' } },
      },
      clusterAddrTable: { DefaultCluster: ['broker-a'] },
    };
    const java =
      '{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"10.0.0.11:10911"},"brokerName":"broker-a","cluster":"DefaultCluster"}},"clusterAddrTable":{"DefaultCluster":["broker-a"]}}';
    expect(plain(decodeClusterInfo(Buffer.from(java)))).toEqual(info);
    expect(plain(decodeClusterInfo(encodeClusterInfo(info)))).toEqual(info);
    expect(JSON.parse(encodeClusterInfo(info).toString())).toMatchObject({ clusterAddrTable: info.clusterAddrTable });
  });

  test('locks, as on page 05 §5', () => {
    const queues = [{ topic: 'TopicT', brokerName: 'broker-a', queueId: 0 }];
    const body = { clientId: '192.0.2.2@cons2', consumerGroup: 'CG_O', queues };
    expect(encodeLockBatch(body).toString()).toBe(
      '{"clientId":"192.0.2.2@cons2","consumerGroup":"CG_O","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"TopicT"}]}',
    );
    expect(decodeLockBatch(encodeLockBatch(body))).toEqual(body);
    expect(encodeLockBatchResult(queues).toString()).toBe(
      '{"lockOKMQSet":[{"brokerName":"broker-a","queueId":0,"topic":"TopicT"}]}',
    );
    expect(decodeLockBatchResult(encodeLockBatchResult(queues))).toEqual(queues);
    expect(decodeLockBatchResult(Buffer.from('{}'))).toEqual([]);
  });

  test('member list, client check, table', () => {
    expect(encodeConsumerIdList(['192.0.2.2@cons1']).toString()).toBe('{"consumerIdList":["192.0.2.2@cons1"]}');
    expect(decodeConsumerIdList(encodeConsumerIdList(['a', 'b']))).toEqual(['a', 'b']);
    const config = {
      clientId: '192.0.2.2@cons2',
      group: 'CG_O',
      subscription: { ...subscriptionOf('TopicT', [], [], 1795216928624), expressionType: 'SQL92', subString: 'n >= 1' },
    };
    expect(encodeCheckClientConfig(config).toString()).toBe(
      '{"clientId":"192.0.2.2@cons2","group":"CG_O","subscriptionData":{"classFilterMode":false,"codeSet":[],"expressionType":"SQL92","subString":"n >= 1","subVersion":1795216928624,"tagsSet":[],"topic":"TopicT"}}',
    );
    expect(decodeCheckClientConfig(encodeCheckClientConfig(config))).toEqual(config);
    expect(encodeKvTable({ TopicO: 'broker-a:4' }).toString()).toBe('{"table":{"TopicO":"broker-a:4"}}');
    expect({ ...decodeKvTable(encodeKvTable({ TopicO: 'broker-a:4' })) }).toEqual({ TopicO: 'broker-a:4' });
  });

  test('lists of topics, members of a broker name', () => {
    expect(encodeTopicList({ topicList: ['T', 'U'] }).toString()).toBe('{"topicList":["T","U"]}');
    const list = { topicList: ['c', 'a'], brokerAddr: '10.0.0.1:10911' };
    expect(encodeTopicList(list).toString()).toBe('{"brokerAddr":"10.0.0.1:10911","topicList":["c","a"]}');
    expect(decodeTopicList(encodeTopicList(list))).toEqual(list);
    const group = { cluster: 'DefaultCluster', brokerName: 'broker-a', brokerAddrs: { 0: '10.0.0.11:10911', 2: 'x' } };
    expect(encodeBrokerMemberGroup(group).toString()).toBe(
      '{"brokerMemberGroup":{"brokerAddrs":{0:"10.0.0.11:10911",2:"x"},"brokerName":"broker-a","cluster":"DefaultCluster"}}',
    );
    expect(plain(decodeBrokerMemberGroup(encodeBrokerMemberGroup(group)))).toEqual(group);
  });

  test('versions and topics', () => {
    const version = { counter: 2, timestamp: 1795216927108, stateVersion: 0 };
    expect(decodeDataVersion(encodeDataVersion(version))).toEqual(version);
    expect(decodeDataVersion(Buffer.from('{"counter":2,"timestamp":5}'))).toEqual({ counter: 2, timestamp: 5, stateVersion: 0 });
    const config = {
      topicName: 'TopicT',
      readQueueNums: 4,
      writeQueueNums: 8,
      perm: 6,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: true,
      attributes: { 'message.type': 'FIFO' },
    } as const;
    expect(plain(decodeTopicConfig(encodeTopicConfig(config)))).toEqual(config);
  });
});

const decoders: Readonly<Record<string, readonly [(body: Buffer) => unknown, string]>> = {
  heartbeat: [decodeHeartbeat, heartbeatText],
  route: [decodeRoute, encodeRoute(route, { standardJson: false }).toString()],
  clusterInfo: [
    decodeClusterInfo,
    '{"brokerAddrTable":{"b":{"brokerAddrs":{0:"x"},"brokerName":"b"}},"clusterAddrTable":{"c":["b"]}}',
  ],
  lockBatch: [decodeLockBatch, '{"clientId":"c","consumerGroup":"g","mqSet":[{"brokerName":"b","queueId":0,"topic":"T"}]}'],
  lockBatchResult: [decodeLockBatchResult, '{"lockOKMQSet":[{"brokerName":"b","queueId":0,"topic":"T"}]}'],
  consumerIdList: [decodeConsumerIdList, '{"consumerIdList":["a"]}'],
  checkClientConfig: [decodeCheckClientConfig, '{"clientId":"c","group":"g","subscriptionData":{"topic":"T","codeSet":[1]}}'],
  kvTable: [decodeKvTable, '{"table":{"a":"b"}}'],
  topicList: [decodeTopicList, '{"brokerAddr":"x","topicList":["T"]}'],
  brokerMemberGroup: [decodeBrokerMemberGroup, '{"brokerMemberGroup":{"brokerAddrs":{0:"x"},"brokerName":"b","cluster":"c"}}'],
  dataVersion: [decodeDataVersion, '{"counter":1,"timestamp":2}'],
  topicConfig: [decodeTopicConfig, '{"topicName":"T","perm":6,"attributes":{"a":"b"},"order":true}'],
};

describe.each(Object.keys(decoders))('hostile %s', (name) => {
  const [decode, text] = decoders[name] as readonly [(body: Buffer) => unknown, string];

  function expectTyped(body: Buffer): void {
    try {
      decode(body);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ProtocolError', code: 'BODY_INVALID' });
    }
  }

  test('cut at any byte', () => {
    for (let length = 0; length < text.length; length++) {
      expect(() => decode(Buffer.from(text.slice(0, length)))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
    }
  });

  test('every value replaced by another kind', () => {
    for (const value of ['null', '5', '-1.5', '"x"', 'true', '[]', '{}', '[null]', '[5]', '1e400']) {
      for (const match of text.matchAll(/(?<=[:[,{])("[^"]*"|\d+|true|false|\[\]|\{\})/g)) {
        expectTyped(Buffer.from(text.slice(0, match.index) + value + text.slice(match.index + match[0].length)));
      }
    }
    for (const top of ['null', '5', '"x"', '[]', '[{}]', 'true'])
      expect(() => decode(Buffer.from(top))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(text.length), (bytes, at) => {
        expectTyped(Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at))]));
      }),
      { numRuns: 60 },
    );
  });
});

test('a body of a client above 1 MiB, or of more than 100,000 values, is refused', () => {
  const padded = (sizeBytes: number): Buffer => Buffer.from(`{"clientID":"c"}`.padEnd(sizeBytes, ' '));
  expect(decodeHeartbeat(padded(1024 * 1024))).toMatchObject({ clientId: 'c' });
  expect(() => decodeHeartbeat(padded(1024 * 1024 + 1))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  // The object, its list and the text are values too.
  const valued = (count: number): Buffer => Buffer.from(`{"clientID":"c","x":[${'1,'.repeat(count - 1)}1]}`);
  expect(decodeHeartbeat(valued(99_997))).toMatchObject({ clientId: 'c' });
  expect(() => decodeHeartbeat(valued(99_998))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
});
