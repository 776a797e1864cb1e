import { encodeProperties, RequestCode } from '@orbitmq/protocol';
import { pullFields, sendFields } from '../../support/request-fields.js';
import type { RawBroker, RawRequest } from './raw-broker.js';

/** Who answers. */
export type Make = '4.9.7' | '5.5.0' | 'ours';

export interface RefusalRow {
  readonly name: string;
  /** What makes is asked, and what is compared. */
  verdict(broker: RawBroker): Promise<number | string>;
  /** By whom; one value when all say the same. `ours` has to be in docs/compatibility.md when it is nobody else's. */
  readonly expected: number | string | Readonly<Partial<Record<Make, number | string>>>;
}

export const topic = 'Refusals';
const MiB = 1_048_576;

type SendHeader = Partial<Parameters<typeof sendFields>[0]>;

interface SendParts {
  readonly code?: number;
  readonly header?: SendHeader;
  readonly body?: Buffer | string | undefined;
  readonly properties?: Readonly<Record<string, string>>;
}

export function sendOf(parts: SendParts): RawRequest {
  const properties = parts.properties === undefined ? '' : encodeProperties(parts.properties);
  const header = { producerGroup: 'refusals', topic, queueId: 0, properties, ...parts.header };
  return {
    code: parts.code ?? RequestCode.SEND_MESSAGE_V2,
    extFields: sendFields(header),
    body: 'body' in parts ? parts.body : 'text',
  };
}

function send(name: string, parts: SendParts, expected: RefusalRow['expected']): RefusalRow {
  return { name, verdict: (broker) => broker.codeOf(sendOf(parts)), expected };
}

function ask(name: string, request: RawRequest, expected: RefusalRow['expected']): RefusalRow {
  return { name, verdict: (broker) => broker.codeOf(request), expected };
}

/** One entry of a batch's body. */
function entry(body: string, properties = '', sizeBytes?: number): Buffer {
  const text = Buffer.from(body);
  const propertyBytes = Buffer.from(properties);
  const bytes = Buffer.alloc(22 + text.length + propertyBytes.length);
  bytes.writeInt32BE(sizeBytes ?? bytes.length, 0);
  bytes.writeInt32BE(text.length, 16);
  text.copy(bytes, 20);
  bytes.writeUInt16BE(propertyBytes.length, 20 + text.length);
  propertyBytes.copy(bytes, 22 + text.length);
  return bytes;
}

function batch(name: string, parts: SendParts, expected: RefusalRow['expected']): RefusalRow {
  return send(name, { code: RequestCode.SEND_BATCH_MESSAGE, ...parts, header: { batch: true, ...parts.header } }, expected);
}

/** What is sent to queue 3 is there when it is answered. */
function storedAtOnce(name: string, parts: SendParts): RefusalRow {
  const verdict = async (broker: RawBroker): Promise<string> => {
    const before = await endOfQueue(broker);
    const code = await broker.codeOf(sendOf(parts));
    return `${code}, ${(await endOfQueue(broker)) - before} stored`;
  };
  return { name, verdict, expected: '0, 1 stored' };
}

async function endOfQueue(broker: RawBroker): Promise<number> {
  const { extFields } = await broker.ask({ code: RequestCode.GET_MAX_OFFSET, extFields: { topic, queueId: '3' } });
  return Number(extFields?.['offset']);
}

const names: readonly RefusalRow[] = [
  ['a blank', 'a b'],
  ['a path', '../../etc'],
  ['nothing', ''],
  ['letters of no alphabet', '主题'],
  ['a dot', 'a.b'],
  ['128 characters', 'x'.repeat(128)],
].map(([what, name]) => send(`a topic of ${what}`, { header: { topic: name ?? '' } }, { '4.9.7': 1, '5.5.0': 29, ours: 29 }));

const forbidden: readonly RefusalRow[] = [
  'SCHEDULE_TOPIC_XXXX',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
].map((name) => send(`a send to ${name}`, { header: { topic: name } }, 16));

const queues: readonly RefusalRow[] = [
  send('the last queue', { header: { queueId: 3 } }, 0),
  send('a queue behind the last', { header: { queueId: 4 } }, { '4.9.7': 1, '5.5.0': 29, ours: 29 }),
  send('queue -1', { header: { queueId: -1 } }, 0),
  send('queue -2147483648', { header: { queueId: -2_147_483_648 } }, 0),
  send('a topic that may not be made', { header: { topic: 'NoSuchTopic', defaultTopic: 'NoSuchTemplate' } }, 17),
];

