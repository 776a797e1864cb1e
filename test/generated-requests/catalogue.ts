/**
 * Every request that a broker or a NameServer of RocketMQ 5.5 or 4.9 can be sent, with what its fields are when they are in
 * order. Topics, groups, queues and clients are few, so that requests meet each other.
 */
import {
  encodeCheckClientConfig,
  encodeHeartbeat,
  encodeLockBatch,
  encodeProperties,
  encodeRegisterBrokerBody,
  RequestCode,
  SysFlag,
} from '@orbitmq/protocol';
import fc from 'fast-check';
import { topicConfigOf } from '../../packages/broker/src/test-support/topic-config-of.js';
import { groups, heartbeatOf, queueNums, subscriptionOf, topics } from './names.js';
import type { Target } from './stage.js';
import type { BatchEntrySpec, BodySpec } from './step.js';

type Texts = fc.Arbitrary<string>;

export interface RequestKind {
  readonly code: number;
  readonly targets: readonly Target[];
  readonly weight: number;
  readonly fields: Readonly<Record<string, Texts>>;
  readonly body: fc.Arbitrary<BodySpec>;
}

const none: fc.Arbitrary<BodySpec> = fc.constant({ as: 'none' });
const topic: Texts = fc.constantFrom(...topics);
const group: Texts = fc.constantFrom(...groups);
const queue: Texts = fc.integer({ min: 0, max: queueNums - 1 }).map(String);
const small: Texts = fc.integer({ min: 0, max: 6 }).map(String);
const flag: Texts = fc.constantFrom('false', 'true');
const client: Texts = fc.constantFrom('client-0', 'client-1', 'client-2');
const time: Texts = fc.constantFrom('@now@', '0', '-1', '@stored1@', '@stored4@');
const nth = fc.integer({ min: 0, max: 5 });
const fixed = (value: string): Texts => fc.constant(value);
const known = (what: string): Texts => nth.map((index) => `@${what}${index}@`);

const delay = fc.constantFrom('1', '2', '3', '18', '19', '-1', '0');
const userProperties = fc.record(
  {
    KEYS: fc.constantFrom('red', 'green blue'),
    TAGS: fc.constantFrom('a', 'b'),
    color: fc.constantFrom('1', '2'),
    WAIT: fc.constantFrom('false', 'true'),
    __SHARDINGKEY: fc.constant('s'),
    DELAY: delay,
    MAX_RECONSUME_TIMES: fc.constant('2'),
    TIMER_DELAY_SEC: fc.constant('5'),
    TIMER_DELIVER_MS: fc.constantFrom('1704067260000', '1'),
    REAL_TOPIC: fc.constant('beta'),
    '__CRC32#': fc.constant('1234567890'),
  },
  { requiredKeys: [] },
);
/** Mostly what a message has by itself. */
const someProperties = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ KEYS: fc.constantFrom('red', 'green blue'), TAGS: fc.constantFrom('a', 'b') }, { requiredKeys: [] }),
  },
  { weight: 3, arbitrary: fc.record({ DELAY: fc.constantFrom('1', '2', '3') }) },
  { weight: 1, arbitrary: userProperties },
);
const properties: Texts = someProperties.map((entries) => encodeProperties({ UNIQ_KEY: '@new@', ...entries }));
const brokenProperties = fc.constantFrom(
  'KEYS\u0001',
  'a',
  '\u0002\u0002',
  'UNIQ_KEY\u0001x\u0002UNIQ_KEY\u0001y\u0002',
  '\u0001\u0001\u0001',
);
const messageBody: fc.Arbitrary<BodySpec> = fc
  .record({
    fillBytes: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 700, 5000, 16_384)),
    isCompressed: fc.constantFrom(false, false, true),
  })
  .map(({ fillBytes, isCompressed }) => ({ as: 'message', fillBytes, ...(isCompressed ? { isCompressed } : {}) }));
const batchEntry: fc.Arbitrary<BatchEntrySpec> = fc.record({
  fillBytes: fc.integer({ min: 0, max: 60 }),
  flag: fc.integer({ min: 0, max: 2 }),
  properties: fc.record({ KEYS: fc.constant('red'), TAGS: fc.constant('a') }, { requiredKeys: [] }),
});
const batchBody: fc.Arbitrary<BodySpec> = fc.record({
  as: fc.constant('batch' as const),
  entries: fc.array(batchEntry, { minLength: 1, maxLength: 4 }),
  lie: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        entry: fc.integer({ min: 0, max: 3 }),
        field: fc.constantFrom('size' as const, 'crc' as const, 'bodyLength' as const, 'propertiesLength' as const),
        by: fc.constantFrom(1, -1, 4, -4, 100, -100, 32_767, 2_147_483_647, -2_147_483_648),
      }),
    },
  ),
});

