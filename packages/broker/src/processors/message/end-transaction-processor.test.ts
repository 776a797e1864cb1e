import {
  createRequest,
  decodeProperties,
  type EndTransactionHeader,
  endTransactionHeader,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields } from '../../test-support/message-testbed.js';

const { TRANSACTION_COMMIT: commit, TRANSACTION_ROLLBACK: rollback } = SysFlag;

async function sendHalf(bed: MessageTestbed, fields: SendFields = {}): Promise<EndTransactionHeader> {
  const answer = await bed.send({
    queueId: 2,
    flag: 9,
    sysFlag: SysFlag.TRANSACTION_PREPARED,
    body: Buffer.from('half'),
    ...fields,
    propertyTable: { TRAN_MSG: 'true', PGROUP: 'PG_T', UNIQ_KEY: 'U', TAGS: 't', ...fields.propertyTable },
  });
  const message = bed.store.messages(SystemTopic.TRANS_HALF).at(-1)!;
  expect(answer.code).toBe(ResponseCode.SUCCESS);
  return {
    producerGroup: 'PG_T',
    tranStateTableOffset: message.queueOffset,
    commitLogOffset: message.physicalOffset,
    commitOrRollback: commit,
    fromTransactionCheck: false,
    msgId: 'U',
    transactionId: 'U',
    topic: undefined,
    brokerName: undefined,
  };
}

async function end(bed: MessageTestbed, header: EndTransactionHeader): Promise<RemotingCommand> {
  const connection = new FakeConnection();
  const request = createRequest(RequestCode.END_TRANSACTION, { extFields: endTransactionHeader.encode(header) });
  await bed.environment.time.settle(bed.process(request, connection));
  return connection.lastResponse!;
}

const opBodies = (bed: MessageTestbed) => bed.store.messages(SystemTopic.TRANS_OP_HALF).map(({ body }) => body.toString());

describe('a commit', () => {
  it('makes the message visible, marked as committed, with its flag', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed);
    const halfMessage = bed.store.messages(SystemTopic.TRANS_HALF)[0]!;
    expect((await end(bed, header)).code).toBe(ResponseCode.SUCCESS);
    const [message] = bed.store.messages('TopicT', 2);
    expect(message).toMatchObject({
      flag: 9,
      sysFlag: commit,
      bornTimestamp: halfMessage.bornTimestamp,
      bornHost: halfMessage.bornHost,
      preparedTransactionOffset: halfMessage.physicalOffset,
      body: Buffer.from('half'),
    });
    const properties = { ...decodeProperties(message!.propertiesBytes) };
    expect(properties).toMatchObject({ TRAN_MSG: 'true', PGROUP: 'PG_T', UNIQ_KEY: 'U', __transactionId__: 'U' });
    expect(properties).not.toHaveProperty('REAL_TOPIC');
    expect(properties).not.toHaveProperty('REAL_QID');
    expect(opBodies(bed)).toEqual(['0']);
  });

  it('is in the log before the op message that says so, so a crash never leaves the latter alone', async () => {
    const bed = await messageTestbed();
    await end(bed, await sendHalf(bed));
    expect(bed.store.puts.map(({ topic }) => topic)).toEqual([SystemTopic.TRANS_HALF, 'TopicT', SystemTopic.TRANS_OP_HALF]);
    expect(bed.store.puts.every(({ waitStore }) => waitStore)).toBe(true);
  });

  it('is answered when both are durable', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed);
    const connection = new FakeConnection();
    const request = createRequest(RequestCode.END_TRANSACTION, { extFields: endTransactionHeader.encode(header) });
    const processing = bed.process(request, connection);
    await bed.environment.time.advance(0);
    expect(bed.store.puts).toHaveLength(3);
    expect(connection.responses).toEqual([]);
    await bed.environment.time.settle(processing);
    expect(connection.responses).toHaveLength(1);
  });

  it('stores once what is committed twice, also at the same time', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed);
    const answers = await Promise.all([end2(bed, header), end2(bed, header), bed.environment.time.advance(20)]);
    expect(answers.slice(0, 2)).toEqual([ResponseCode.SUCCESS, ResponseCode.SYSTEM_ERROR]);
    expect((await end(bed, header)).code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(bed.store.messages('TopicT', 2)).toHaveLength(1);
  });

  it('does nothing after a rollback, and a rollback nothing after it', async () => {
    const bed = await messageTestbed();
    const first = await sendHalf(bed);
    const second = await sendHalf(bed);
    await end(bed, { ...first, commitOrRollback: rollback });
    expect((await end(bed, first)).code).toBe(ResponseCode.SYSTEM_ERROR);
    await end(bed, second);
    expect((await end(bed, { ...second, commitOrRollback: rollback })).code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(bed.store.messages('TopicT', 2)).toHaveLength(1);
    expect(opBodies(bed)).toEqual(['0', '1']);
  });

  it('that the store does not take can be repeated', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed);
    bed.store.nextStatuses.push('BUSY');
    expect((await end(bed, header)).code).toBe(ResponseCode.SYSTEM_BUSY);
    expect(opBodies(bed)).toEqual([]);
    expect((await end(bed, header)).code).toBe(ResponseCode.SUCCESS);
    expect(bed.store.messages('TopicT', 2)).toHaveLength(1);
  });
});