const sizes: readonly RefusalRow[] = [
  send('no body', { body: undefined }, { '4.9.7': 0, '5.5.0': 1, ours: 1 }),
  send('a body of 4 MiB', { body: Buffer.alloc(4 * MiB, 'x') }, 0),
  send('a body of 4 MiB and 1', { body: Buffer.alloc(4 * MiB + 1, 'x') }, 13),
  send('properties of 32,000 bytes', { properties: { k: 'x'.repeat(31_997) } }, 0),
  send('properties of 32,767 bytes as sent', { properties: { k: 'x'.repeat(32_764) } }, 13),
  send('properties of 32,768 bytes', { properties: { k: 'x'.repeat(32_765) } }, 13),
  send('properties of 1,000,000 bytes', { properties: { k: 'x'.repeat(1_000_000) } }, 13),
  send(
    'properties of 2,000,000 bytes',
    { properties: { k: 'x'.repeat(2_000_000) } },
    { '4.9.7': 13, '5.5.0': 13, ours: 'CONNECTION_CLOSED' },
  ),
];

const batches: readonly RefusalRow[] = [
  batch('a batch of two', { body: Buffer.concat([entry('a'), entry('b')]) }, 0),
  batch('a batch under code 310', { code: RequestCode.SEND_MESSAGE_V2, body: entry('a') }, 0),
  send('code 320 without the mark of a batch', { code: RequestCode.SEND_BATCH_MESSAGE, body: entry('a') }, 0),
  batch('a batch of 4 MiB', { body: entry('x'.repeat(4 * MiB - 22)) }, 0),
  batch('a batch of 4 MiB and 1', { body: entry('x'.repeat(4 * MiB - 21)) }, { '4.9.7': 13, '5.5.0': 1, ours: 13 }),
  batch('a batch with half an entry', { body: Buffer.concat([entry('a'), entry('b').subarray(0, 10)]) }, 1),
  batch('a batch whose entry is longer than it is', { body: entry('a', '', 1000) }, { '4.9.7': 0, '5.5.0': 0, ours: 1 }),
  batch('a batch whose entry has size 0', { body: entry('a', '', 0) }, { '4.9.7': 0, '5.5.0': 0, ours: 1 }),
  batch('a delayed batch', { body: entry('a'), properties: { DELAY: '1' } }, 13),
  batch('a batch whose delay is no number', { body: entry('a'), properties: { DELAY: 'x' } }, 1),
  ...['DELAY\u000118', 'DELAY\u0001x', 'TIMER_DELAY_SEC\u00013600', 'TIMER_DELIVER_MS\u00014102444800000'].map((properties) =>
    storedAtOnce(`a batch whose entry has ${properties.replace('\u0001', '=')}`, {
      code: RequestCode.SEND_BATCH_MESSAGE,
      header: { batch: true, queueId: 3 },
      body: entry('a', properties),
    }),
  ),
  batch('a transactional batch', { body: entry('a'), header: { sysFlag: 4 } }, 13),
  batch(
    'a batch to a retry topic',
    { body: entry('a'), header: { topic: '%RETRY%refusals' } },
    { '4.9.7': 0, '5.5.0': 13, ours: 13 },
  ),
  batch('a batch whose entry has 32,767 bytes of properties', { body: entry('a', `k\u0001${'x'.repeat(32_765)}`) }, 0),
  batch('a batch whose entry has 32,768 bytes of properties', { body: entry('a', `k\u0001${'x'.repeat(32_766)}`) }, 1),
];

const headers: readonly RefusalRow[] = [
  ask('an unknown code', { code: 9999 }, 3),
  ask('a code that the binary header cannot say', { code: 1_000_000 }, 3),
  ask('a negative code', { code: -5 }, 3),
  ask('a send without fields', { code: RequestCode.SEND_MESSAGE_V2, body: 'text' }, 1),
  ask('a send whose queue is no number', { ...sendOf({}), extFields: { ...sendOf({}).extFields, e: 'first' } }, 1),
  ask('a send with a field nobody knows', { ...sendOf({}), extFields: { ...sendOf({}).extFields, zz: 'first' } }, 0),
  ask('a send from a sender of version 0', { ...sendOf({}), version: 0 }, 0),
  ask('a send from a sender of a version to come', { ...sendOf({}), version: 32_000 }, 0),
];

type PullHeader = Partial<Parameters<typeof pullFields>[0]>;

function pull(name: string, header: PullHeader, expected: RefusalRow['expected'], code: number = RequestCode.PULL_MESSAGE) {
  const extFields = pullFields({ consumerGroup: 'refusals', topic, queueId: 0, queueOffset: 0, ...header });
  return ask(`a pull ${name}`, { code, extFields }, expected);
}

const pulls: readonly RefusalRow[] = [
  pull('', {}, 0),
  pull('of a topic that is not there', { topic: 'NoSuchTopic' }, 17),
  pull('of a queue behind the last', { queueId: 4 }, { '4.9.7': 1, '5.5.0': 29, ours: 29 }),
  pull('of queue -1', { queueId: -1 }, { '4.9.7': 1, '5.5.0': 29, ours: 29 }),
  pull('of an offset below 0', { queueOffset: -1 }, 21),
  pull('of an offset far behind the end', { queueOffset: 1_000_000 }, 21),
  pull('with an expression of bars', { subscription: '||' }, 23),
  pull('of a group without members', { sysFlag: 0 }, 24),
  pull('of an illegal group', { consumerGroup: 'a b' }, { '4.9.7': 0, '5.5.0': 26, ours: 26 }),
  pull('of a topic that is not read', { topic: 'Unread' }, 16),
  pull('of a light puller', {}, { '4.9.7': 3, '5.5.0': 0, ours: 0 }, RequestCode.LITE_PULL_MESSAGE),
];

