/** A broker with a large state of everything that grows with the number of its users, and what may be asked of it, and of its NameServer. */
import { MemoryFileSystem } from '@orbitmq/broker';
import { RequestCode } from '@orbitmq/protocol';
import { pullFields, sendFields } from '../support/request-fields.js';
import { brokerPort, type HeavyRequest, nameServerPort } from './heavy-requests.js';

const topicCount = 30_000;
const groupCount = 30_000;
const queueCount = 4;
/** Topics in which one group has offsets. */
const wideGroupTopicCount = 15_000;
/** Groups that have offsets in one topic. */
const wideTopicGroupCount = 5000;

/** Clients that are connected, and the groups that each of them is in. */
export const memberCount = 50;
export const groupsOfMember = 10;

const topic = (index: number): string => `OrdersOfShop${index}`;
const group = (index: number): string => `GID_of_service_${index}`;

function topicJson(name: string): string {
  return `"${name}":{"attributes":{},"order":false,"perm":6,"readQueueNums":${queueCount},"topicFilterType":"SINGLE_TAG","topicName":"${name}","topicSysFlag":0,"writeQueueNums":${queueCount}}`;
}

function groupJson(name: string, more = ''): string {
  return `{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"groupName":"${name}","groupRetryPolicy":{"type":"CUSTOMIZED"},"retryMaxTimes":16,"retryQueueNums":1${more}}`;
}

function list(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join(',');
}

/** The tables as Apache writes them: 30,000 topics and groups, 200,000 offsets. Nothing is in the log, so all offsets are 0. */
export async function largeTables(directory: string): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  const version = '"dataVersion":{"counter":1,"stateVersion":0,"timestamp":1}';
  const offsets = (of: string, by: string): string => `"${of}@${by}":{0:0,1:0,2:0,3:0}`;
  const files = {
    'topics.json': `{${version},"topicConfigTable":{${[
      list(topicCount, (index) => topicJson(topic(index))),
      list(memberCount * groupsOfMember, (index) => topicJson(`%RETRY%${group(index)}`)),
      topicJson('Wide'),
      topicJson('Changed'),
    ].join(',')}}}`,
    'subscriptionGroup.json': `{${version},"forbiddenTable":{${list(10_000, (index) => `"${group(index)}":{"${topic(index)}":4}`)}},"subscriptionGroupTable":{${list(groupCount, (index) => `"${group(index)}":${groupJson(group(index))}`)}}}`,
    'consumerOffset.json': `{${version},"offsetTable":{${[
      list(topicCount, (index) => offsets(topic(index), group(index))),
      list(wideGroupTopicCount, (index) => offsets(topic(index), 'wide')),
      list(wideTopicGroupCount, (index) => offsets('Wide', group(index))),
    ].join(',')}}}`,
  };
  await fileSystem.makeDirectory(directory);
  for (const [name, text] of Object.entries(files))
    await fileSystem.writeFileAtomically(`${directory}/${name}`, Buffer.from(text));
  return fileSystem;
}

/** One member of `groups` groups, with others in a group that all are in. */
export function memberHeartbeat(index: number, groups: number): HeavyRequest {
  const names = Array.from({ length: groups }, (_, at) => group(index * groups + at));
  const consumer = (name: string, subscriptions: string): string =>
    `{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"${name}","messageModel":"CLUSTERING","subscriptionDataSet":[${subscriptions}],"unitMode":false}`;
  const subscription = (name: string): string =>
    `{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":1,"tagsSet":[],"topic":"${name}"}`;
  const consumers = names.map((name, at) => consumer(name, subscription(topic(index * groups + at))));
  const body = `{"clientID":"client@${index}","consumerDataSet":[${[...consumers, consumer('crowd', subscription('Wide'))].join(',')}],"producerDataSet":[{"groupName":"PID_${index}"}]}`;
  return { name: `heartbeat ${index}`, port: brokerPort, code: RequestCode.HEART_BEAT, body };
}

const ofBroker = (
  code: number,
  name: string,
  extFields: Readonly<Record<string, string>> = {},
  body?: Buffer | string,
): HeavyRequest => ({ name: `${code}: ${name}`, port: brokerPort, code, extFields, ...(body === undefined ? {} : { body }) });

const ofNameServer = (code: number, name: string, extFields: Readonly<Record<string, string>> = {}): HeavyRequest => ({
  ...ofBroker(code, name, extFields),
  port: nameServerPort,
});

const createTopic = (name: string, more: Readonly<Record<string, string>> = {}): HeavyRequest =>
  ofBroker(17, name, {
    topic: name,
    defaultTopic: 'TBW102',
    readQueueNums: '4',
    writeQueueNums: '4',
    perm: '6',
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: '0',
    order: 'false',
    ...more,
  });

const commit = (name: string, of: string, offset: number): HeavyRequest =>
  ofBroker(15, 'an offset', { consumerGroup: name, topic: of, queueId: '0', commitOffset: String(offset) });

const send = (name: string): HeavyRequest =>
  ofBroker(310, `to ${name}`, sendFields({ producerGroup: 'p', topic: name, queueId: 0 }), 'x');

