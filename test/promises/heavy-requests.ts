/** The largest requests that a broker and a NameServer have to take, and larger ones: legal, and made to cost as much as they can. */
import { deflateSync } from 'node:zlib';
import { RequestCode } from '@orbitmq/protocol';
import { pullFields, sendFields } from '../support/request-fields.js';

export interface HeavyRequest {
  readonly name: string;
  readonly port: number;
  readonly code: number;
  readonly extFields?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** The header itself, in place of `extFields`. */
  readonly header?: string;
  /** Milliseconds of the longest turn, when it may be a longer one than those of the others. */
  readonly stallMsMax?: number;
  /** What has to be there each time; it is not measured. */
  readonly before?: HeavyRequest;
}

export const brokerPort = 10_911;
export const nameServerPort = 9876;
const KiB = 1024;
const MiB = 1024 * KiB;
/** What fits a frame with a small header. */
const frameRoom = 16 * MiB - 4 * KiB;
/** What fits the largest body that is read as JSON, of some of its kind. */
const bodyRoom = MiB - KiB;
/** What fits the largest header. */
const headerRoom = MiB - KiB;

/** `item` of each number, as many as fit. */
function list(sizeBytes: number, item: (index: number) => string, countMax = Number.POSITIVE_INFINITY): string {
  const items: string[] = [];
  for (let size = 0, index = 0; index < countMax; index += 1) {
    const text = item(index);
    size += text.length + 1;
    if (size > sizeBytes) break;
    items.push(text);
  }
  return items.join(',');
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const subscription = (index: number, more = ''): string =>
  `{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":${index},"tagsSet":[],"topic":"T${index}"${more}}`;

function heartbeat(consumers: string, producers = ''): string {
  return `{"clientID":"c@1","consumerDataSet":[${consumers}],"producerDataSet":[${producers}]}`;
}

function consumer(group: string, subscriptions: string): string {
  return `{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"${group}","messageModel":"CLUSTERING","subscriptionDataSet":[${subscriptions}],"unitMode":false}`;
}

/** JSON bodies that cost what they can: wide, deep, long names, many numbers, escapes, references. */
function jsonBodies(
  code: number,
  port: number,
  name: string,
  extFields?: Readonly<Record<string, string>>,
  sizeBytes = MiB,
): readonly HeavyRequest[] {
  const bodies: Readonly<Record<string, string>> = {
    'a list of empty lists': `[${list(sizeBytes - 2, () => '[]')}]`,
    'a list of numbers': `[${list(sizeBytes - 2, () => '1')}]`,
    'an object of many names': `{${list(sizeBytes - 2, (index) => `"n${index}":${index}`)}}`,
    'deep lists': nested(sizeBytes / 2),
    'a text of escapes': `{"clientID":"${'\\u0041'.repeat(sizeBytes / 6 - 10)}"}`,
    'one name many times': `{${list(sizeBytes - 2, () => '"topic":1')}}`,
    'back references': `{"a":[${'1,'.repeat(1000)}1],"b":[${list(sizeBytes - 4000, () => '{"$ref":"$.a"}')}]}`,
    blanks: `{${' '.repeat(sizeBytes - 2)}}`,
  };
  return Object.entries(bodies).map(([what, body]) => ({
    name: `${name}: ${what}`,
    port,
    code,
    extFields: extFields ?? {},
    body,
  }));
}

const queues = (index: number): string => `{"brokerName":"broker-a","queueId":${index % 65_536},"topic":"Wide"}`;
const topicJson = (index: number): string =>
  `{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"L${index}","topicSysFlag":0,"writeQueueNums":4}`;
const groupJson = (index: number): string =>
  `{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"groupName":"LG${index}","retryMaxTimes":16,"retryQueueNums":1}`;

const inClients = (): readonly HeavyRequest[] => [
  ...jsonBodies(RequestCode.HEART_BEAT, brokerPort, 'heartbeat'),
  ...[
    { name: '16 MiB of groups', body: heartbeat(list(frameRoom - 100, (index) => consumer(`g${index}`, ''))) },
    { name: 'groups', body: heartbeat(list(bodyRoom, (index) => consumer(`g${index}`, ''))) },
    {
      name: 'subscriptions',
      body: heartbeat(
        consumer(
          'wide',
          list(bodyRoom, (index) => subscription(index)),
        ),
      ),
    },
    {
      name: 'producers',
      body: heartbeat(
        '',
        list(bodyRoom, (index) => `{"groupName":"p${index}"}`),
      ),
    },
    {
      name: 'one expression',
      body: heartbeat(consumer('long', subscription(0, `,"subString":"${'a||'.repeat(bodyRoom / 3)}b"`))),
    },
    {
      name: 'tags',
      body: heartbeat(consumer('tags', subscription(0, `,"tagsSet":[${list(bodyRoom, (index) => `"t${index}"`)}]`))),
    },
    { name: 'codes', body: heartbeat(consumer('codes', subscription(0, `,"codeSet":[${list(bodyRoom, String)}]`))) },
  ].map(({ name, body }) => ({ name: `heartbeat: ${name}`, port: brokerPort, code: RequestCode.HEART_BEAT, body })),
  ...[RequestCode.LOCK_BATCH_MQ, RequestCode.UNLOCK_BATCH_MQ].map((code) => ({
    name: `${code}: queues`,
    port: brokerPort,
    code,
    body: `{"clientId":"c@1","consumerGroup":"locker","mqSet":[${list(bodyRoom, queues, 16_384)}]}`,
  })),
  {
    name: '46: an expression of 32,768 characters',
    port: brokerPort,
    code: RequestCode.CHECK_CLIENT_CONFIG,
    body: `{"clientId":"c","group":"g","subscriptionData":${subscription(0, `,"expressionType":"SQL92","subString":"${list(32_700, () => 'a > 1 OR b').replaceAll(',', ' OR ')}"`)}}`,
  },
  {
    name: '36 with a group of 1 MiB',
    port: brokerPort,
    code: 36,
    extFields: { offset: '0', group: 'g'.repeat(headerRoom), delayLevel: '0' },
  },
];

const send = (
  name: string,
  header: Partial<Parameters<typeof sendFields>[0]>,
  body: Buffer | string,
  code = 310,
): HeavyRequest => ({
  name,
  port: brokerPort,
  code,
  extFields: sendFields({ producerGroup: 'p', topic: 'Narrow', queueId: 0, ...header }),
  body,
});

function smallestEntries(sizeBytes: number): Buffer {
  const body = Buffer.alloc(Math.floor(sizeBytes / 22) * 22);
  for (let at = 0; at < body.length; at += 22) body.writeInt32BE(22, at);
  return body;
}

/** As few entries of a batch as hold the most properties. */
function longestEntries(sizeBytes: number): Buffer {
  const propertiesBytes = 32_700;
  const entryBytes = 23 + propertiesBytes;
  const body = Buffer.alloc(Math.floor(sizeBytes / entryBytes) * entryBytes, '\u0002');
  for (let at = 0; at < body.length; at += entryBytes) {
    body.fill(0, at, at + 23);
    body.writeInt32BE(entryBytes, at);
    body.writeInt32BE(1, at + 16);
    body.writeInt16BE(propertiesBytes, at + 21);
    // What may begin the name of a property that is not stored: they are all read.
    body.write('__', at + 23);
  }
  return body;
}

const manyProperties = (sizeBytes: number): string => list(sizeBytes, (index) => `k${index}\u00011`).replaceAll(',', '\u0002');

const inMessages = (): readonly HeavyRequest[] => [
  send('send: properties of 1 MiB', { properties: 'k\u0001'.padEnd(headerRoom, 'x') }, 'x'),
  send('send: 1 MiB of small properties', { properties: manyProperties(headerRoom / 4) }, 'x'),
  send('send: 32,000 bytes of small properties', { properties: manyProperties(32_000) }, 'x'),
  send('send: 32,000 bytes of small properties, delayed', { properties: `DELAY\u00011\u0002${manyProperties(31_000)}` }, 'x'),
  send('send: 1 MiB of separators', { properties: '\u0002'.repeat(headerRoom / 6) }, 'x'),
  send('send: a topic of 1 MiB', { topic: 'x'.repeat(headerRoom) }, 'x'),
  send('send: 4 MiB', {}, Buffer.alloc(4 * MiB)),
  send('send: 15 MiB', {}, Buffer.alloc(15 * MiB)),
  send('batch: 4 MiB of the smallest entries', { batch: true }, smallestEntries(4 * MiB), 320),
  // A batch is put in one turn: 45 ms, and nearly twice that where each use of an import is a look-up, as in a test.
  {
    ...send('batch: 16,384 of the smallest entries', { batch: true }, smallestEntries(16_384 * 22), 320),
    stallMsMax: 150,
  },
  send('batch: 15 MiB of the smallest entries', { batch: true }, smallestEntries(15 * MiB), 320),
  send('batch: 4 MiB of entries of separators', { batch: true }, longestEntries(4 * MiB), 320),
  send('reply: 1 MiB of separators', { properties: '\u0002'.repeat(headerRoom / 6) }, 'x', 325),
  send('reply: 32,000 bytes of separators', { properties: '\u0002'.repeat(32_000) }, 'x', 325),
  {
    name: 'pull: a subscription of 1 MiB of tags',
    port: brokerPort,
    code: 11,
    extFields: pullFields({
      consumerGroup: 'g',
      topic: 'Narrow',
      queueId: 0,
      queueOffset: 0,
      subscription: list(headerRoom / 2, (index) => `t${index}`).replaceAll(',', '||'),
    }),
  },
  {
    name: 'pull: a subscription of 1 MiB of bars',
    port: brokerPort,
    code: 11,
    extFields: pullFields({
      consumerGroup: 'g',
      topic: 'Narrow',
      queueId: 0,
      queueOffset: 0,
      subscription: '|'.repeat(headerRoom),
    }),
  },
  {
    name: 'query: a key of 1 MiB',
    port: brokerPort,
    code: 12,
    extFields: {
      topic: 'Narrow',
      key: 'k'.repeat(headerRoom),
      maxNum: '32',
      beginTimestamp: '0',
      endTimestamp: '9223372036854775807',
    },
  },
];

const header = (fields: string): string =>
  `{"code":310,"extFields":{${fields}},"flag":0,"language":"JAVA","opaque":1,"version":400}`;
const inHeaders = (): readonly HeavyRequest[] =>
  [
    {
      name: 'header: as many fields as there may be, in 1 MiB',
      header: header(list(headerRoom, (index) => `"f${index}":"${'1'.repeat(240)}"`, 4096)),
    },
    { name: 'header: 1 MiB of fields', header: header(list(headerRoom, (index) => `"f${index}":"1"`)) },
    { name: 'header: 1 MiB of one field', header: header(list(headerRoom, () => '"b":"1"')) },
    { name: 'header: a value of 1 MiB', header: header(`"b":"${'x'.repeat(headerRoom)}"`) },
    { name: 'header: a value of escapes', header: header(`"b":"${'\\u0041'.repeat(headerRoom / 6 - 20)}"`) },
    {
      name: 'header: properties of escapes',
      header: header(
        `"a":"p","b":"Narrow","c":"TBW102","d":"4","e":"0","f":"0","g":"1","h":"0","i":"${'\\u0041'.repeat(headerRoom / 6 - 20)}"`,
      ),
    },
    { name: 'header: deep lists', header: `{"code":310,"x":${nested(headerRoom / 2 - 20)}}` },
    { name: 'header: 15 MiB', header: header(`"b":"${'x'.repeat(15 * MiB)}"`) },
    { name: 'header: blanks', header: `{"code":310${' '.repeat(headerRoom - 40)}}` },
    {
      name: 'header: deep objects',
      header: `{"code":310,"x":${'{"a":'.repeat(headerRoom / 6 - 20)}1${'}'.repeat(headerRoom / 6 - 20)}}`,
    },
  ].map((request) => ({ ...request, port: brokerPort, code: 310, body: 'x' }));

const adminBodies = (): readonly HeavyRequest[] =>
  [18, 225, 200].flatMap((code) => jsonBodies(code, brokerPort, `${code}`, { topic: 'Narrow', group: 'g' }));

const wide = {
  topic: 'Wide',
  group: 'wide',
  consumerGroup: 'wide',
  groups: 'wide',
  filterGroups: '',
  compareGroup: '',
  srcGroup: 'wide',
  destGroup: 'other',
  offline: 'true',
};
/** Questions about a topic of 65,536 queues and a group that has an offset in each. */
const aboutWide = (): readonly HeavyRequest[] =>
  [202, 203, 208, 222, 223, 300, 303, 308, 314, 317, 321, 343, 345, 351, 205, 29, 38, 43, 21, 201, 28].map((code) => ({
    name: `${code} about 65,536 queues`,
    port: brokerPort,
    code,
    extFields: {
      ...wide,
      timestamp: '-1',
      isForce: 'true',
      isOrder: 'false',
      queueId: '0',
      index: '0',
      count: '100000',
      consumeGroup: 'wide',
      topicSeq: '0',
      maxTopicNum: '100000',
      groupSeq: '0',
      maxGroupNum: '100000',
    },
  }));

const admin = (): readonly HeavyRequest[] => [
  { name: '18: 1000 topics', port: brokerPort, code: 18, body: `{"topicConfigList":[${list(MiB, topicJson, 1000)}]}` },
  { name: '18: 16 MiB of topics', port: brokerPort, code: 18, body: `{"topicConfigList":[${list(frameRoom - 100, topicJson)}]}` },
  { name: '225: 1000 groups', port: brokerPort, code: 225, body: `{"groupConfigList":[${list(MiB, groupJson, 1000)}]}` },
  {
    name: '225: 16 MiB of groups',
    port: brokerPort,
    code: 225,
    body: `{"groupConfigList":[${list(frameRoom - 100, groupJson)}]}`,
  },
  {
    name: '25: 16 MiB of keys',
    port: brokerPort,
    code: 25,
    body: list(frameRoom, (index) => `key${index}=1`).replaceAll(',', '\n'),
  },
  { name: '25: 64 KiB of keys', port: brokerPort, code: 25, body: list(65_000, (index) => `k${index}=1`).replaceAll(',', '\n') },
  {
    name: '2001: 16 MiB of keys',
    port: brokerPort,
    code: 2001,
    body: list(frameRoom, (index) => `key${index}=1`).replaceAll(',', '\n'),
  },
  {
    name: '17: 1 MiB of attributes',
    port: brokerPort,
    code: 17,
    extFields: {
      topic: 'A',
      defaultTopic: 'TBW102',
      readQueueNums: '1',
      writeQueueNums: '1',
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: '0',
      order: 'false',
      attributes: list(headerRoom, (index) => `+a${index}=1`),
    },
  },
];

const registration = {
  brokerName: 'broker-x',
  brokerAddr: '127.0.0.1:12911',
  clusterName: 'DefaultCluster',
  haServerAddr: '127.0.0.1:12912',
  brokerId: '0',
  compressed: 'false',
  bodyCrc32: '0',
};

const tableOf = (sizeBytes: number, countMax?: number, version = 1): string =>
  `{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":${version},"stateVersion":0,"timestamp":1},"topicConfigTable":{${list(sizeBytes, (index) => `"L${index}":${topicJson(index)}`, countMax)}}}}`;

/** As `tableOf`, in the form that is compressed. */
function compressedTable(count: number): Buffer {
  const block = (text: string): readonly Buffer[] => [int32(text.length), Buffer.from(text)];
  const topics = Array.from({ length: count }, (_, index) => block(`L${index} 4 4 6 SINGLE_TAG`)).flat();
  const version = block('{"counter":2,"stateVersion":0,"timestamp":1}');
  return deflateSync(Buffer.concat([...version, int32(count), ...topics, ...block('[]'), int32(0)]));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A broker of many topics. */
const registered: HeavyRequest = {
  name: 'registered',
  port: nameServerPort,
  code: 103,
  extFields: registration,
  body: tableOf(6 * MiB, 30_000),
};

const nameServer = (): readonly HeavyRequest[] => [
  ...jsonBodies(RequestCode.REGISTER_BROKER, nameServerPort, 'register', registration, frameRoom),
  { ...registered, name: 'register: 30,000 topics' },
  {
    name: 'register: 30,000 topics that have changed',
    port: nameServerPort,
    code: 103,
    extFields: registration,
    body: tableOf(6 * MiB, 30_000, 2),
    before: registered,
  },
  {
    name: 'register: 50,000 topics, compressed',
    port: nameServerPort,
    code: 103,
    extFields: { ...registration, brokerName: 'broker-z', brokerAddr: '127.0.0.1:13911', compressed: 'true' },
    body: compressedTable(50_000),
  },
  {
    name: 'register: texts of escapes',
    port: nameServerPort,
    code: 103,
    extFields: registration,
    body: `{"filterServerList":[${list(4 * MiB, () => `"${"\\'".repeat(250_000)}"`)}]}`,
  },
  {
    name: 'register: a topic of many attributes',
    port: nameServerPort,
    code: 103,
    extFields: registration,
    body: `{"topicConfigSerializeWrapper":{"topicConfigTable":{"A":{"attributes":{${list(7 * MiB, (index) => `"a${index}":""`)}}}}}}`,
  },
  ...[104, 205, 105, 106, 206, 224, 304, 311, 312, 313, 322].map((code) => ({
    name: `${code} about a broker of 30,000 topics`,
    port: nameServerPort,
    code,
    extFields: { ...registration, topic: 'L1', cluster: 'DefaultCluster' },
    ...(code === 322 ? { body: '{}' } : {}),
    before: registered,
  })),
  {
    name: 'register: 16 MiB of topics',
    port: nameServerPort,
    code: 103,
    extFields: registration,
    body: tableOf(frameRoom - 200),
  },
  {
    name: 'register: a bomb',
    port: nameServerPort,
    code: 103,
    extFields: { ...registration, compressed: 'true' },
    body: deflateSync(Buffer.alloc(256 * MiB)),
  },
  ...jsonBodies(217, nameServerPort, '217', { topic: 'T' }),
  {
    name: '100: a value of 1 MiB',
    port: nameServerPort,
    code: 100,
    extFields: { namespace: 'n', key: 'k', value: 'x'.repeat(headerRoom) },
  },
  {
    name: '318: 16 MiB of keys',
    port: nameServerPort,
    code: 318,
    body: list(frameRoom, (index) => `key${index}=1`).replaceAll(',', '\n'),
  },
  { name: '105: a topic of 1 MiB', port: nameServerPort, code: 105, extFields: { topic: 'x'.repeat(headerRoom) } },
  { name: '206: all topics', port: nameServerPort, code: 206, extFields: {} },
];

/** In the order in which they may be asked: what is about a table comes behind what fills it. Made as they are asked for: they are large. */
export function* heavyRequests(): Iterable<HeavyRequest> {
  for (const group of [inMessages, inHeaders, inClients, adminBodies, admin, nameServer, aboutWide]) yield* group();
}