function sendBack(name: string, fields: Readonly<Record<string, string>>, expected: RefusalRow['expected']): RefusalRow {
  const extFields = { offset: '0', group: 'refusals', delayLevel: '0', ...fields };
  return ask(`a send-back ${name}`, { code: RequestCode.CONSUMER_SEND_MSG_BACK, extFields }, expected);
}

function end(name: string, fields: Readonly<Record<string, string>>, expected: RefusalRow['expected']): RefusalRow {
  const extFields = {
    producerGroup: 'refusals',
    tranStateTableOffset: '0',
    commitLogOffset: '0',
    commitOrRollback: '8',
    fromTransactionCheck: 'false',
    ...fields,
  };
  return ask(`an end of a transaction ${name}`, { code: RequestCode.END_TRANSACTION, extFields }, expected);
}

const others: readonly RefusalRow[] = [
  sendBack('of an offset where nothing is', { offset: '9000000000000' }, 1),
  sendBack('of an illegal group', { group: 'a b' }, { '4.9.7': 0, '5.5.0': 26, ours: 26 }),
  sendBack('of a group that names a topic', { group: '../../x' }, { '4.9.7': 0, '5.5.0': 26, ours: 26 }),
  end('that names no half message', { commitLogOffset: '9000000000000' }, 1),
  end('with a decision that is none', { commitOrRollback: '77' }, 1),
];

function configured(name: string, keys: string, undo: string, request: RawRequest, expected: RefusalRow['expected']): RefusalRow {
  return {
    name,
    verdict: async (broker) => {
      await broker.configure(keys);
      try {
        return await broker.codeOf(request);
      } finally {
        await broker.configure(undo);
      }
    },
    expected,
  };
}

const half = sendOf({ properties: { TRAN_MSG: 'true', PGROUP: 'refusals' }, header: { sysFlag: 4 } });
const late = 'startAcceptSendRequestTimeStamp=4102444800000';
const now = 'startAcceptSendRequestTimeStamp=0';

/** Keys that operators change at run time. */
const byConfiguration: readonly RefusalRow[] = [
  configured('a send before its time', late, now, sendOf({}), 1),
  configured('a forbidden send before its time', late, now, sendOf({ header: { topic: 'SELF_TEST_TOPIC' } }), 1),
  configured('a pull before the time of sends', late, now, { code: 11, extFields: pullFields(somePull()) }, 0),
  configured('a transaction that is not wanted', 'rejectTransactionMessage=true', 'rejectTransactionMessage=false', half, 16),
  configured('a send to a broker that only reads', 'brokerPermission=4', 'brokerPermission=6', sendOf({}), 0),
  configured(
    'the same to an ordered topic',
    'brokerPermission=4',
    'brokerPermission=6',
    sendOf({ header: { topic: 'Ordered' } }),
    { '4.9.7': 0, '5.5.0': 16, ours: 16 },
  ),
  configured(
    'a pull from a broker that only writes',
    'brokerPermission=2',
    'brokerPermission=6',
    {
      code: 11,
      extFields: pullFields(somePull()),
    },
    16,
  ),
];

function somePull() {
  return { consumerGroup: 'refusals', topic, queueId: 0, queueOffset: 0 };
}

/** Topics that the rows above need. */
export async function prepare(broker: RawBroker): Promise<void> {
  await broker.createTopic(topic);
  await broker.createTopic('Unread', { perm: '2' });
  await broker.createTopic('Ordered', { order: 'true' });
}

/** Known to be closed since 5.4. */
const newer = { '4.9.7': 0, '5.5.0': 16, ours: 16 };

export const refusalRows: readonly RefusalRow[] = [
  send('a plain send', {}, 0),
  ...names,
  ...forbidden,
  ...queues,
  ...sizes,
  ...batches,
  ...headers,
  ...pulls,
  ...others,
  ...byConfiguration,
  send('a send with an inner batch flag', { header: { sysFlag: 0x80 } }, { '4.9.7': 0, '5.5.0': 13, ours: 13 }),
  send('a send to the halves of RocksDB', { header: { topic: 'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC' } }, newer),
  send('a send to the operations of RocksDB', { header: { topic: 'RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC' } }, newer),
  // Stored there, where it stops the timer of 5.5.0.
  send('a send to the timer', { header: { topic: 'rmq_sys_wheel_timer' } }, { '4.9.7': 0, '5.5.0': 0, ours: 16 }),
];