const sendFields = {
  producerGroup: group,
  topic,
  defaultTopic: fixed('TBW102'),
  defaultTopicQueueNums: fixed('4'),
  queueId: queue,
  sysFlag: fc.oneof(
    { weight: 12, arbitrary: fixed('0') },
    { weight: 2, arbitrary: fixed(String(SysFlag.COMPRESSED)) },
    { weight: 1, arbitrary: fc.constantFrom(String(SysFlag.TRANSACTION_PREPARED), String(SysFlag.TRANSACTION_ROLLBACK)) },
  ),
  bornTimestamp: fixed('@now@'),
  flag: small,
  properties: fc.oneof({ weight: 12, arbitrary: properties }, { weight: 1, arbitrary: brokenProperties }),
  reconsumeTimes: fc.oneof({ weight: 8, arbitrary: fixed('0') }, { weight: 1, arbitrary: fc.constantFrom('1', '17') }),
  unitMode: fixed('false'),
  maxReconsumeTimes: fixed('16'),
};
const orderOfShortNames = Object.keys(sendFields);

/** As SEND_MESSAGE_V2 names them: `a` to `l`, in this order. */
function shortened(fields: Readonly<Record<string, Texts>>): Readonly<Record<string, Texts>> {
  const shortNameOf = (name: string): string => String.fromCharCode('a'.charCodeAt(0) + orderOfShortNames.indexOf(name));
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [shortNameOf(name), value]));
}

const halfFields = {
  ...sendFields,
  producerGroup: fixed('writers'),
  sysFlag: fixed(String(SysFlag.TRANSACTION_PREPARED)),
  properties: fc.constantFrom('1', '0').map((seconds) =>
    encodeProperties({
      UNIQ_KEY: '@new@',
      TRAN_MSG: 'true',
      PGROUP: 'writers',
      ...(seconds === '1' ? { CHECK_IMMUNITY_TIME_IN_SECONDS: '1' } : {}),
    }),
  ),
};

const pullFields = {
  consumerGroup: group,
  topic,
  queueId: queue,
  queueOffset: fc.oneof(small, known('offset')),
  maxMsgNums: fixed('32'),
  // Commit, suspend, subscription, in all ways.
  sysFlag: fc.constantFrom('4', '4', '5', '6', '7', '0', '20'),
  commitOffset: small,
  suspendTimeoutMillis: fc.constantFrom('0', '1000', '15000'),
  subscription: fc.constantFrom('*', 'a', 'a || b', 'color = 1'),
  subVersion: fc.constantFrom('0', '@now@'),
  expressionType: fc.constantFrom('TAG', 'TAG', 'SQL92'),
};

const topicFields = {
  topic,
  defaultTopic: fixed('TBW102'),
  readQueueNums: small,
  writeQueueNums: small,
  perm: fc.constantFrom('6', '6', '4', '2', '0'),
  topicFilterType: fixed('SINGLE_TAG'),
  topicSysFlag: fixed('0'),
  order: flag,
  attributes: fc.constantFrom('', '+message.type=NORMAL', '+message.type=FIFO', '-message.type', '+unknown=1'),
};
const queueFields = { topic, queueId: queue };
const json = (make: fc.Arbitrary<Buffer | string>): fc.Arbitrary<BodySpec> =>
  make.map((text) => ({ as: 'text', text: text.toString() }));
