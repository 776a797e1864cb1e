/** Every way in which a client could write to a topic of the broker's own: none is open. */
import {
  consumerSendMessageBackHeader,
  createRequest,
  decodeProperties,
  encodeBatch,
  endTransactionHeader,
  RequestCode,
  ResponseCode,
  retryTopic,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields } from '../../test-support/message-testbed.js';

/** Whose messages the broker acts upon, or that would keep a store from being opened. */
const closedTopics = [
  SystemTopic.SCHEDULE,
  SystemTopic.TIMER,
  SystemTopic.TRANS_HALF,
  SystemTopic.TRANS_OP_HALF,
  SystemTopic.TRANS_CHECK_MAX_TIME,
  SystemTopic.SELF_TEST,
  SystemTopic.OFFSET_MOVED_EVENT,
  'rmq_sys_REVIVE_LOG_DefaultCluster',
  'rmq_sys_SYNC_BROKER_MEMBER_broker-a',
  'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC',
  'RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC',
];

const oneMessage = encodeBatch([{ flag: 0, body: Buffer.from('b'), properties: '' }]);
const direct: readonly (readonly [string, SendFields])[] = [
  ['10', { code: RequestCode.SEND_MESSAGE }],
  ['310', {}],
  ['310 to any queue', { queueId: -1 }],
  ['310 delayed', { propertyTable: { DELAY: '1' } }],
  ['310 of a transaction', { propertyTable: { TRAN_MSG: 'true', PGROUP: 'p' }, sysFlag: SysFlag.TRANSACTION_PREPARED }],
  ['310 as a retry', { reconsumeTimes: 3, maxReconsumeTimes: 16 }],
  ['310 with a key', { propertyTable: { ORBITMQ_IDEMPOTENCY_KEY: 'k' } }],
  ['320', { code: RequestCode.SEND_BATCH_MESSAGE, batch: true, body: oneMessage }],
  ['324', { code: RequestCode.SEND_REPLY_MESSAGE, propertyTable: { MSG_TYPE: 'reply', REPLY_TO_CLIENT: 'c' } }],
  ['325', { code: RequestCode.SEND_REPLY_MESSAGE_V2, propertyTable: { MSG_TYPE: 'reply', REPLY_TO_CLIENT: 'c' } }],
];

describe.each(direct)('%s', (_name, fields) => {
  it.each(closedTopics)('to %s is refused', async (topic) => {
    const bed = await messageTestbed();
    expect((await bed.send({ ...fields, topic })).code).toBe(ResponseCode.NO_PERMISSION);
    expect(bed.store.messages(topic)).toEqual([]);
    await bed.stop();
  });
});

/** What a sender may say of where its message really belongs. */
const claims = { REAL_TOPIC: SystemTopic.TIMER, REAL_QID: '0', RETRY_TOPIC: SystemTopic.TIMER };

async function sendBack(bed: MessageTestbed, group: string, originTopic: string): Promise<number | undefined> {
  const connection = new FakeConnection();
  const extFields = consumerSendMessageBackHeader.encode({
    offset: 0,
    group,
    delayLevel: -1,
    originMsgId: undefined,
    originTopic,
    unitMode: undefined,
    maxReconsumeTimes: undefined,
    brokerName: undefined,
  });
  await bed.environment.time.settle(bed.process(createRequest(RequestCode.CONSUMER_SEND_MSG_BACK, { extFields }), connection));
  return connection.lastResponse?.code;
}

describe('a message that claims to belong to the timer', () => {
  it.each([
    ['delayed', { DELAY: '1' }],
    ['of a transaction', { TRAN_MSG: 'true', PGROUP: 'p' }],
    ['plain', {}],
  ])('stays with the topic it was sent to: %s', async (_name, more) => {
    const bed = await messageTestbed();
    expect((await bed.send({ propertyTable: { ...claims, ...more } })).code).toBe(ResponseCode.SUCCESS);
    const stored = [SystemTopic.SCHEDULE, SystemTopic.TRANS_HALF, 'TopicT'].flatMap((topic) => bed.store.messages(topic));
    expect(stored).toHaveLength(1);
    const { topic, propertiesBytes } = stored[0]!;
    if (topic !== 'TopicT') expect(decodeProperties(propertiesBytes)['REAL_TOPIC']).toBe('TopicT');
    expect(bed.store.messages(SystemTopic.TIMER)).toEqual([]);
    await bed.stop();
  });

  it('goes to the dead letters of the group that sends it back', async () => {
    const bed = await messageTestbed();
    await bed.send({ propertyTable: claims });
    expect(await sendBack(bed, 'CG_A', SystemTopic.TIMER)).toBe(ResponseCode.SUCCESS);
    expect(bed.store.messages('%DLQ%CG_A')).toHaveLength(1);
    expect(bed.store.messages(SystemTopic.TIMER)).toEqual([]);
    await bed.stop();
  });
});

it('a group cannot name another topic', async () => {
  const bed = await messageTestbed();
  await bed.send({});
  for (const group of ['', '../x', 'a b', 'x'.repeat(256)]) {
    expect(await sendBack(bed, group, 'TopicT')).toBe(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
    expect((await bed.send({ topic: retryTopic(group) })).code).not.toBe(ResponseCode.SUCCESS);
  }
  await bed.stop();
});

it('the message of a transaction goes to no closed topic, whatever its half says', async () => {
  const bed = await messageTestbed();
  const sent = await bed.send({ propertyTable: { ...claims, TRAN_MSG: 'true', PGROUP: 'p' } });
  expect(sent.code).toBe(ResponseCode.SUCCESS);
  const connection = new FakeConnection();
  const extFields = endTransactionHeader.encode({
    producerGroup: 'p',
    tranStateTableOffset: 0,
    commitLogOffset: 0,
    commitOrRollback: SysFlag.TRANSACTION_COMMIT,
    fromTransactionCheck: undefined,
    msgId: 'm',
    transactionId: undefined,
    topic: SystemTopic.TIMER,
    brokerName: undefined,
  });
  await bed.environment.time.settle(bed.process(createRequest(RequestCode.END_TRANSACTION, { extFields }), connection));
  expect(connection.lastResponse?.code).toBe(ResponseCode.SUCCESS);
  expect(bed.store.messages('TopicT')).toHaveLength(1);
  expect(bed.store.messages(SystemTopic.TIMER)).toEqual([]);
  await bed.stop();
});

it('a half message that names an earlier one is its own', async () => {
  const bed = await messageTestbed();
  const propertyTable = { TRAN_MSG: 'true', PGROUP: 'p' };
  await bed.send({ propertyTable });
  await bed.send({ propertyTable: { ...propertyTable, TRAN_PREPARED_QUEUE_OFFSET: '0', TRANSACTION_CHECK_TIMES: '14' } });
  const [, second] = bed.store.messages(SystemTopic.TRANS_HALF);
  const properties = decodeProperties(second!.propertiesBytes);
  expect([properties['TRAN_PREPARED_QUEUE_OFFSET'], properties['TRANSACTION_CHECK_TIMES']]).toEqual([undefined, undefined]);
  await bed.stop();
});