/** What changes something, whatever the attempts before have changed. */
export const largeStateChanges = (attempt: number): readonly HeavyRequest[] => [
  createTopic(`New${attempt}`),
  createTopic('Changed', { readQueueNums: String(8 + attempt), writeQueueNums: String(8 + attempt) }),
  ofBroker(
    18,
    'two topics',
    {},
    `{"topicConfigList":[{"topicName":"L1_${attempt}","perm":6},{"topicName":"L2_${attempt}","perm":6}]}`,
  ),
  ofBroker(215, 'a topic', { topic: topic(10_000 + attempt) }),
  ofBroker(215, 'a topic of 5000 groups', { topic: attempt === 0 ? 'Wide' : topic(10_010 + attempt) }),
  ofBroker(200, 'one group', {}, groupJson(`NewGroup${attempt}`)),
  ofBroker(225, 'one group', {}, `{"groupConfigList":[${groupJson(`NewGroup2_${attempt}`)}]}`),
  ofBroker(352, 'a new group', { group: `NewGroup3_${attempt}` }),
  ofBroker(353, 'forbids', { group: group(1), topic: topic(2), readable: String(attempt % 2 === 1) }),
  ofBroker(207, 'one group', { groupName: group(20_000 + attempt), cleanOffset: 'true' }),
  memberHeartbeat(25_000 + attempt, 1),
  memberHeartbeat(1300 + attempt, 20),
  send(`AutoCreated${attempt}`),
  ofBroker(36, 'a retry', { offset: '0', group: group(28_000 + attempt), delayLevel: '0' }),
  commit(group(5), topic(5), attempt),
  ofBroker(25, 'brokerPermission', {}, `brokerPermission=${attempt % 2 === 0 ? 4 : 6}`),
  ofBroker(314, 'one topic', { srcGroup: group(6), destGroup: `cloned${attempt}`, topic: topic(6), offline: 'true' }),
  ofBroker(314, 'all topics', { srcGroup: 'wide', destGroup: 'cloned', offline: 'true' }),
  ofBroker(222, 'one topic', { topic: topic(8 + attempt), group: group(8 + attempt), timestamp: '-1', isForce: 'true' }),
  ofBroker(207, 'a group of all topics', { groupName: 'cloned', cleanOffset: 'true' }),
  ofBroker(316, 'unused topics'),
];

/** What changes nothing, and leaves nothing to do. */
export const largeStateQuestions = (): readonly HeavyRequest[] => [
  ofBroker(21, 'all topics'),
  ofBroker(21, 'a page', { topicSeq: '20000', maxTopicNum: '2000' }),
  ofBroker(201, 'all groups'),
  ofBroker(201, 'a page', { groupSeq: '20000', maxGroupNum: '2000' }),
  ofBroker(43, 'all offsets'),
  ofBroker(45, 'delays'),
  ofBroker(26, 'configuration'),
  ofBroker(28, 'runtime'),
  ofBroker(305, 'system topics'),
  ofBroker(202, 'one topic', { topic: topic(1) }),
  ofBroker(203, 'the crowd', { consumerGroup: 'crowd' }),
  ofBroker(38, 'the crowd', { consumerGroup: 'crowd' }),
  ofBroker(204, 'producers', { producerGroup: 'PID_1' }),
  ofBroker(328, 'all producers'),
  ofBroker(208, 'one topic', { consumerGroup: group(1), topic: topic(1) }),
  ofBroker(208, 'all topics of one group', { consumerGroup: group(1) }),
  ofBroker(208, 'all topics of the wide group', { consumerGroup: 'wide' }),
  ofBroker(300, 'a topic', { topic: topic(1) }),
  ofBroker(300, 'the wide topic', { topic: 'Wide' }),
  ofBroker(343, 'one group', { group: group(1) }),
  ofBroker(343, 'the wide group', { group: 'wide' }),
  ofBroker(345, 'one group', { group: group(1), topic: topic(1) }),
  ofBroker(303, 'one group', { group: group(1), topic: topic(1) }),
  ofBroker(308, 'one topic', { compareGroup: group(1), topic: topic(1) }),
  ofBroker(308, 'the wide topic', { compareGroup: group(1), topic: 'Wide' }),
  ofBroker(315, 'puts', { statsName: 'TOPIC_PUT_NUMS', statsKey: topic(1) }),
  ofBroker(351, 'one topic', { topic: topic(1) }),
  ofBroker(352, 'one group', { group: group(1) }),
  ofBroker(306, 'expired queues'),
  ofBroker(329, 'expired files'),
  ofBroker(402, 'modes'),
  ofBroker(61, 'timer'),
  ofBroker(14, 'an offset', { consumerGroup: group(1), topic: topic(1), queueId: '0' }),
  ofBroker(11, 'pull', pullFields({ consumerGroup: group(1), topic: topic(1), queueId: 0, queueOffset: 0 })),
  ofNameServer(105, 'one topic', { topic: topic(1) }),
  ofNameServer(106, 'cluster'),
  ofNameServer(206, 'all topics'),
  ofNameServer(224, 'topics of the cluster', { cluster: 'DefaultCluster' }),
  ofNameServer(304, 'system topics'),
  ofNameServer(311, 'unit topics'),
  ofNameServer(216, 'one topic', { topic: topic(9), clusterName: 'DefaultCluster' }),
  ofNameServer(205, 'no writes', { brokerName: 'broker-a' }),
  ofNameServer(327, 'writes', { brokerName: 'broker-a' }),
];

/** Makes a queue with a message in it, and counters of its topic. */
export const sendToTopic = (index: number): HeavyRequest => send(topic(index));

/** What the broker writes at its next interval. */
export const someCommit = (offset: number): HeavyRequest => commit(group(5), topic(5), offset);