async function end2(bed: MessageTestbed, header: EndTransactionHeader): Promise<number | undefined> {
  const connection = new FakeConnection();
  await bed.process(createRequest(RequestCode.END_TRANSACTION, { extFields: endTransactionHeader.encode(header) }), connection);
  return connection.lastResponse?.code;
}

it('a rollback leaves no message, only its op message', async () => {
  const bed = await messageTestbed();
  const header = await sendHalf(bed);
  expect((await end(bed, { ...header, commitOrRollback: rollback })).code).toBe(ResponseCode.SUCCESS);
  expect(bed.store.messages('TopicT', 2)).toEqual([]);
  expect(opBodies(bed)).toEqual(['0']);
});

it('"unknown" changes nothing', async () => {
  const bed = await messageTestbed();
  const header = await sendHalf(bed);
  expect((await end(bed, { ...header, commitOrRollback: 0 })).code).toBe(ResponseCode.SUCCESS);
  expect((await end(bed, header)).code).toBe(ResponseCode.SUCCESS);
});

describe('a decision that is refused', () => {
  it.each<[string, (header: EndTransactionHeader) => Partial<EndTransactionHeader>, string]>([
    ['no decision', () => ({ commitOrRollback: 4 }), 'commitOrRollback field wrong'],
    ['nothing at the offset', () => ({ commitLogOffset: 3 }), 'Find prepared transaction message failed'],
    ['another group', () => ({ producerGroup: 'PG_X' }), 'The producer group wrong'],
    [
      'another half',
      ({ tranStateTableOffset: at }) => ({ tranStateTableOffset: at + 1 }),
      'The transaction state table offset wrong',
    ],
  ])('%s', async (_name, changes, remark) => {
    const bed = await messageTestbed();
    await bed.send({ queueId: 2 });
    const header = await sendHalf(bed);
    expect(await end(bed, { ...header, ...changes(header) })).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark });
    expect(opBodies(bed)).toEqual([]);
  });

  it('a message that is no half', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed);
    await bed.send({ propertyTable: { PGROUP: 'PG_T', UNIQ_KEY: 'U' } });
    const [plain] = bed.store.messages('TopicT');
    expect((await end(bed, { ...header, commitLogOffset: plain!.physicalOffset })).code).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('a half without a producer group', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed, { propertyTable: { PGROUP: '' } });
    expect((await end(bed, header)).code).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('604: the immunity time is over, and no check asked', async () => {
    const bed = await messageTestbed();
    const header = await sendHalf(bed, { propertyTable: { CHECK_IMMUNITY_TIME_IN_SECONDS: '1' } });
    await bed.environment.time.advance(1000);
    expect((await end(bed, header)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    expect((await end(bed, { ...header, fromTransactionCheck: true })).code).toBe(ResponseCode.SUCCESS);
  });

  it('2: too many are being ended', async () => {
    const bed = await messageTestbed({ config: { sendThreadPoolQueueCapacity: 1 } });
    const header = await sendHalf(bed);
    const connection = new FakeConnection();
    const request = createRequest(RequestCode.END_TRANSACTION, { extFields: endTransactionHeader.encode(header) });
    const first = bed.process(request);
    await bed.process(request, connection);
    expect(connection.lastResponse?.code).toBe(ResponseCode.SYSTEM_BUSY);
    await bed.environment.time.settle(first);
  });
});