const heartbeat = json(
  fc.record({ clientId: client, group, isConsumer: fc.boolean(), topic }).map((facts) => encodeHeartbeat(heartbeatOf(facts))),
);
const lockBody = json(
  fc
    .record({
      clientId: client,
      consumerGroup: group,
      topic,
      queueIds: fc.uniqueArray(fc.integer({ min: 0, max: queueNums }), { maxLength: 3 }),
    })
    .map(({ clientId, consumerGroup, topic: name, queueIds }) =>
      encodeLockBatch({
        clientId,
        consumerGroup,
        queues: queueIds.map((queueId) => ({ topic: name, brokerName: 'broker-a', queueId })),
      }),
    ),
);
const groupBody = json(
  fc
    .record({
      groupName: group,
      consumeEnable: fc.boolean(),
      retryMaxTimes: fc.integer({ min: -1, max: 3 }),
      retryQueueNums: fc.integer({ min: 0, max: 2 }),
    })
    .map((config) => JSON.stringify({ consumeBroadcastEnable: true, brokerId: 0, ...config })),
);
const topicBody = json(
  topic.map((topicName) => JSON.stringify({ topicConfigList: [{ topicName, readQueueNums: 4, writeQueueNums: 4, perm: 6 }] })),
);
const registrationBody = json(
  topic.map((topicName) =>
    encodeRegisterBrokerBody(
      {
        dataVersion: { timestamp: 1, counter: 1, stateVersion: 0 },
        topicConfigTable: {
          [topicName]: topicConfigOf(topicName),
        },
        filterServerList: [],
      },
      { compressed: false },
    ),
  ),
);
const brokerConfigBody = json(
  fc.constantFrom(
    'brokerPermission=4\n',
    'brokerPermission=6\n',
    'autoCreateTopicEnable=false\n',
    'autoCreateSubscriptionGroup=false\n',
    'flushDiskType=ASYNC_FLUSH\n',
    'rejectTransactionMessage=true\n',
    'transactionCheckMax=1\n',
    'notifyConsumerIdsChangedEnable=false\n',
    'fileReservedTime=1\ndeleteWhen=00\n',
    'maxTransferCountOnMessageInMemory=1\n',
    'longPollingEnable=false\n',
  ),
);
const checkBody = json(
  fc.record({ group, topic, expression: fc.constantFrom('color > 1', 'color >', '*') }).map((facts) =>
    encodeCheckClientConfig({
      clientId: 'client-0',
      group: facts.group,
      subscription: subscriptionOf(facts.topic, facts.expression, 'SQL92'),
    }),
  ),
);
const anyBroker: readonly Target[] = ['broker', 'broker', 'broker', 'fast'];

function broker(code: number, fields: Readonly<Record<string, Texts>> = {}, body = none, weight = 1): RequestKind {
  return { code, targets: anyBroker, weight, fields, body };
}

function namesrv(code: number, fields: Readonly<Record<string, Texts>> = {}, body = none): RequestKind {
  return { code, targets: ['namesrv'], weight: 1, fields, body };
}

const brokerFields = {
  brokerName: fixed('broker-b'),
  brokerAddr: fixed('10.0.9.9:10911'),
  clusterName: fixed('DefaultCluster'),
  brokerId: small,
};
const kv = { namespace: fc.constantFrom('ORDER_TOPIC_CONFIG', 'mine'), key: topic };
const R = RequestCode;

const described: readonly RequestKind[] = [
  broker(R.SEND_MESSAGE, sendFields, messageBody, 8),
  broker(R.SEND_MESSAGE_V2, shortened(sendFields), messageBody, 30),
  broker(R.SEND_MESSAGE_V2, shortened(halfFields), messageBody, 8),
  broker(R.SEND_BATCH_MESSAGE, { ...shortened(sendFields), m: fixed('true') }, batchBody, 8),
  broker(R.PULL_MESSAGE, pullFields, none, 20),
  broker(R.LITE_PULL_MESSAGE, pullFields, none, 4),
  broker(
    R.CONSUMER_SEND_MSG_BACK,
    {
      offset: known('physical'),
      group,
      delayLevel: fc.constantFrom('0', '1', '3', '-1', '19'),
      originMsgId: known('unique'),
      originTopic: topic,
      unitMode: flag,
      maxReconsumeTimes: fc.constantFrom('16', '0', '-1'),
    },
    none,
    8,
  ),
  broker(
    R.END_TRANSACTION,
    {
      producerGroup: fixed('writers'),
      tranStateTableOffset: known('halfOffset'),
      commitLogOffset: known('halfPhysical'),
      commitOrRollback: fc.constantFrom('8', '12', '0'),
      fromTransactionCheck: flag,
      msgId: known('halfUnique'),
      transactionId: known('halfUnique'),
      topic,
    },
    none,
    10,
  ),
  broker(R.UPDATE_CONSUMER_OFFSET, { consumerGroup: group, topic, queueId: queue, commitOffset: small }, none, 8),
  broker(R.QUERY_CONSUMER_OFFSET, { consumerGroup: group, topic, queueId: queue, setZeroIfNotFound: flag }, none, 3),
  broker(
    R.QUERY_MESSAGE,
    {
      topic,
      key: fc.oneof(fc.constantFrom('red', 'blue'), known('unique')),
      maxNum: small,
      beginTimestamp: fixed('0'),
      endTimestamp: fixed('9223372036854775807'),
      _UNIQUE_KEY_QUERY: flag,
      indexType: fc.constantFrom('K', 'U', 'T'),
    },
    none,
    3,
  ),
  broker(R.VIEW_MESSAGE_BY_ID, { offset: known('physical') }, none, 3),
  broker(R.UPDATE_AND_CREATE_TOPIC, topicFields, none, 3),
  broker(R.UPDATE_AND_CREATE_TOPIC_LIST, {}, topicBody),
  broker(R.GET_ALL_TOPIC_CONFIG, { topicSeq: small, maxTopicNum: small }),
  broker(R.UPDATE_BROKER_CONFIG, {}, brokerConfigBody, 2),
  broker(R.GET_BROKER_CONFIG),
  broker(R.GET_BROKER_RUNTIME_INFO),
  broker(
    R.SEARCH_OFFSET_BY_TIMESTAMP,
    { ...queueFields, timestamp: time, boundaryType: fc.constantFrom('LOWER', 'UPPER') },
    none,
    2,
  ),
  broker(R.GET_MAX_OFFSET, queueFields, none, 3),
  broker(R.GET_MIN_OFFSET, queueFields),
  broker(R.GET_EARLIEST_MSG_STORETIME, queueFields),
  broker(R.HEART_BEAT, {}, heartbeat, 6),
  broker(R.UNREGISTER_CLIENT, { clientID: client, producerGroup: group, consumerGroup: group }, none, 2),
  broker(R.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: group }, none, 2),
  broker(R.LOCK_BATCH_MQ, {}, lockBody, 3),
  broker(R.UNLOCK_BATCH_MQ, {}, lockBody, 2),
  broker(R.GET_ALL_CONSUMER_OFFSET),
  broker(R.GET_ALL_DELAY_OFFSET),
  broker(R.CHECK_CLIENT_CONFIG, {}, checkBody),
  broker(R.GET_TIMER_CHECK_POINT),
  broker(R.GET_TIMER_METRICS),
  broker(R.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, groupBody, 2),
  broker(
    R.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST,
    {},
    json(group.map((groupName) => JSON.stringify({ groupConfigList: [{ groupName }] }))),
  ),
  broker(R.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, { groupSeq: small, maxGroupNum: small }),
  broker(R.GET_TOPIC_STATS_INFO, { topic }),
  broker(R.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: group }),
  broker(R.GET_PRODUCER_CONNECTION_LIST, { producerGroup: group }),
  broker(R.DELETE_SUBSCRIPTIONGROUP, { groupName: group, cleanOffset: flag }),
  broker(R.GET_CONSUME_STATS, { consumerGroup: group, topic, topicList: topic }),
  broker(R.DELETE_TOPIC_IN_BROKER, { topic }),
  broker(
    R.INVOKE_BROKER_TO_RESET_OFFSET,
    {
      topic,
      group,
      timestamp: time,
      isForce: flag,
      queueId: fc.constantFrom('-1', '0', '1'),
      offset: fc.constantFrom('-1', '0', '1'),
    },
    none,
    2,
  ),
  broker(R.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, { topic, group }),
  broker(R.QUERY_TOPIC_CONSUME_BY_WHO, { topic }),
  broker(R.QUERY_CONSUME_TIME_SPAN, { topic, group }),
  broker(R.GET_SYSTEM_TOPIC_LIST_FROM_BROKER),
  broker(R.CLEAN_EXPIRED_CONSUMEQUEUE),
  broker(R.GET_CONSUMER_RUNNING_INFO, { consumerGroup: group, clientId: client, jstackEnable: flag }, none, 2),
  broker(R.QUERY_CORRECTION_OFFSET, { topic, compareGroup: group, filterGroups: group }),
  broker(R.CONSUME_MESSAGE_DIRECTLY, { consumerGroup: group, clientId: client, msgId: known('messageId'), topic }, none, 2),
  broker(R.CLONE_GROUP_OFFSET, { srcGroup: group, destGroup: group, topic, offline: flag }),
  broker(R.VIEW_BROKER_STATS_DATA, {
    statsName: fc.constantFrom('TOPIC_PUT_NUMS', 'GROUP_GET_NUMS', 'nothing'),
    statsKey: topic,
  }),
  broker(R.CLEAN_UNUSED_TOPIC),
  broker(R.GET_BROKER_CONSUME_STATS, { isOrder: flag }),
  broker(R.QUERY_CONSUME_QUEUE, { topic, queueId: queue, index: small, count: small, consumerGroup: group }),
  broker(R.RESUME_CHECK_HALF_MESSAGE, { topic, msgId: known('halfMessageId') }),
  broker(R.SEND_REPLY_MESSAGE, sendFields, messageBody),
  broker(R.SEND_REPLY_MESSAGE_V2, shortened(sendFields), messageBody),
  broker(R.GET_ALL_PRODUCER_INFO),
  broker(R.DELETE_EXPIRED_COMMITLOG),
  broker(R.QUERY_TOPICS_BY_CONSUMER, { group }),
  broker(R.QUERY_SUBSCRIPTION_BY_CONSUMER, { group, topic }),
  broker(R.GET_TOPIC_CONFIG, { topic }),
  broker(R.GET_SUBSCRIPTIONGROUP_CONFIG, { group }),
  broker(R.UPDATE_AND_GET_GROUP_FORBIDDEN, { group, topic, readable: flag }),
  broker(R.RECALL_MESSAGE, { producerGroup: group, topic, recallHandle: fixed('djEgYnJva2VyLWEgMSAx') }),
  broker(R.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, {}, json(fixed('readers=1000\n'))),
  broker(R.REMOVE_COLD_DATA_FLOW_CTR_CONFIG, {}, json(fixed('readers'))),
  broker(R.GET_COLD_DATA_FLOW_CTR_INFO),
  broker(R.SET_COMMITLOG_READ_MODE, { READ_AHEAD_MODE: small }),
  namesrv(R.PUT_KV_CONFIG, { ...kv, value: fixed('broker-a:4') }),
  namesrv(R.GET_KV_CONFIG, kv),
  namesrv(R.DELETE_KV_CONFIG, kv),
  namesrv(R.GET_KVLIST_BY_NAMESPACE, { namespace: kv.namespace }),
  namesrv(
    R.REGISTER_BROKER,
    { ...brokerFields, haServerAddr: fixed('10.0.9.9:10912'), compressed: flag, enableActingMaster: flag },
    registrationBody,
  ),
  namesrv(R.UNREGISTER_BROKER, brokerFields),
  namesrv(R.GET_ROUTEINFO_BY_TOPIC, { topic, acceptStandardJsonOnly: flag }),
  namesrv(R.GET_BROKER_CLUSTER_INFO),
  namesrv(R.WIPE_WRITE_PERM_OF_BROKER, { brokerName: fc.constantFrom('broker-a', 'broker-b') }),
  namesrv(R.ADD_WRITE_PERM_OF_BROKER, { brokerName: fc.constantFrom('broker-a', 'broker-b') }),
  namesrv(R.GET_ALL_TOPIC_LIST_FROM_NAMESERVER),
  namesrv(R.DELETE_TOPIC_IN_NAMESRV, { topic, clusterName: fixed('DefaultCluster') }),
  namesrv(
    R.REGISTER_TOPIC_IN_NAMESRV,
    { topic },
    json(fixed('{"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":1,"writeQueueNums":1}]}')),
  ),
  namesrv(R.GET_TOPICS_BY_CLUSTER, { cluster: fixed('DefaultCluster') }),
  namesrv(R.GET_SYSTEM_TOPIC_LIST_FROM_NS),
  namesrv(R.GET_UNIT_TOPIC_LIST),
  namesrv(R.GET_HAS_UNIT_SUB_TOPIC_LIST),
  namesrv(R.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST),
  namesrv(
    R.UPDATE_NAMESRV_CONFIG,
    {},
    json(fc.constantFrom('enableTopicList=false\n', 'kvConfigPath=/elsewhere\n', 'scanNotActiveBrokerInterval=x\n')),
  ),
  namesrv(R.GET_NAMESRV_CONFIG),
  namesrv(R.QUERY_DATA_VERSION, brokerFields, json(fixed('{"timestamp":1,"counter":1,"stateVersion":0}'))),
  namesrv(R.GET_BROKER_MEMBER_GROUP, { clusterName: fixed('DefaultCluster'), brokerName: fixed('broker-a') }),
  namesrv(R.BROKER_HEARTBEAT, {
    clusterName: fixed('DefaultCluster'),
    brokerAddr: fixed('10.0.9.9:10911'),
    brokerName: fixed('broker-b'),
  }),
];

/** Requests of no meaning to us, or for the other of the two: both are sent all of them. */
const undescribed: readonly RequestKind[] = Object.values(R)
  .filter((code) => !described.some((kind) => kind.code === code))
  .map((code) => ({
    code,
    targets: ['broker', 'namesrv'],
    weight: 1,
    fields: { topic, group, consumerGroup: group, queueId: queue },
    body: none,
  }));

export const requestKinds: readonly RequestKind[] = [...described, ...undescribed];
